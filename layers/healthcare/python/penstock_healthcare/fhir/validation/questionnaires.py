"""A QuestionnaireResponse against its Questionnaire, where that is contained, in the bundle, or among the definitions.

FHIR R4, section 9.11.3: link ids, nesting, types of answers, required items of a completed response, repeats, options.
"""

from collections.abc import Iterator, Mapping

from penstock.json import JSONObject
from penstock_healthcare.fhir.node import Node, tree
from penstock_healthcare.fhir.validation.session import Session

_FINISHED = frozenset({"completed", "amended"})
_CHOICE = frozenset({"Coding"})
_ANSWERS: Mapping[str, frozenset[str]] = {
    "boolean": frozenset({"boolean"}),
    "decimal": frozenset({"decimal", "integer"}),
    "integer": frozenset({"integer"}),
    "date": frozenset({"date"}),
    "dateTime": frozenset({"dateTime", "date"}),
    "time": frozenset({"time"}),
    "string": frozenset({"string"}),
    "text": frozenset({"string"}),
    "url": frozenset({"uri"}),
    "choice": frozenset({"Coding", "date", "time", "integer", "string", "Reference"}),
    "open-choice": frozenset({"Coding", "date", "time", "integer", "string", "Reference"}),
    "attachment": frozenset({"Attachment"}),
    "reference": frozenset({"Reference"}),
    "quantity": frozenset({"Quantity"}),
}
"""A question's type → the types that its answers may have."""


def check(session: Session, node: Node) -> None:
    """One response."""
    for canonical in node.named("questionnaire"):
        questionnaire = _found(session, canonical)
        if questionnaire is not None:
            is_finished = node.child_value("status") in _FINISHED
            _check_items(session, node, questionnaire, is_finished=is_finished)
        elif isinstance(canonical.value, str) and not canonical.value.startswith("#"):
            session.note(
                "not-found", "questionnaire", canonical, "The questionnaire is not known, so it was not checked."
            )


def check_questionnaire(session: Session, node: Node) -> None:
    """Conditions name questions that there are."""
    items = [each for each in node.descendants() if each.name == "item" and each.resource() is node]
    known = {each.child_value("linkId") for each in items}
    for item in items:
        for condition in item.named("enableWhen"):
            if condition.child_value("question") not in known:
                session.error(
                    "structure", "enable-when", condition, "The questionnaire has no question with this linkId."
                )


def _found(session: Session, canonical: Node) -> Node | None:
    url = canonical.value
    if not isinstance(url, str):
        return None
    found = session.resolver.within(canonical, url)
    if found is None and (own := session.definitions.resource_of("Questionnaire", url)):
        found = tree(own, session.definitions)
    return found if found is not None and found.type == "Questionnaire" else None


def _check_items(session: Session, parent: Node, asked: Node, *, is_finished: bool) -> None:
    """The items below a response, an item or an answer against the questions below theirs."""
    questions = {question.child_value("linkId"): question for question in asked.named("item")}
    given: dict[object, list[Node]] = {}
    for item in parent.named("item"):
        link = item.child_value("linkId")
        if link not in questions:
            session.error("structure", "link-id", item, "The questionnaire has no such linkId here.")
            continue
        given.setdefault(link, []).append(item)
        _check_item(session, item, questions[link], is_finished=is_finished)
    for link, question in questions.items():
        _check_presence(session, parent, question, given.get(link, []), is_finished=is_finished)


def _check_presence(session: Session, parent: Node, question: Node, given: list[Node], *, is_finished: bool) -> None:
    is_display = question.child_value("type") == "display"
    is_required = question.child_value("required") is True and not question.named("enableWhen") and not is_display
    if is_required and is_finished and not any(_is_filled(each) for each in given):
        session.error("required", "required-item", parent, "A required item of the questionnaire has no answer.")
    repeats = question.child_value("repeats") is True
    if not repeats and len(given) > 1:
        session.error("structure", "repeats", given[1], "The item is there more than once and does not repeat.")
    if not repeats and any(len(each.named("answer")) > 1 for each in given):
        session.error("structure", "repeats", given[0], "The item has several answers and does not repeat.")


def _is_filled(item: Node) -> bool:
    return bool(item.named("answer") or item.named("item"))


def _check_item(session: Session, item: Node, question: Node, *, is_finished: bool) -> None:
    kind = question.child_value("type")
    answers = item.named("answer")
    if kind in ("group", "display") and answers:
        session.error("structure", "answer", item, f"An item of type {kind} has no answers.")
    if kind == "group":
        _check_items(session, item, question, is_finished=is_finished)
        return
    if item.named("item"):
        session.error("structure", "answer", item, "Items below a question stand below its answer.")
    for answer in answers:
        for value in answer.named("value"):
            _check_answer(session, value, question, str(kind))
        _check_items(session, answer, question, is_finished=is_finished)


def _check_answer(session: Session, value: Node, question: Node, kind: str) -> None:
    if kind in _ANSWERS and value.type not in _ANSWERS[kind]:
        session.error(
            "structure", "answer-type", value, f"An answer of type {value.type} to a question of type {kind}."
        )
        return
    options = [option.value for each in question.named("answerOption") for option in each.named("value")]
    if kind == "choice" and options and not any(_is_option(value, option) for option in options):
        session.error("code-invalid", "answer-option", value, "The answer is none of the question's options.")
    url = question.child_value("answerValueSet")
    if kind == "choice" and isinstance(url, str) and value.type in _CHOICE:
        _check_in_value_set(session, value, url)


def _check_in_value_set(session: Session, value: Node, url: str) -> None:
    expansion = session.terminology.expansion(url) if not url.startswith("#") else None
    code, system = value.child_value("code"), value.child_value("system")
    if expansion is not None and isinstance(code, str) and expansion.has(system, code) is False:
        session.error("code-invalid", "answer-option", value, "The answer is not in the question's value set.")


def _is_option(value: Node, option: object) -> bool:
    if isinstance(option, dict) and isinstance(value.value, dict):
        return all(value.value.get(name) == option.get(name) for name in _identifying(option))
    return bool(value.value == option)


def _identifying(option: JSONObject) -> Iterator[str]:
    """What tells an option: code and system of a coding, the reference of a reference."""
    return (name for name in ("code", "system", "reference") if name in option)
