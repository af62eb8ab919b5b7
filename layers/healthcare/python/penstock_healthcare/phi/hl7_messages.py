"""Identifiers in HL7 v2 messages: found, and taken out so that the message stays one."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from penstock_healthcare.hl7 import Message
from penstock_healthcare.phi.hl7_leaves import Kind, Leaf, changed, leaves
from penstock_healthcare.phi.identifiers import Finding, Identifier, Report
from penstock_healthcare.phi.text import find_in_text, known_words, redact_text
from penstock_healthcare.phi.treatment import OLDEST_AGE, Treatment, is_code


def find_in_message(message: Message, treatment: Treatment) -> list[Finding]:
    """All identifiers, in order of their place. What `treatment` would leave as it is, is none."""
    everything = list(leaves(message))
    known = known_in(everything)
    found: list[Finding] = []
    for leaf in everything:
        if leaf.kind == "text":
            found += find_in_text(leaf.text, known, leaf.path)
        elif _treated(leaf, treatment) != leaf.text:
            rule = "undefined" if leaf.kind == "gone" else "field"
            sure = 0.5 if leaf.kind == "gone" else 1.0
            found.append(Finding(_identifier(leaf), leaf.path, 0, len(leaf.text), leaf.text, sure, rule))
    return found


def deidentify_message(message: Message, treatment: Treatment) -> tuple[Message, Report]:
    """The message without identifiers; all other bytes stay. `treatment` gets the patient from it where it has none."""
    everything = list(leaves(message))
    known = known_in(everything)
    treatment = replace(treatment, patient=treatment.patient or _patient(everything))
    counts: dict[Identifier, int] = {}

    def change(leaf: Leaf) -> str:
        if leaf.kind == "text":
            text, found = redact_text(leaf.text, treatment, known)
            for identifier, count in found.items():
                counts[identifier] = counts.get(identifier, 0) + count
            return text
        text = _treated(leaf, treatment)
        if text != leaf.text:
            counts[_identifier(leaf)] = counts.get(_identifier(leaf), 0) + 1
        return text

    return changed(message, change), Report(counts, treatment.departures)


def known_in(everything: list[Leaf]) -> dict[str, Identifier]:
    """What the fields say of the people in the message, as words to look for in its texts."""
    told = {leaf.text: leaf.kind for leaf in everything if isinstance(leaf.kind, Identifier)}
    return known_words({text: kind for text, kind in told.items() if kind is not Identifier.DATE and not is_code(text)})


def _patient(everything: list[Leaf]) -> str:
    """PID-3's first identifier."""
    return next((leaf.text for leaf in everything if (leaf.segment, leaf.field, leaf.component) == ("PID", 3, 1)), "")


def _identifier(leaf: Leaf) -> Identifier:
    return leaf.kind if isinstance(leaf.kind, Identifier) else leaf.identifier


def _treated(leaf: Leaf, treatment: Treatment) -> str:
    if isinstance(leaf.kind, Identifier):
        return treatment.value(leaf.kind, leaf.text)
    return _KINDS[leaf.kind](treatment, leaf.text)


def _aged(_: Treatment, text: str) -> str:
    """The one age that stands for all of them (164.514(b)(2)(i)(C))."""
    digits = text.strip().partition(".")[0]
    return str(OLDEST_AGE) if digits.isdecimal() and int(digits[:9]) > OLDEST_AGE else text


_KINDS: Mapping[Kind, Callable[[Treatment, str], str]] = {
    "zip": Treatment.zip,
    "gone": lambda _, __: "",
    "age": _aged,
    "kept": lambda _, text: text,
}
