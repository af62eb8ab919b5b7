"""Extensions: those that are known are held against their definition, and against where it says that they may stand."""

from penstock.json import JSONObject
from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.path import PathError, evaluate, truth
from penstock_healthcare.fhir.validation.session import Session

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_ANY = "Element"


def check(session: Session, node: Node) -> None:
    """One extension."""
    from penstock_healthcare.fhir.validation import walk

    url = node.child_value("url")
    if not isinstance(url, str):
        return
    is_nested = node.parent is not None and node.parent.type == "Extension"
    if ":" not in url:
        if not is_nested:
            session.error("value", "extension-url", node, "The URL of an extension is absolute.")
        return
    found = session.definitions.structure(url)
    if found is None:
        if node.name == "modifierExtension":
            session.warn(
                "not-found", "extension-unknown", node, "This extension changes what is meant, and is not known."
            )
        else:
            session.note("not-found", "extension-unknown", node, "The extension is not known, so it was not checked.")
        return
    if found.type != "Extension":
        session.error("value", "extension-url", node, f"The URL is that of a {found.type}, not of an extension.")
        return
    if (
        found.contexts
        and node.parent is not None
        and not any(_fits(session, node.parent, each) for each in found.contexts)
    ):
        places = ", ".join(str(each.get("expression", "")) for each in found.contexts[:10])
        session.error(
            "structure", "extension-context", node, f"{found.name} is not allowed here; it may stand at: {places}."
        )
    walk.apply(session, node, found)


def _fits(session: Session, around: Node, context: JSONObject) -> bool:
    kind, expression = context.get("type"), str(context.get("expression", ""))
    if kind == "extension":
        return around.type == "Extension" and around.child_value("url") == expression
    if kind == "fhirpath":
        return _holds(around, expression)
    return _is_element(session, around, expression)


def _is_element(session: Session, around: Node, expression: str) -> bool:
    """A type or one of its ancestors, or an element's path, also by the types around it: `Address.line`."""
    expression = expression.removeprefix(_CORE)
    if expression == _ANY:
        return True
    if "." not in expression:
        return around.type == expression or session.definitions.specializes(around.type, expression)
    return expression.replace("[x]", "") in _paths(around)


def _paths(node: Node) -> set[str]:
    found = {node.element.path.replace("[x]", "")}
    if node.holder is not None and node.type == "BackboneElement":
        found.add(node.holder.path)
    steps = [node.name]
    around = node.parent
    while around is not None:
        found.add(".".join([around.type, *reversed(steps)]))
        if around.is_resource:
            break
        steps.append(around.name)
        around = around.parent
    return found


def _holds(around: Node, expression: str) -> bool:
    """FHIRPath from the resource that finds this element, or a condition on it."""
    try:
        found = evaluate(expression, around.resource())
        return any(each is around for each in found) or truth(evaluate(expression, around)) is True
    except PathError:
        return True
