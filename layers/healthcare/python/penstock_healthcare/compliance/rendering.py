"""A template and data become a document."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from penstock_healthcare.compliance.body import Choice, Listed, Node, Pieces, Written
from penstock_healthcare.compliance.catalogue import Template, template
from penstock_healthcare.compliance.document import Block, Bullets, Document, Heading, Line, Paragraph, Run, Table
from penstock_healthcare.compliance.errors import Wrong, WrongData
from penstock_healthcare.compliance.fields import Shown, checked

LARGEST = 1_000_000
"""Characters of data in one document."""


def render(name: str, data: Mapping[str, Any]) -> Document:
    """The document that a template's id and data make. Raises UnknownTemplate, WrongData with all that is wrong."""
    return fill(template(name), data)


def fill(found: Template, data: Mapping[str, Any]) -> Document:
    """The same of a template. Raises WrongData."""
    shown, problems = checked(found.header.fields, data)
    if not problems and sum(map(_size, shown.values())) > LARGEST:
        problems = [Wrong("data", f"has at most {LARGEST:,} characters")]
    if problems:
        raise WrongData(problems)
    answers = tuple(found.header.answers)
    blocks = (*_blocks(found, found.body, shown), Paragraph((Run(_sentence(answers)),)))
    return Document(found.id, found.header.title, answers, blocks)


def _sentence(answers: Sequence[str]) -> str:
    """The paragraphs of one title are named after it."""
    title = "45 CFR "
    return f"Written to answer {title}{', '.join(each.removeprefix(title) for each in answers)}."


def _size(value: Shown) -> int:
    match value:
        case str():
            return len(value)
        case list():
            return sum(map(_size, value))
    return 0


def _blocks(found: Template, body: Sequence[Node], shown: Mapping[str, Shown]) -> Iterator[Block]:
    for node in body:
        match node:
            case Written():
                yield _written(found, node, shown)
            case Listed():
                yield _listed(found, node, shown[node.field])
            case Choice():
                yield from _blocks(found, node.then if _holds(node, shown) else node.otherwise, shown)


def _holds(node: Choice, shown: Mapping[str, Shown]) -> bool:
    value = shown.get(node.field, False)
    return value == node.option if node.option else bool(value)


def _written(found: Template, node: Written, shown: Mapping[str, Shown]) -> Block:
    lines = tuple(_line(found, pieces, shown) for pieces in node.lines)
    if node.style in ("bullets", "numbers"):
        return Bullets(lines, node.style == "numbers")
    return Paragraph(lines[0]) if node.style == "paragraph" else Heading(int(node.style), lines[0])


def _line(found: Template, pieces: Pieces, shown: Mapping[str, Shown]) -> Line:
    runs = ((_text(found, piece.field, shown) if piece.field else piece.text, piece.bold) for piece in pieces)
    return tuple(Run("".join(text for text, _ in same), bold) for bold, same in groupby(runs, lambda run: run[1]))


def _text(found: Template, name: str, shown: Mapping[str, Shown]) -> str:
    value = str(shown[name])
    return found.header.fields[name].options.get(value, value)


def _listed(found: Template, node: Listed, value: Any) -> Block:
    if not node.is_table:
        return Bullets(tuple((Run(text),) for text in value))
    head = tuple(column.label for column in found.header.fields[node.field].columns.values())
    return Table(head, tuple(map(tuple, value)))
