"""What the nodes that work on FHIR resources have in common: who writes, under which command, how errors are told."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import Field

from penstock.events import CommitTooLarge, Conflict, Origin
from penstock.events.errors import BadCursor
from penstock.fields import FieldPath, NoSuchPlace, put
from penstock.json import JSON, JSONObject
from penstock.workflows.node import Call, Emit, NodeFailure, NodeParameters
from penstock_healthcare.fhir import text
from penstock_healthcare.fhir.accepting import LARGEST, checked
from penstock_healthcare.fhir.errors import (
    DeletedResource,
    InvalidBundle,
    InvalidPatch,
    InvalidResource,
    InvalidSearch,
    NoDefinitions,
    Rejected,
    SearchTooCostly,
    SeveralFound,
    UnknownResource,
    UnknownType,
    VersionConflict,
    WrongStatus,
)
from penstock_healthcare.fhir.formats import json_text
from penstock_healthcare.fhir.interactions import Interactions, Written
from penstock_healthcare.fhir.resources import Resource, Resources
from penstock_healthcare.fhir.resources import shown as with_meta
from penstock_healthcare.fhir.search.finding import Finder

P = TypeVar("P", bound=NodeParameters)
REFERENCE = r"^[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.-]{1,64}$"
PATIENT = r"^Patient/[A-Za-z0-9.-]{1,64}$"
Reference = Annotated[str, Field(pattern=REFERENCE)]
PatientReference = Annotated[str, Field(pattern=PATIENT)]
_MOST_ISSUES = 5

_KINDS: Mapping[type[Exception], str] = {CommitTooLarge: "ResourceTooLarge", Rejected: "InvalidResource"}
"""The kind of a failure where it is not the error's own name."""


class Writing(NodeParameters):
    """What every node that writes one resource takes."""

    into: FieldPath = Field(
        default="written",
        description="The field of the item that gets `reference`, `id`, `version`, `created` and `changed`",
    )


def origin(call: Call[Any]) -> Origin:
    """The workflow, within its execution."""
    return Origin(f"workflow:{call.workflow}", call.execution)


def commit(call: Call[Any], *place: int) -> UUID:
    """What follows from the run and a place in its items: the same when it runs again, also as another attempt."""
    run = call.key.removesuffix(f"/{call.attempt}")
    return uuid5(NAMESPACE_URL, "/".join([call.tenant, run, *map(str, place)]))


def kept_in(call: Call[Any]) -> Resources:
    """The resources, at the run's time."""
    return Resources(call.services.store, lambda: call.now)


def finder(call: Call[Any]) -> Finder:
    """Searches the tenant's resources."""
    return Finder(call.services.views, call.tenant)


def interactions(call: Call[Any], *place: int) -> Interactions:
    """What the run does for one of its items, once however often it runs."""
    return Interactions(kept_in(call), finder(call), origin(call), commit(call, *place).hex)


def each(call: Call[P], work: Callable[[Call[P], int, JSONObject, P], JSONObject]) -> Emit:
    """Every item as `work` makes it of the call, the item's place, itself and its parameters."""
    return Emit.main([work(call, index, item, parameters) for index, (item, parameters) in enumerate(call.each())])


def each_by_port(
    call: Call[P], ports: Iterable[str], work: Callable[[Call[P], int, JSONObject, P], tuple[str, JSONObject]]
) -> Emit:
    """As `each`; `work` also says by which of the ports the item leaves."""
    sent: dict[str, list[JSONObject]] = {port: [] for port in ports}
    for index, (item, parameters) in enumerate(call.each()):
        port, made = work(call, index, item, parameters)
        sent[port].append(made)
    return Emit(sent)


def taken_in(item: JSONObject, given: Sequence[Any] | None, most: int, where: str) -> list[Any]:
    """The resources that are given, or the item's `resources`, or its one `resource`. Raises NodeFailure."""
    one = [item["resource"]] if "resource" in item else None
    found = item.get("resources", one) if given is None else given
    if not isinstance(found, list) or len(found) > most or not all(isinstance(each, dict) for each in found):
        reason = f"{where}: resources: must be a list of at most {most} resources"
        raise NodeFailure("NoResources", reason, permanent=True)
    return found


@contextmanager
def failing(where: str) -> Iterator[None]:
    """What goes wrong with resources as a NodeFailure: `where`, then the reason, no value of a resource."""
    try:
        yield
    except Conflict as error:
        raise NodeFailure("Conflict", f"{where}: others wrote to it at the same time") from error
    except tuple(_TEXTS) as error:
        kind = _KINDS.get(type(error), type(error).__name__)
        raise NodeFailure(kind, f"{where}{_TEXTS[type(error)](error)}", permanent=True) from error


