"""healthcare.patient.update"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from penstock.fields import FieldPath
from penstock.json import JSON, JSONObject
from penstock.workflows.node import Call, Kind, NodeParameters, Outcome, node_type
from penstock_healthcare.nodes.clinical import present
from penstock_healthcare.nodes.resources import PatientReference, Writing, each, failing, interactions, with_told


class Address(NodeParameters):
    """Where somebody lives."""

    lines: tuple[str, ...] = Field(default=(), max_length=5, description="Street, number, flat")
    city: str = Field(default="", max_length=200, description="Town")
    state: str = Field(default="", max_length=200, description="State or province")
    postal_code: str = Field(default="", max_length=20, description="Postal code")
    country: str = Field(default="", max_length=100, description="Country")


class Parameters(Writing):
    """Whose demographics, and what they are now. What is left out stays as it is."""

    into: FieldPath = Field(
        default="updated",
        description="The field of the item that gets `reference`, `id`, `version`, `created` and `changed`",
    )
    patient: PatientReference = Field(description="The patient: Patient/12")
    version: int | None = Field(
        default=None, ge=1, description="The version that the change is meant for; any when left out"
    )
    family: str | None = Field(default=None, min_length=1, max_length=200, description="Family name")
    given: tuple[str, ...] | None = Field(default=None, min_length=1, max_length=10, description="Given names")
    birth_date: date | None = Field(default=None, description="As 1954-04-12")
    sex: Literal["male", "female", "other", "unknown"] | None = Field(default=None, description="Administrative sex")
    phone: str | None = Field(default=None, min_length=5, max_length=50, description="Phone number")
    email: str | None = Field(default=None, max_length=200, pattern=r"^[^@\s]+@[^@\s]+$", description="E-mail address")
    address: Address | None = Field(default=None, description="Home address, as a whole")
    active: bool | None = Field(default=None, description="Whether the record is in use")

    @model_validator(mode="after")
    def _changes_something(self) -> "Parameters":
        if all(getattr(self, name) is None for name in _CHANGES):
            raise ValueError(f"give at least one of {', '.join(_CHANGES)}")
        return self


@node_type("healthcare.patient.update", kind=Kind.ACTION, parameters=Parameters)
def update_patient(call: Call[Parameters]) -> Outcome:
    """Change a patient's demographics: name, date of birth, sex, phone, e-mail, home address.

    What is left out stays as it is, also other names, numbers and addresses. With `version`, it fails
    (`VersionConflict`) when somebody else changed the patient since. Adds `updated` to the item: the patient's
    `reference`, `id` and `version`, and whether it was `changed`.
    """
    return each(call, _updated)


def _updated(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    doing = interactions(call, index)
    kind, _, name = parameters.patient.partition("/")

    def change(patient: JSONObject) -> JSONObject:
        for field, apply in _CHANGES.items():
            if (value := getattr(parameters, field)) is not None:
                patient = apply(patient, value)
        return patient

    with failing(f"item {index}: patient"):
        written = doing.change(kind, name, change, parameters.version)
    return with_told(item, parameters.into, doing, written)


Change = Callable[[JSONObject, Any], JSONObject]


def _member(name: str) -> Change:
    return lambda patient, value: {**patient, name: value}


def _name(part: str) -> Change:
    """A part of the name that somebody goes by: the official one, or the first that is no maiden or old name."""

    def change(patient: JSONObject, value: JSON) -> JSONObject:
        names = list(patient.get("name", []))
        place = _place(names, lambda name: name.get("use") == "official", lambda name: name.get("use") not in _FORMER)
        held = {key: kept for key, kept in names[place].items() if key != "text"} if place < len(names) else {}
        return {**patient, "name": _put(names, place, {**held, part: list(value) if part == "given" else value})}

    return change


def _telecom(system: str) -> Change:
    def change(patient: JSONObject, value: str) -> JSONObject:
        ways = list(patient.get("telecom", []))
        place = _place(ways, lambda way: way.get("system") == system and way.get("use") != "old")
        held = ways[place] if place < len(ways) else {"system": system}
        return {**patient, "telecom": _put(ways, place, {**held, "value": value})}

    return change


def _address(patient: JSONObject, value: Address) -> JSONObject:
    made = present(
        line=list(value.lines),
        city=value.city,
        state=value.state,
        postalCode=value.postal_code,
        country=value.country,
    )
    addresses = list(patient.get("address", []))
    place = _place(addresses, lambda address: address.get("use") in ("home", None))
    return {**patient, "address": _put(addresses, place, {"use": "home", **made})}


def _place(found: list[JSONObject], *wanted: Callable[[JSONObject], bool]) -> int:
    """Where the first stands that meets the first wish, else the second …; the end where none does."""
    places = (place for wish in wanted for place, each_one in enumerate(found) if wish(each_one))
    return next(places, len(found))


def _put(found: list[JSONObject], place: int, made: JSONObject) -> list[JSONObject]:
    return [*found[:place], made, *found[place + 1 :]]


_FORMER = ("maiden", "old", "nickname")
_CHANGES: Mapping[str, Change] = {
    "family": _name("family"),
    "given": _name("given"),
    "birth_date": lambda patient, value: {**patient, "birthDate": value.isoformat()},
    "sex": _member("gender"),
    "phone": _telecom("phone"),
    "email": _telecom("email"),
    "address": _address,
    "active": _member("active"),
}
"""What changes a Patient, by parameter."""
