"""StructureDefinition → a tree of elements: from its snapshot, or its differential over what it is derived from."""

from collections.abc import Callable
from dataclasses import dataclass

from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir.definitions.element import Element, Slicing, TypeRef, bare

_BY_TYPE = Slicing((("type", "$this"),))
Resolve = Callable[[str], "Structure | None"]


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """A type, a resource or a profile of one. `root` is its first element."""

    url: str
    name: str
    type: str
    kind: str
    is_abstract: bool
    is_profile: bool
    base: str
    contexts: tuple[JSONObject, ...]
    root: Element

    def at(self, reference: str) -> Element:
        """The element that a contentReference (`#Questionnaire.item`) names. Raises KeyError."""
        found = self.root
        for segment in reference.rpartition("#")[2].split(".")[1:]:
            found = found.children[bare(segment.partition(":")[0])[0]]
        return found


def compiled(slim: JSONObject, resolve: Resolve) -> Structure:
    """The structure. `resolve` gives others by URL. Raises ValueError for one that does not hold together."""
    definitions = slim.get("elements") or slim.get("differential") or ()
    is_whole = bool(slim.get("elements"))
    base = None if is_whole else resolve(slim.get("baseDefinition", ""))
    kind = str(slim.get("type", ""))
    root = base.root.copy() if base else Element(kind, kind)
    structure = Structure(
        url=slim.get("url", ""),
        name=slim.get("name", ""),
        type=kind,
        kind=slim.get("kind", ""),
        is_abstract=bool(slim.get("abstract")),
        is_profile=slim.get("derivation") == "constraint",
        base=slim.get("baseDefinition", ""),
        contexts=tuple(slim.get("context", ())),
        root=root,
    )
    for definition in definitions:
        _place(root, definition, resolve)
    _belong(root, structure)
    return structure


def _place(root: Element, definition: JSONObject, resolve: Resolve) -> None:
    element = root
    for segment in _segments(definition):
        name, _, slice_name = segment.partition(":")
        element = _child(element, name, resolve)
        if slice_name:
            element = element.slice(slice_name)
    element.apply(definition)


def _segments(definition: JSONObject) -> list[str]:
    """The steps below the root: `component:systolic`, `value[x]`."""
    identity: JSON = definition.get("id")
    path = str(definition.get("path", ""))
    if isinstance(identity, str) and identity.count(".") == path.count("."):
        return identity.split(".")[1:]
    steps = path.split(".")[1:]
    if steps and definition.get("sliceName"):
        steps[-1] += f":{definition['sliceName']}"
    return steps


def _child(element: Element, segment: str, resolve: Resolve) -> Element:
    name, is_choice = bare(segment)
    if name in element.children:
        return element.children[name]
    if not is_choice and (sliced := _choice(element, name, resolve)):
        return sliced
    inherited = _inherited(element, name, resolve)
    made = inherited.copy() if inherited else Element(name, f"{element.path}.{segment}", is_choice=is_choice)
    element.children[name] = made
    return made


def _choice(element: Element, name: str, resolve: Resolve) -> Element | None:
    """`valueQuantity` means the slice of value[x] with this type."""
    for each in list(_known(element, resolve)):
        code = next((code for key, code in each.spellings() if key == name and each.is_choice), None)
        if code is not None:
            parent = element.children.setdefault(each.name, each if each.name in element.children else each.copy())
            parent.slicing = parent.slicing or _BY_TYPE
            made = parent.slice(name)
            made.types = tuple(each for each in parent.types if each.code == code) or (TypeRef(code),)
            return made
    return None


def _known(element: Element, resolve: Resolve) -> list[Element]:
    found = dict(element.children)
    for each in element.types:
        for url in (*each.profiles, each.code):
            if structure := resolve(url):
                found = {**structure.root.children, **found}
    return list(found.values())


def _inherited(element: Element, name: str, resolve: Resolve) -> Element | None:
    return next((each for each in _known(element, resolve) if each.name == name), None)


def _belong(element: Element, structure: Structure) -> None:
    if element.structure is None or structure.is_profile:
        element.structure = structure
    for each in (*element.children.values(), *element.slices):
        _belong(each, structure)