def accepted(resource: JSON, where: str) -> JSONObject:
    """A resource of an item, valid R4, its decimals exact. Raises NodeFailure."""
    with failing(where):
        return checked(exact(resource, where))


def identified(resource: JSON, where: str) -> JSONObject:
    """As `accepted`, with an id of its own."""
    found = accepted(resource, where)
    if "id" not in found:
        raise NodeFailure(
            "InvalidResource", f"{where}.id: must be there: it says which resource is meant", permanent=True
        )
    return found


def exact(resource: JSON, where: str) -> JSONObject:
    """A resource of an item with its decimals as numbers that keep their digits. Raises NodeFailure."""
    if not isinstance(resource, dict):
        raise NodeFailure("InvalidResource", f"{where}: must be an object", permanent=True)
    try:
        content = text.write(resource).encode()
    except (TypeError, ValueError) as error:
        reason = f"{where}: holds what JSON cannot, or is nested too deep"
        raise NodeFailure("InvalidResource", reason, permanent=True) from error
    found = json_text.read(content).resource
    if len(content) > LARGEST or found is None:
        reason = f"{where}: must be FHIR JSON of at most {LARGEST} bytes"
        raise NodeFailure("InvalidResource", reason, permanent=True)
    return found


def shown(resource: Resource) -> JSONObject:
    """A version as items hold it, with its `meta`."""
    return text.as_item(resource.resource)


def read_documents(call: Call[Any], documents: Sequence[JSONObject]) -> list[JSONObject]:
    """The resources of documents of the read model, as items hold them; the store has those that are too large."""
    return [text.as_item(_document(call, document)) for document in documents]


def _document(call: Call[Any], document: JSONObject) -> JSONObject:
    kind, name, version = document["resourceType"], document["id"], document["versionId"]
    if document["text"] is None:
        return kept_in(call).get(call.tenant, kind, name, version).resource
    return json_text.read(with_meta(document["text"], version, document["lastUpdated"]).encode()).resource or {}


def given(item: JSONObject, parameter: JSON, name: str) -> JSON:
    """A parameter, or the item's field of the same name where it was left out."""
    return item.get(name) if parameter is None else parameter


def told(doing: Interactions, written: Written) -> JSONObject:
    """What a write came to; the same when the run is repeated."""
    resource = written.resource
    is_own = doing.resources.is_made_by(resource, str(doing.command_id))
    return {
        "reference": resource.reference,
        "id": resource.name,
        "version": resource.version,
        "created": is_own and resource.is_new,
        "changed": is_own,
    }


def with_told(item: JSONObject, into: str, doing: Interactions, written: Written) -> JSONObject:
    """The item with what a write came to. Raises NodeFailure."""
    with failing("into"):
        return put(item, into, told(doing, written))


def _issues(error: Rejected) -> str:
    texts = [_issue(issue) for issue in error.issues if issue.get("severity") in ("error", "fatal")]
    more = f"; and {len(texts) - _MOST_ISSUES} more" if len(texts) > _MOST_ISSUES else ""
    return "; ".join(texts[:_MOST_ISSUES]) + more


def _issue(issue: JSONObject) -> str:
    place = ", ".join(issue.get("expression", ()))
    message = str(issue.get("details", {}).get("text", "")).rstrip(".")
    return f"{place}: {message}" if place else message


_TEXTS: Mapping[type[Exception], Callable[[Any], str]] = {
    InvalidResource: lambda error: f".{error}",
    Rejected: lambda error: f": {_issues(error)}",
    UnknownType: lambda _: ": FHIR R4 has no resources of this type",
    UnknownResource: lambda _: ": there is no such resource",
    DeletedResource: lambda _: ": the resource is deleted",
    VersionConflict: lambda error: f": the resource does not stand at version {error.expected}",
    SeveralFound: lambda _: ": several resources meet the condition",
    InvalidSearch: lambda error: f".{error}",
    SearchTooCostly: lambda error: f": {error}",
    InvalidBundle: lambda error: f": {error}",
    WrongStatus: lambda error: f": {error}",
    InvalidPatch: str,
    NoDefinitions: lambda error: f": {error}",
    BadCursor: lambda error: f": the cursor is not one that an earlier page gave: {error}",
    NoSuchPlace: lambda error: f": {error}",
    CommitTooLarge: lambda error: f": {error.size} bytes is over the limit of {error.limit}",
}
"""The reason of each error, as it follows the place."""
