"""Value sets, expanded from the definitions: whether a code is in one, as far as that can be known."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from penstock.json import JSONObject
from penstock_healthcare.fhir.definitions.registry import Definitions

_DEEPEST = 20
_ANY = ""
_MIME = re.compile(r"[a-zA-Z0-9!#$&^_.+-]{1,127}/[a-zA-Z0-9!#$&^_.+*-]{1,127}(\s*;.*)?")
_SHORT_MIME = re.compile(r"[a-zA-Z0-9!#$&^_.+*-]{1,127}")
_LANGUAGE = re.compile(r"([a-zA-Z]{2,3}(-[a-zA-Z]{3}){0,3}|[a-zA-Z]{4,8}|[xi](?=-))(-[a-zA-Z0-9]{1,8}){0,10}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_COUNTRY = re.compile(r"[A-Z]{2,3}|[0-9]{3}")
_SYNTAX: Mapping[str, Callable[[str], bool]] = {
    "urn:ietf:bcp:13": lambda code: bool(_MIME.fullmatch(code) or _SHORT_MIME.fullmatch(code)),
    "urn:ietf:bcp:47": lambda code: bool(_LANGUAGE.fullmatch(code)),
    "urn:iso:std:iso:4217": lambda code: bool(_CURRENCY.fullmatch(code)),
    "urn:iso:std:iso:3166": lambda code: bool(_COUNTRY.fullmatch(code)),
}
"""Systems whose codes follow a grammar."""


@dataclass
class Expansion:
    """Codes by system. Of `open_` systems any code may be in it, as far as we know."""

    codes: dict[str, set[str]] = field(default_factory=dict)
    open_: set[str] = field(default_factory=set)

    def has(self, system: str | None, code: str) -> bool | None:
        """Whether a code is in it; None when that cannot be known. Without a system, in any system."""
        if system is None:
            if any(code in codes for codes in self.codes.values()):
                return True
            answers = [_judged(each, code) for each in self.open_]
        else:
            if code in self.codes.get(system, ()) or code.lower() in self.codes.get(system + "#", ()):
                return True
            answers = [_judged(each, code) for each in (system, _ANY) if each in self.open_]
        return True if True in answers else None if None in answers else False

    def join(self, other: "Expansion") -> None:
        """Take in another's codes."""
        for system, codes in other.codes.items():
            self.codes.setdefault(system, set()).update(codes)
        self.open_ |= other.open_

    def few(self, most: int = 12) -> str:
        """Its codes in words, where they are few."""
        known = sorted(code for system, codes in self.codes.items() if not system.endswith("#") for code in codes)
        return ", ".join(known) if not self.open_ and 0 < len(known) <= most else ""


def _judged(system: str, code: str) -> bool | None:
    return _SYNTAX[system](code) if system in _SYNTAX else None


class Terminology:
    """Expansions are made once each. For one thread."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._expansions: dict[str, Expansion | None] = {}
        self._concepts: dict[str, dict[str, list[Any]]] = {}

    def expansion(self, url: str, depth: int = 0) -> Expansion | None:
        """A value set expanded; None for one that is not known."""
        key = url.partition("|")[0]
        if key not in self._expansions:
            found = self._definitions.value_set(key)
            if found is None:
                return None
            self._expansions[key] = None
            self._expansions[key] = self._expanded(found, depth)
        return self._expansions[key]

    def concepts(self, system: str) -> dict[str, list[Any]] | None:
        """A code system's rows by code, where the definitions hold all of it; None otherwise."""
        key = system.partition("|")[0]
        if key not in self._concepts:
            found = self._definitions.code_system(key)
            if found is None or found.get("content") != "complete" or not found["concepts"]:
                return None
            self._concepts[key] = {row[0]: row for row in found["concepts"]}
        return self._concepts[key]

    def ignores_case(self, system: str) -> bool:
        """Whether a code system says that case does not matter."""
        found = self._definitions.code_system(system)
        return bool(found) and found.get("caseSensitive") is False if found else False

    def _expanded(self, value_set: JSONObject, depth: int) -> Expansion:
        made = Expansion()
        if "include" not in value_set or depth > _DEEPEST:
            made.open_.add(_ANY)
        for include in value_set.get("include", ()):
            made.join(self._included(include, depth))
        for exclude in value_set.get("exclude", ()):
            for system, codes in self._included(exclude, depth).codes.items():
                made.codes.get(system, set()).difference_update(codes)
        return made

    def _included(self, include: JSONObject, depth: int) -> Expansion:
        imported = [self.expansion(url, depth + 1) for url in include.get("valueSet", ())]
        if "system" not in include:
            made = Expansion()
            for each in imported:
                made.join(each) if each else made.open_.add(_ANY)
            return made
        system = include["system"]
        made = Expansion()
        codes = self._codes(include, system)
        if codes is None:
            made.open_.add(system)
            return made
        for each in imported:
            codes = {code for code in codes if each is None or each.has(system, code) is not False}
        made.codes[system] = codes
        if self.ignores_case(system):
            made.codes[system + "#"] = {code.lower() for code in codes}
        return made

    def _codes(self, include: JSONObject, system: str) -> set[str] | None:
        if "concept" in include:
            return {code for code, _ in include["concept"]}
        rows = self.concepts(system)
        if rows is None:
            return None
        codes = set(rows)
        for criterion in include.get("filter", ()):
            keep = _FILTERS.get(criterion.get("op", ""))
            if keep is None:
                return None
            codes &= keep(rows, criterion)
        return codes


def _below(rows: dict[str, list[Any]], ancestor: str) -> set[str]:
    children: dict[str, list[str]] = {}
    for code, _, parents, _ in rows.values():
        for parent in parents:
            children.setdefault(parent, []).append(code)
    found: set[str] = set()
    fresh = [ancestor]
    while fresh:
        for child in children.get(fresh.pop(), ()):
            if child not in found:
                found.add(child)
                fresh.append(child)
    return found


def _is_a(rows: dict[str, list[Any]], criterion: JSONObject) -> set[str]:
    return _below(rows, criterion["value"]) | {criterion["value"]}


def _property(rows: dict[str, list[Any]], criterion: JSONObject) -> set[str]:
    name, wanted = criterion["property"], criterion["value"]
    if name in ("parent", "concept"):
        return {
            code for code, _, parents, _ in rows.values() if wanted in parents or (name == "concept" and code == wanted)
        }
    return {code for code, _, _, properties in rows.values() if str(properties.get(name)) == wanted}


_FILTERS: Mapping[str, Callable[[dict[str, list[Any]], JSONObject], set[str]]] = {
    "is-a": _is_a,
    "descendent-of": lambda rows, criterion: _below(rows, criterion["value"]),
    "is-not-a": lambda rows, criterion: set(rows) - _is_a(rows, criterion),
    "=": _property,
    "in": lambda rows, criterion: set(rows) & set(criterion["value"].split(",")),
    "not-in": lambda rows, criterion: set(rows) - set(criterion["value"].split(",")),
}
