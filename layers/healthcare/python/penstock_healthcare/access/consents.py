"""Whether patients' FHIR Consents permit that something is shown (`phi.consent`), where the tenant enforces them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from penstock.identity.model import Principal
from penstock.json import JSONObject
from penstock_healthcare.access.asking import DISCLOSURE, Use
from penstock_healthcare.access.settings import Consent
from penstock_healthcare.access.showing import Shown
from penstock_healthcare.fhir.formats import json_text
from penstock_healthcare.fhir.resources import AUDIT_EVENT, Resources
from penstock_healthcare.fhir.search.finding import Finder, about
from penstock_healthcare.phi.consent import Request, decide

EXEMPT = frozenset({"Consent", AUDIT_EVENT, DISCLOSURE})
"""What says what is permitted, and what was done."""
MOST = 100
"""Consents of a patient that are looked at; the newest."""
_NONE = "no-consent"


@dataclass(frozen=True)
class Consents:
    """One request's: each patient's consents are read once, from the read model."""

    resources: Resources
    finder: Finder
    mode: Consent
    who: Principal
    use: Use
    at: datetime
    _known: dict[str, Sequence[JSONObject]] = field(default_factory=dict)

    def refusal(self, shown: Shown) -> str:
        """The rule by which a thing may not be shown; empty when it may: each of its patients must permit it."""
        if self.mode is Consent.OFF or shown.kind in EXEMPT:
            return ""
        return next((rule for patient in sorted(shown.patients) if (rule := self._of(patient, shown.kind))), "")

    def _of(self, patient: str, kind: str) -> str:
        roles = sorted(self.who.roles) or [""]
        asked = (Request(self.at, self.use.purpose, self.who.actor, role, "access", kind) for role in roles)
        found = [decide(self._consents(patient), each) for each in asked]
        if any(each.is_permitted for each in found):
            return ""
        is_silent = all(each.rule == _NONE for each in found)
        return "" if is_silent and self.mode is Consent.OPT_OUT else found[0].rule

    def _consents(self, patient: str) -> Sequence[JSONObject]:
        if patient not in self._known:
            listed = islice(self.finder.listed(about(patient, "Consent")), MOST)
            self._known[patient] = [self._whole(each) for each in listed]
        return self._known[patient]

    def _whole(self, document: JSONObject) -> JSONObject:
        if document["text"] is None:
            return self.resources.get(self.finder.tenant, "Consent", document["id"]).resource
        return json_text.read(str(document["text"]).encode()).resource or {}
