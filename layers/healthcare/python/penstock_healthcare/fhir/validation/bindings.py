"""Codes against the value sets that they are bound to, and against the code systems that they name."""

from collections.abc import Iterator
from typing import Any

from penstock_healthcare.fhir.definitions.element import Binding
from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.validation.grammars import GRAMMARS
from penstock_healthcare.fhir.validation.identifiers import is_absolute
from penstock_healthcare.fhir.validation.session import Session
from penstock_healthcare.fhir.validation.terminology import Expansion

_SYSTEMS_OF_FHIR = "http://hl7.org/fhir/"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_GROWING = (f"{_TERMINOLOGY}v2-", f"{_TERMINOLOGY}v3-")
_TEXTS = frozenset({"code", "uri", "string", "canonical", "url", "id", "markdown", "oid"})


def check(session: Session, node: Node, binding: Binding) -> None:
    """A node's codes against its binding."""
    if binding.strength in ("required", "extensible") and binding.value_set:
        _check_in(session, node, binding.value_set, binding.strength)
    if binding.maximum:
        _check_in(session, node, binding.maximum, "maximum")


def _check_in(session: Session, node: Node, url: str, strength: str) -> None:
    expansion = session.terminology.expansion(url)
    if expansion is None or (node.type == "CodeableConcept" and _says_nothing(node)):
        return
    codes = list(_codes(node))
    is_in = [_has(expansion, node, system, code) for system, code in codes]
    if any(each is not False for each in is_in):
        return
    name = url.partition("|")[0].rpartition("/")[2]
    choice = expansion.few()
    told = f"of the value set {name}{f': {choice}' if choice else ''}"
    if not codes:
        if node.type == "CodeableConcept" and strength == "required":
            session.error("code-invalid", "binding", node, f"{node.name} has no code; one is required {told}.")
    elif strength == "extensible":
        session.warn("code-invalid", "binding", node, f"{node.name} should be a code {told}, where one fits.")
    else:
        session.error("code-invalid", "binding", node, f"{node.name} must be a code {told}.")


def _says_nothing(node: Node) -> bool:
    """Whether a concept has only extensions, as one whose data are absent."""
    return isinstance(node.value, dict) and not ({"coding", "text"} & node.value.keys())


def _has(expansion: Expansion, node: Node, system: Any, code: str) -> bool | None:
    if node.type in _TEXTS:
        return expansion.has(None, code)
    return expansion.has(system, code) if isinstance(system, str) else False


def _codes(node: Node) -> Iterator[tuple[Any, str]]:
    """Each code with its system."""
    if node.type in _TEXTS:
        if isinstance(node.value, str):
            yield None, node.value
        return
    for coding in node.named("coding") if node.type == "CodeableConcept" else [node]:
        code = coding.child_value("code")
        if isinstance(code, str):
            yield coding.child_value("system"), code


def check_coding(session: Session, node: Node) -> None:
    """A Coding's code and display against the code system that it names, where that is known whole."""
    system, code = node.child_value("system"), node.child_value("code")
    if not isinstance(system, str) or not isinstance(code, str):
        return
    if system and not is_absolute(system):
        session.error("code-invalid", "code-system", node, "The system of a code is an absolute URI.")
    if session.definitions.value_set(system):
        session.error("code-invalid", "code-system", node, "system is the URL of a value set, not of a code system.")
    if system in GRAMMARS and not GRAMMARS[system][1](code):
        session.error("code-invalid", "code-system", node, f"No code of {GRAMMARS[system][0]} is written like this.")
    rows = session.terminology.concepts(system)
    if rows is None:
        return
    row = rows.get(code) or (_same_case(rows, code) if session.terminology.ignores_case(system) else None)
    if row is None:
        find = session.error if node.type == "Coding" and _is_settled(system) else session.warn
        find("code-invalid", "code-system", node, "The code system has no such code.")
        return
    display = node.child_value("display")
    if isinstance(display, str) and row[1] and _bare(display) != _bare(row[1]):
        find = session.error if system.startswith(_SYSTEMS_OF_FHIR) and _is_english(node) else session.warn
        find("code-invalid", "display", node, "The display is not the one that the code system has for the code.")


def _is_settled(system: str) -> bool:
    """Whether R4 has all codes that there are: the tables of v2 and v3 go on growing, and sites add to them."""
    return system.startswith(_SYSTEMS_OF_FHIR) or (system.startswith(_TERMINOLOGY) and not system.startswith(_GROWING))


def _is_english(node: Node) -> bool:
    """Whether nothing says that the resource around is in another language, whose displays we do not know."""
    return str(node.resource().child_value("language") or "en").startswith("en")


def _same_case(rows: dict[str, list[Any]], code: str) -> list[Any] | None:
    return next((row for known, row in rows.items() if known.lower() == code.lower()), None)


def _bare(text: str) -> str:
    return " ".join(text.split()).casefold()
