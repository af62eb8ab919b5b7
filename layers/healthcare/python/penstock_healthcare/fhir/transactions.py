"""Batches and transactions (FHIR R4, section 3.1.0.11): what a Bundle asks for, and the references within it.

The event store appends to one stream at a time. A transaction is therefore planned whole before anything is written:
its resources are validated, its conditions are met, ids are given out, references are made to point to them, versions
are compared. Then it is written resource by resource, deletions first. Under an `Idempotency-Key` ids and commits
follow from the key: sent again after a crash, it goes on where it was cut off and doubles nothing. A rival that
changes one of its resources between plan and write is the one thing that can leave it half done; the answer is 409
or 412 then.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir.accepting import addressed, changeable, checked, known
from penstock_healthcare.fhir.errors import InvalidBundle, VersionConflict
from penstock_healthcare.fhir.interactions import Interactions, Written, conditional, named_after
from penstock_healthcare.fhir.resources import DeleteResource, Resource, SaveResource

MOST_ENTRIES = 200
KINDS = ("batch", "transaction")
METHODS = ("DELETE", "POST", "PUT", "GET")
"""In the order in which a transaction does them."""

_URL = re.compile(r"([A-Z][A-Za-z]{1,63})(?:/([A-Za-z0-9.-]{1,64}))?(?:\?(.+))?\Z", re.DOTALL)
_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"\Z')


@dataclass(frozen=True, slots=True)
class Entry:
    """One request of a Bundle. `place` counts from 0; `url` is as it was sent, its parts beside it."""

    place: int
    method: str
    url: str
    kind: str = ""
    name: str | None = None
    condition: str | None = None
    resource: JSONObject | None = None
    full_url: str = ""
    version: int | None = None

    @property
    def path(self) -> str:
        """Its FHIRPath."""
        return f"Bundle.entry[{self.place}]"


@dataclass(frozen=True, slots=True)
class Planned:
    """An entry whose resource has its id: `there` is the one that a condition met, when nothing is to be written."""

    entry: Entry
    reference: str
    there: Resource | None = None


def entries(bundle: JSONObject) -> Sequence[Entry]:
    """What a Bundle asks for, in its order. Raises InvalidBundle, UnknownType."""
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") not in KINDS:
        raise InvalidBundle("Bundle.type", "must be batch or transaction")
    found = bundle.get("entry", [])
    if not isinstance(found, list) or len(found) > MOST_ENTRIES:
        raise InvalidBundle("Bundle.entry", f"must be a list of at most {MOST_ENTRIES}")
    return [_entry(place, each) for place, each in enumerate(found)]


def _entry(place: int, sent: JSON) -> Entry:
    path = f"Bundle.entry[{place}]"
    request = sent.get("request") if isinstance(sent, dict) else None
    if not isinstance(request, dict) or request.get("method") not in METHODS:
        raise InvalidBundle(f"{path}.request.method", f"must be one of {', '.join(METHODS)}")
    method, url = request["method"], str(request.get("url", ""))
    entry = Entry(place, method, url, full_url=str(sent.get("fullUrl", "")), resource=sent.get("resource"))
    return entry if method == "GET" else _addressed(entry, request)


def _addressed(entry: Entry, request: JSONObject) -> Entry:
    found = _URL.match(entry.url)
    has_name = bool(found and found[2])
    needs_name = entry.method == "DELETE" or (entry.method == "PUT" and not (found and found[3]))
    if not found or (entry.method == "POST" and (has_name or found[3])) or (needs_name and not has_name):
        raise InvalidBundle(f"{entry.path}.request.url", f"is none that {entry.method} can be done with")
    if entry.method != "DELETE" and not isinstance(entry.resource, dict):
        raise InvalidBundle(f"{entry.path}.resource", f"must be there for {entry.method}")
    if_match = request.get("ifMatch")
    tag = _ETAG.match(str(if_match)) if if_match is not None else None
    if if_match is not None and tag is None:
        raise InvalidBundle(f"{entry.path}.request.ifMatch", 'must be an entity tag that was given out, as W/"7"')
    condition = request.get("ifNoneExist") if entry.method == "POST" else found[3]
    return replace(
        entry, kind=known(found[1]), name=found[2], condition=condition, version=int(tag[1]) if tag else None
    )


def perform(interactions: Interactions, entry: Entry) -> Written:
    """One entry of a batch that writes. Raises what the interactions do, Rejected, and NotChangeable."""
    _allow(entry)
    if entry.method == "DELETE":
        return interactions.delete(entry.kind, str(entry.name), entry.version)
    resource = checked(addressed(entry.resource or {}, entry.kind, entry.name))
    if entry.method == "POST":
        return interactions.create(resource, entry.condition)
    if entry.name:
        return interactions.update(resource, entry.name, entry.version)
    return interactions.update_where(resource, str(entry.condition), entry.version)


def planned(interactions: Interactions, asked: Sequence[Entry]) -> Sequence[Planned]:
    """A transaction's writes, in the order in which they are done, their references pointing to what they mean.

    Raises InvalidBundle, Rejected, SeveralFound, VersionConflict, InvalidSearch, SearchTooCostly, NotChangeable.
    """
    writes = [each for each in asked if each.method != "GET"]
    for each in writes:
        _allow(each)
    plans = [_identified(interactions, each) for each in sorted(writes, key=lambda each: METHODS.index(each.method))]
    taken: set[str] = set()
    for plan in plans:
        if plan.reference in taken:
            raise InvalidBundle(plan.entry.path, "a resource may be there once in a transaction")
        taken.add(plan.reference)
    places = {plan.entry.full_url: plan.reference for plan in plans if plan.entry.full_url}
    made = [_pointing(interactions, plan, places) for plan in plans]
    for plan in made:
        _check(interactions, plan)
    return made


def write(interactions: Interactions, plan: Planned) -> Written:
    """One write of a transaction. Raises VersionConflict, Conflict, CommitTooLarge."""
    if plan.there is not None:
        return Written(plan.there)
    under, entry = own(interactions, plan.entry), plan.entry
    name = plan.reference.partition("/")[2]
    if entry.method == "DELETE":
        return under.delete(entry.kind, name, entry.version)
    done = under.update(entry.resource or {}, name, entry.version)
    return replace(done, is_created=done.is_created or entry.method == "POST")


def _allow(entry: Entry) -> None:
    """Raises NotChangeable."""
    if entry.method != "POST":
        changeable(entry.kind)


def own(interactions: Interactions, entry: Entry) -> Interactions:
    """The interactions under the entry's own command, where there is one for the whole."""
    command = interactions.command_id
    return interactions.under(f"{command} {entry.place}" if command else None)


