"""healthcare.trigger.fhir"""

from decimal import Decimal

from pydantic import Field

from penstock.json import JSON, JSONObject
from penstock.workflows.node import Call, Emit, Kind, Listens, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.fhir.errors import DeletedResource, InvalidSearch, UnknownResource
from penstock_healthcare.fhir.resources import EVENTS, Resource, Resources


class Parameters(NodeParameters):
    """Which resources."""

    criteria: str = Field(
        max_length=2_000,
        pattern=r"^[A-Z][A-Za-z]{1,63}(\?.*)?$",
        description="A resource type, and the search that it must meet: Observation?code=http://loinc.org|2823-3",
    )


@node_type(
    "healthcare.trigger.fhir",
    kind=Kind.TRIGGER,
    parameters=Parameters,
    per_item=False,
    listens=Listens(kind=EVENTS.kind, types=("ResourceSaved",), is_wings=True),
)
def fhir_resource_changed(call: Call[Parameters]) -> Outcome:
    """Start when a FHIR resource was created or updated that meets the criteria.

    Emits one item: `reference` (`Observation/1`), `resource_type`, `id`, `version`, `updated_at`, `is_new`, and
    `resource` as it was saved then; decimals are text. An execution that is started by hand with an item that has a
    `resource` gets that item as it is: so a workflow can be tried out. Fails when the criteria are no search that is
    served.
    """
    _check(call.parameters.criteria)
    return Emit.main([item if "resource" in item else _changed(call, item) for item in call.items])


def _check(text: str) -> None:
    from penstock_healthcare.fhir.search.criteria import criteria

    try:
        criteria(text)
    except InvalidSearch as error:
        raise NodeFailure("InvalidCriteria", f"criteria: {error}", permanent=True) from error


def _changed(call: Call[Parameters], event: JSONObject) -> JSONObject:
    key, version = event.get("key"), event.get("version")
    if event.get("kind") != EVENTS.kind or not isinstance(key, str) or not isinstance(version, int):
        reason = "the item is neither a saved resource's event nor has it a resource"
        raise NodeFailure("NoResource", reason, permanent=True)
    kind, _, name = key.partition("-")
    try:
        return _item(kind, Resources(call.services.store).get(call.tenant, kind, name, version))
    except (UnknownResource, DeletedResource) as error:
        raise NodeFailure("NoResource", str(error), permanent=True) from error


def _item(kind: str, saved: Resource) -> JSONObject:
    return {
        "reference": saved.reference,
        "resource_type": kind,
        "id": saved.name,
        "version": saved.version,
        "updated_at": saved.updated_at,
        "is_new": saved.is_new,
        "resource": _plain(saved.resource),
    }


def _plain(value: JSON) -> JSON:
    """With decimals as items hold them."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return format(value, "f") if isinstance(value, Decimal) else value
