"""The templates: every `templates/*.md` of this package, read and held against its own header."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from penstock_healthcare.compliance.body import Choice, Listed, Node, Written, parse_body
from penstock_healthcare.compliance.errors import BrokenTemplate, UnknownTemplate
from penstock_healthcare.compliance.fields import FieldRule

_FOLDER = Path(__file__).parents[1] / "templates"
_FILE = re.compile(r"\A\+\+\+\n(?P<header>.*?)^\+\+\+\n(?P<body>.*)\Z", re.DOTALL | re.MULTILINE)
_LISTED = {"list": False, "rows": True}


class Header(BaseModel):
    """What a template says of itself. `answers` maps each paragraph to what it asks for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    summary: str
    answers: Mapping[Annotated[str, Field(pattern=r"^45 CFR \d+\.\d+")], str] = Field(min_length=1)
    fields: Mapping[str, FieldRule]


@dataclass(frozen=True, slots=True)
class Template:
    """A compliance document to be filled in. `id` is its file's name."""

    id: str
    header: Header
    body: tuple[Node, ...]


@cache
def templates() -> Mapping[str, Template]:
    """Every template by id. Raises BrokenTemplate."""
    return {file.stem: read_template(file.stem, file.read_text("utf-8")) for file in sorted(_FOLDER.glob("*.md"))}


def template(name: str) -> Template:
    """The template with this id. Raises UnknownTemplate."""
    if name not in templates():
        raise UnknownTemplate(list(templates()))
    return templates()[name]


def read_template(name: str, text: str) -> Template:
    """A template of its file's text. Raises BrokenTemplate."""
    parts = _FILE.match(text)
    if parts is None:
        raise BrokenTemplate(name, "has no header between lines of +++")
    try:
        header = Header.model_validate(tomllib.loads(parts["header"]))
        body = parse_body(parts["body"])
    except (tomllib.TOMLDecodeError, ValidationError, ValueError) as error:
        raise BrokenTemplate(name, str(error)) from error
    if reason := next(_mismatches(header.fields, body), None):
        raise BrokenTemplate(name, reason)
    return Template(name, header, body)


def _mismatches(rules: Mapping[str, FieldRule], body: Sequence[Node]) -> Iterator[str]:
    """Fields that are used and not declared, or the other way round, or where they may be missing."""
    used: set[str] = set()
    for name, place, certain in _uses(body, frozenset()):
        used.add(name)
        if name not in rules:
            yield f"{name}: is used and not declared"
        elif place == "text" and rules[name].type in ("list", "rows", "yes_no"):
            yield f"{name}: a {rules[name].type} cannot stand in text"
        elif place in _LISTED and rules[name].type != place:
            yield f"{name}: is no {place}"
        elif place.startswith("=") and place[1:] not in rules[name].options:
            yield f"{name}: has no option {place[1:]}"
        elif not certain and place in ("text", *_LISTED) and (rules[name].when or not rules[name].required):
            yield f"{name}: may be left out, and is used outside of {{{{if {name}}}}}"
    yield from (f"{name}: is declared and not used" for name in rules if name not in used)
    yield from (
        f"{name}: when: there is no {each}" for name, rule in rules.items() for each in rule.when.keys() - rules.keys()
    )


def _uses(body: Sequence[Node], given: frozenset[str]) -> Iterator[tuple[str, str, bool]]:
    """Each use of a field, how, and whether it is only there where the field is given."""
    for node in body:
        match node:
            case Written():
                yield from (
                    (piece.field, "text", piece.field in given) for line in node.lines for piece in line if piece.field
                )
            case Listed():
                yield node.field, "rows" if node.is_table else "list", node.field in given
            case Choice():
                yield node.field, f"={node.option}" if node.option else "if", True
                yield from _uses(node.then, given | {node.field})
                yield from _uses(node.otherwise, given)
