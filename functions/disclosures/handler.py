"""Accounting of disclosures: to whom a patient's health information went (45 CFR 164.528)."""

from datetime import date
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Query

from penstock.api.application import Api
from penstock.api.problems import InvalidRequest
from penstock.api.resources.paging import Cursor, Limit, Page, page
from penstock.api.wiring import authenticate
from penstock.aws import wiring
from penstock.clock import utc_now
from penstock_healthcare.access.asking import DISCLOSURE, Asked
from penstock_healthcare.access.showing import Shown
from penstock_healthcare.api.disclosures import AccountingView, DisclosuresSummary
from penstock_healthcare.api.gate import gate
from penstock_healthcare.disclosures.accounting import period
from penstock_healthcare.disclosures.errors import TooMany, WrongPeriod
from penstock_healthcare.disclosures.service import Disclosures

api = Api("Accounting of disclosures", authenticate=authenticate, judges_roles=True)
Patient = Annotated[str, Query(pattern=r"^(Patient/[A-Za-z0-9.-]{1,64})?$", description="Whose: Patient/1; required")]


@api.get("/v1/healthcare/disclosures", summary="Account for a patient's disclosures")
def account(
    patient: Patient = "",
    since: Annotated[date | None, Query(alias="from", description="Six years before the request when left out")] = None,
    until: Annotated[date | None, Query(alias="to", description="The day of the request when left out")] = None,
    requested: Annotated[date | None, Query(description="When it was asked for; today when left out")] = None,
) -> AccountingView:
    """Without those for purposes that need no accounting. `accounting` fills the template accounting_of_disclosures."""
    asked = Asked("search-type", DISCLOSURE, query=("patient", "from", "to"), patients=frozenset({patient} - {""}))
    return gate(api).read(asked, lambda: _accounting(patient, since, until, requested), lambda _: [_shown(patient)])


@api.get("/v1/healthcare/disclosures/patients", summary="List patients of whom disclosures are recorded")
def patients(limit: Limit = 50, cursor: Cursor = None) -> Page[DisclosuresSummary]:
    """Those first of whom something was recorded last; it shows here a moment after."""
    tenant = api.principal().tenant

    def listed() -> Page[DisclosuresSummary]:
        return page(DisclosuresSummary, wiring.views().list(tenant, "disclosures", limit=limit, cursor=cursor))

    asked = Asked("search-type", DISCLOSURE, query=())
    return gate(api).read(asked, listed, lambda found: [_shown(each.patient) for each in found.items])


def _accounting(patient: str, first: date | None, last: date | None, requested: date | None) -> AccountingView:
    if not patient:
        raise InvalidRequest("patient", "must say whose: Patient/1")
    try:
        covers = period(utc_now().date(), first, last, requested)
        key = patient.partition("/")[2]
        return AccountingView.of(patient, Disclosures(wiring.events()).account(api.principal().tenant, key, covers))
    except WrongPeriod as error:
        raise InvalidRequest(error.field, error.reason) from None
    except TooMany as error:
        raise InvalidRequest("from", f"{error}: ask for fewer days at a time") from None


def _shown(patient: str) -> Shown:
    return Shown(DISCLOSURE, patient.partition("/")[2], frozenset({patient}))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
