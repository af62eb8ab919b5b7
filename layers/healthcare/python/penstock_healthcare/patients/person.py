"""What is known of a person: from a FHIR Patient, or from what was asked. All of it as it is compared."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from penstock.json import JSONObject
from penstock_healthcare.patients.names import folded, tokens

_DIGITS = re.compile(r"\D+")
_PHONE_DIGITS = 8
"""The last ones, which numbers with and without their country's code share."""
_PHONES = frozenset({"phone", "sms", "fax", None})


@dataclass(frozen=True, slots=True)
class Person:
    """Identifiers are pairs of system ("" for none) and value, phones are last digits, `birth_date` is YYYY-MM-DD."""

    identifiers: frozenset[tuple[str, str]] = frozenset()
    family: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    birth_date: str = ""
    sex: str = ""
    postal_codes: frozenset[str] = frozenset()
    places: frozenset[tuple[str, ...]] = frozenset()
    phones: frozenset[str] = frozenset()


def person(patient: JSONObject) -> Person:
    """Whom a FHIR Patient is, by whatever of it is well formed."""
    names, addresses = list(_objects(patient.get("name"))), list(_objects(patient.get("address")))
    return Person(
        frozenset(_identifiers(patient)),
        tokens(_texts(name.get("family") for name in names)),
        tokens(_texts(each for name in names for each in _list(name.get("given")))),
        str(patient.get("birthDate") or ""),
        str(patient.get("gender") or ""),
        frozenset(code for each in addresses if (code := _code(each.get("postalCode")))),
        frozenset(place for each in addresses if (place := _place(each))),
        frozenset(number for each in _objects(patient.get("telecom")) if (number := _phone(each))),
    )


def _identifiers(patient: JSONObject) -> Iterator[tuple[str, str]]:
    for each in _objects(patient.get("identifier")):
        if isinstance(each.get("value"), str) and each["value"]:
            yield str(each.get("system") or ""), each["value"]


def _code(postal_code: Any) -> str:
    return "".join(tokens(_texts([postal_code])))


def _place(address: JSONObject) -> tuple[str, ...]:
    """The street and the town, in one order whoever wrote them; nothing where there is no street."""
    lines = tokens(_texts(_list(address.get("line"))))
    return tuple(sorted((*lines, *tokens(_texts([address.get("city")]))))) if lines else ()


def _phone(telecom: JSONObject) -> str:
    digits = _DIGITS.sub("", folded(str(telecom.get("value") or "")))
    is_phone = telecom.get("system") in _PHONES and len(digits) >= _PHONE_DIGITS
    return digits[-_PHONE_DIGITS:] if is_phone else ""


def _objects(value: Any) -> Iterator[JSONObject]:
    return (each for each in _list(value) if isinstance(each, dict))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(values: Any) -> Iterator[str]:
    return (each for each in values if isinstance(each, str))
