"""Which slice of an element a node belongs to, by the discriminators (FHIR R4, profiling, section 5.1.0.11)."""

from collections.abc import Callable, Iterator, Mapping

from penstock_healthcare.fhir.definitions.element import Element
from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.path import Context, PathError, evaluate
from penstock_healthcare.fhir.path.lexer import tokens
from penstock_healthcare.fhir.validation import matching
from penstock_healthcare.fhir.validation.session import Session

_THIS = "$this"


def sort(session: Session, rule: Element, nodes: list[Node]) -> list[tuple[Node, list[Element]]]:
    """Each node with the slices that it belongs to."""
    discriminators = rule.slicing.discriminators if rule.slicing else ()
    return [(node, [each for each in rule.slices if _belongs(session, node, each, discriminators)]) for node in nodes]


def _belongs(session: Session, node: Node, slice_: Element, discriminators: tuple[tuple[str, str], ...]) -> bool:
    if not discriminators:
        return _is_same_type(node, slice_)
    return all(_matches(session, node, slice_, kind, path) for kind, path in discriminators)


def _is_same_type(node: Node, slice_: Element) -> bool:
    return not slice_.is_choice or any(node.type == each.code for each in slice_.types)


def _matches(session: Session, node: Node, slice_: Element, kind: str, path: str) -> bool:
    judge = _KINDS.get(kind)
    if judge is None:
        return False
    return judge(session, _values(session, node, path), list(_definitions(session, slice_, path)))


def _values(session: Session, node: Node, path: str) -> list[Node]:
    if path == _THIS:
        return [node]
    context = Context([node], resolve=session.resolver.resolved, steps=session.steps)
    try:
        found = evaluate(path, node, context)
    except PathError:
        return []
    session.steps = max(context.steps, 0)
    return [each for each in found if isinstance(each, Node)]


def _definitions(session: Session, slice_: Element, path: str) -> Iterator[Element]:
    """What the slice's definition says at a path: its own elements, or those of a type's profile."""
    found = [slice_]
    for step in _steps(path):
        found = [each for element in found for each in _step(session, element, step)]
    yield from found


def _steps(path: str) -> list[str]:
    """`code.coding` is two steps; `resolve()` and `ofType(x)` are one each; `$this` is none."""
    steps: list[str] = []
    depth = 0
    for token in tokens(path):
        if token.text in (".", "") and depth == 0:
            continue
        opens_or_is_inside = token.text == "(" or depth > 0
        depth += (token.text == "(") - (token.text == ")")
        if opens_or_is_inside:
            steps[-1] += token.text
        elif token.text != _THIS:
            steps.append(token.text)
    return steps


def _step(session: Session, element: Element, step: str) -> Iterator[Element]:
    if step.startswith("ofType("):
        yield from _of_type(element, step[7:-1])
        return
    if step == "resolve()":
        yield element
        return
    if step.startswith("extension("):
        url = step[10:-1].strip("'\"")
        holder = element.children.get("extension")
        yield from (each for each in (holder.slices if holder else ()) if url in _urls(each))
        return
    if step in element.children:
        child = element.children[step]
        yield child
        yield from child.slices
    for type_ref in element.types:
        for url in type_ref.profiles:
            profile = session.definitions.structure(url)
            if profile and step in profile.root.children:
                yield profile.root.children[step]


def _of_type(element: Element, name: str) -> Iterator[Element]:
    yield element
    yield from (each for each in element.slices if any(one.code == name for one in each.types))


def _urls(slice_: Element) -> list[str]:
    return [url for each in slice_.types for url in each.profiles]


def _by_value(session: Session, values: list[Node], wanted: list[Element]) -> bool:
    """By fixed, pattern, or a required binding; the pattern may stand on an element above, so all that speak count."""
    speaking = [each for each in wanted if each.values or (each.binding and each.binding.strength == "required")]
    if not speaking:
        return any(_has_children_values(each) for each in wanted) and any(
            _fits_below(node, each) for node in values for each in wanted
        )
    return any(_fits(session, node, each) for node in values for each in speaking)


def _fits(session: Session, node: Node, wanted: Element) -> bool:
    if "fixed" in wanted.values:
        return matching.is_fixed(node.value, wanted.values["fixed"][0])
    if "pattern" in wanted.values:
        return matching.is_pattern(node.value, wanted.values["pattern"][0])
    if wanted.binding is None:
        return False
    trial = session.trial()
    from penstock_healthcare.fhir.validation import bindings

    bindings.check(trial, node, wanted.binding)
    return not trial.errors


def _has_children_values(wanted: Element) -> bool:
    return any(each.values or _has_children_values(each) for each in wanted.children.values())


def _fits_below(node: Node, wanted: Element) -> bool:
    """A discriminator that names an element of which only the children have values."""
    for name, child in wanted.children.items():
        found = node.named(name)
        if "fixed" in child.values and not any(
            matching.is_fixed(each.value, child.values["fixed"][0]) for each in found
        ):
            return False
        if "pattern" in child.values and not any(
            matching.is_pattern(each.value, child.values["pattern"][0]) for each in found
        ):
            return False
        if child.children and _has_children_values(child) and not any(_fits_below(each, child) for each in found):
            return False
    return True


def _by_existence(_: Session, values: list[Node], wanted: list[Element]) -> bool:
    if any(each.maximum == 0 for each in wanted):
        return not values
    return bool(values) if any(each.minimum > 0 for each in wanted) else True


def _by_type(session: Session, values: list[Node], wanted: list[Element]) -> bool:
    names = {name for each in wanted for name in _type_names(session, each)}
    return any(node.type in names for node in values)


def _type_names(session: Session, wanted: Element) -> Iterator[str]:
    for each in wanted.types:
        yield each.code
        for url in (*each.targets, *each.profiles):
            if found := session.definitions.structure(url):
                yield found.type


def _by_profile(session: Session, values: list[Node], wanted: list[Element]) -> bool:
    from penstock_healthcare.fhir.validation.walk import conforms

    urls = {url for each in wanted for type_ref in each.types for url in (*type_ref.profiles, *type_ref.targets)}
    return any(conforms(session, node, url) for node in values for url in urls)


_KINDS: Mapping[str, Callable[[Session, list[Node], list[Element]], bool]] = {
    "value": _by_value,
    "pattern": _by_value,
    "exists": _by_existence,
    "type": _by_type,
    "profile": _by_profile,
}
