"""Definitions by URL: R4's from the artifact, and a caller's own before them."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from threading import RLock

from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir.definitions import slimming
from penstock_healthcare.fhir.definitions.artifact import Artifact
from penstock_healthcare.fhir.definitions.element import Element, TypeRef
from penstock_healthcare.fhir.definitions.structures import Structure, compiled
from penstock_healthcare.fhir.errors import InvalidResource

CORE = "http://hl7.org/fhir/StructureDefinition/"
_DEEPEST = 30


class Definitions:
    """Structures, value sets, code systems and search parameters."""

    def __init__(self, artifact: Artifact, own: Iterable[JSONObject] = ()) -> None:
        self._artifact = artifact
        self._own: dict[str, dict[str, JSON]] = {}
        self._structures: dict[str, Structure] = {}
        self._making: set[str] = set()
        self._lock = RLock()
        for resource in own:
            self._add(resource)

    def having(self, own: Iterable[JSONObject]) -> "Definitions":
        """These and a caller's StructureDefinitions, ValueSets, CodeSystems and Questionnaires, which go first.

        Raises InvalidResource for one that is none.
        """
        return Definitions(self._artifact, [*self._own.get("resources", {}).values(), *own])

    def _add(self, resource: JSONObject) -> None:
        kind, url = str(resource.get("resourceType")), resource.get("url")
        if isinstance(url, str):
            self._own.setdefault("resources", {})[url] = resource
        if isinstance(url, str) and kind in _OWN:
            section, slim = _OWN[kind]
            try:
                self._own.setdefault(section, {})[url] = slim(resource)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise InvalidResource(url, f"the {kind} does not hold together") from error

    def _raw(self, section: str, url: str) -> JSON | None:
        key = url.partition("|")[0]
        return self._own.get(section, {}).get(key) or self._artifact.get(section, key)

    def structure(self, name: str) -> Structure | None:
        """A structure by its URL, or by its name where it is one of R4's types; None when it is not known."""
        url = (name if ":" in name or "/" in name else CORE + name).partition("|")[0]
        found = self._structures.get(url)
        return found if found is not None else self._compiled(url)

    def _compiled(self, url: str) -> Structure | None:
        """Compiled once. A structure that leads to itself, or to too many others, has no end; it is none."""
        with self._lock:
            slim = None if url in self._making or len(self._making) > _DEEPEST else self._raw("structures", url)
            if slim is None or url in self._structures:
                return self._structures.get(url)
            self._making.add(url)
            try:
                self._structures[url] = compiled(slim, self.structure)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise InvalidResource(url, "the StructureDefinition does not hold together") from error
            finally:
                self._making.discard(url)
            return self._structures[url]

    def type(self, code: str) -> Structure | None:
        """A type or resource by its name, never a profile."""
        found = self.structure(CORE + code) if code.isidentifier() else None
        return None if found is None or found.is_profile else found

    def resource(self, code: str) -> Structure | None:
        """A type of resources that can be made."""
        found = self.type(code)
        return found if found and found.kind == "resource" and not found.is_abstract else None

    def holder(self, element: Element, code: str) -> Element | None:
        """The element whose children a value of this element has: its own, or those of its type."""
        if code not in element.holders:
            element.holders[code] = self._holder(element, code)
        return element.holders[code]

    def _holder(self, element: Element, code: str) -> Element | None:
        if element.children:
            return element
        if element.reference:
            try:
                return element.structure.at(element.reference) if element.structure else None
            except KeyError:
                return None
        found = self.type(code)
        return found.root if found else None

    def specializes(self, code: str, ancestor: str) -> bool:
        """Whether a type is another, or is derived from it."""
        for _ in range(_DEEPEST):
            if code == ancestor:
                return True
            found = self.type(code)
            if found is None or not found.base:
                return False
            code = found.base.removeprefix(CORE)
        return False

    def value_set(self, url: str) -> JSONObject | None:
        """A slim ValueSet, by its canonical URL."""
        return self._raw("value_sets", url)

    def code_system(self, url: str) -> JSONObject | None:
        """A slim CodeSystem."""
        return self._raw("code_systems", url)

    def resource_of(self, kind: str, url: str) -> JSONObject | None:
        """A caller's own resource of a type, by its canonical URL."""
        found = self._own.get("resources", {}).get(url.partition("|")[0])
        return found if found and found["resourceType"] == kind else None

    def search_parameters(self, base: str) -> tuple[JSONObject, ...]:
        """R4's search parameters of a type of resources, without those of its ancestors."""
        return tuple(self._artifact.get("search_parameters", base) or ())

    def resource_types(self) -> tuple[str, ...]:
        """The names of all types of resources, sorted."""
        names = (url.removeprefix(CORE) for url in self._artifact.keys("structures"))
        return tuple(sorted(name for name in names if name[:1].isupper() and self.resource(name)))


def _own_structure(resource: JSONObject) -> JSONObject:
    slim = slimming.structure(resource)
    return (
        slim if slim["elements"] else {**slim, "differential": slimming.structure(resource, "differential")["elements"]}
    )


_OWN: Mapping[str, tuple[str, Callable[[JSONObject], JSONObject]]] = {
    "StructureDefinition": ("structures", _own_structure),
    "ValueSet": ("value_sets", slimming.value_set),
    "CodeSystem": ("code_systems", slimming.code_system),
}


@cache
def r4() -> Definitions:
    """FHIR R4. Reads the artifact when first asked for a definition; raises NoDefinitions then."""
    return Definitions(Artifact())


__all__ = ["CORE", "Definitions", "Structure", "TypeRef", "r4"]