def _identified(interactions: Interactions, entry: Entry) -> Planned:
    if entry.name:
        return Planned(entry, f"{entry.kind}/{entry.name}")
    resource = addressed(entry.resource or {}, entry.kind, None)
    there = interactions.met_by(conditional(entry.kind, entry.condition)) if entry.condition else None
    if there and entry.method == "PUT":
        addressed(resource, entry.kind, there.name if "id" in resource else None)
        return Planned(replace(entry, name=there.name), there.reference)
    if there:
        return Planned(entry, there.reference, there)
    if entry.method == "PUT" and isinstance(resource.get("id"), str):
        return Planned(entry, f"{entry.kind}/{resource['id']}")
    command = interactions.command_id
    name = named_after(command, str(entry.place)) if command else interactions.new_name()
    return Planned(entry, f"{entry.kind}/{name}")


def _pointing(interactions: Interactions, plan: Planned, places: Mapping[str, str]) -> Planned:
    """With the references of its resource resolved. The whole is validated as it is kept, under its id."""
    if plan.entry.resource is None or plan.entry.method == "DELETE" or plan.there is not None:
        return plan
    name = plan.reference.partition("/")[2]
    resource = addressed(plan.entry.resource, plan.entry.kind, plan.entry.name)
    resolved = checked({**_resolved(interactions, resource, places, plan.entry), "id": name})
    interactions.saving(resolved, name)
    return replace(plan, entry=replace(plan.entry, resource=resolved))


def _resolved(interactions: Interactions, value: JSON, places: Mapping[str, str], entry: Entry) -> JSON:
    if isinstance(value, list):
        return [_resolved(interactions, each, places, entry) for each in value]
    if isinstance(value, dict):
        found = {key: _resolved(interactions, each, places, entry) for key, each in value.items()}
        reference = found.get("reference")
        if isinstance(reference, str) and _is_condition(reference):
            found["reference"] = _sole(interactions, reference, entry)
        return found
    return places.get(value, value) if isinstance(value, str) else value


def _is_condition(reference: str) -> bool:
    found = _URL.match(reference)
    return bool(found and found[3] and not found[2])


def _sole(interactions: Interactions, reference: str, entry: Entry) -> str:
    """What a conditional reference means: `Patient?identifier=urn:mrn|1`."""
    kind = known(reference.partition("?")[0])
    met = interactions.met_by(conditional(kind, reference))
    if met is None:
        raise InvalidBundle(f"{entry.path}.resource", f"no {kind} meets the condition of a reference")
    return met.reference


def _check(interactions: Interactions, plan: Planned) -> None:
    """Raises VersionConflict where a version is meant that is not there, unless this very write was done before."""
    entry = plan.entry
    kind, _, name = plan.reference.partition("/")
    if entry.version is None or plan.there is not None:
        return
    under = own(interactions, entry)
    if interactions.resources.find(interactions.tenant, kind, name).version != entry.version:
        command = DeleteResource(kind, name) if entry.method == "DELETE" else _saving(interactions, entry, name)
        if not (under.command_id and interactions.resources.was_done(interactions.tenant, command, under.command_id)):
            raise VersionConflict(plan.reference, entry.version)


def _saving(interactions: Interactions, entry: Entry, name: str) -> SaveResource:
    return interactions.saving(entry.resource or {}, name)
