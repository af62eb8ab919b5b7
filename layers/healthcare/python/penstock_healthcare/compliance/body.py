"""The notation of a template's body: a small part of Markdown, with fields in double braces.

    # Heading              also ## and ###
    Text over several
    lines, with **bold**.
    - a list               also 1. numbered; a line that is indented goes on
    {{field}}              in text: what was given; a choice shows its option's wording
    {{list field}}         on a line of its own: a list's entries as bullets
    {{rows field}}         on a line of its own: rows as a table
    {{if field}}           what follows to {{end}}, or to {{else}}, when the field is given; of yes or no: when yes
    {{if field = option}}  when a choice is that option

There is nothing else: no loops, no expressions, no includes. What is wrong raises ValueError with its line.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Style: TypeAlias = Literal["paragraph", "bullets", "numbers", "1", "2", "3"]
_NAME = r"[a-z][a-z0-9_]*"
_PIECE = re.compile(rf"\{{\{{(?P<field>{_NAME})\}}\}}|(?P<bold>\*\*)")
_DIRECTIVE = re.compile(
    rf"^\{{\{{(?P<word>if|else|end|list|rows)(?: (?P<field>{_NAME}))?(?: = (?P<option>{_NAME}))?\}}\}}$"
)
_STARTS: tuple[tuple[re.Pattern[str], Style], ...] = (
    (re.compile(r"^### "), "3"),
    (re.compile(r"^## "), "2"),
    (re.compile(r"^# "), "1"),
    (re.compile(r"^- "), "bullets"),
    (re.compile(r"^\d+\. "), "numbers"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of the template's own, or the name of a field."""

    text: str = ""
    field: str = ""
    bold: bool = False


Pieces: TypeAlias = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """Text in a style; lists have a line an entry, all else has one."""

    style: Style
    lines: tuple[Pieces, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A field of entries, as bullets or as a table."""

    field: str
    is_table: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What is there when a field is given (or yes, or the option), and what is otherwise."""

    field: str
    option: str
    then: "tuple[Node, ...]"
    otherwise: "tuple[Node, ...]"


Node: TypeAlias = Written | Listed | Choice


def parse_body(text: str) -> tuple[Node, ...]:
    """The nodes of a body. Raises ValueError."""
    reader = _Reader(text.splitlines())
    nodes, closing = reader.nodes()
    if closing:
        raise reader.wrong(f"{{{{{closing}}}}} without {{{{if}}}}")
    return nodes


class _Reader:
    def __init__(self, lines: Sequence[str]) -> None:
        self._lines, self._at = lines, 0

    def wrong(self, reason: str) -> ValueError:
        return ValueError(f"line {self._at} of the body: {reason}")

    def nodes(self) -> tuple[tuple[Node, ...], str]:
        """The nodes up to `else` or `end`, and which of the two it was; "" at the end."""
        found: list[Node] = []
        while self._at < len(self._lines):
            line = self._lines[self._at].rstrip()
            if directive := _DIRECTIVE.match(line):
                self._at += 1
                if directive["word"] in ("else", "end"):
                    return tuple(found), directive["word"]
                found.append(self._directed(directive))
            elif line:
                found.append(self._written())
            else:
                self._at += 1
        return tuple(found), ""

    def _directed(self, directive: re.Match[str]) -> Node:
        field, option = directive["field"] or "", directive["option"] or ""
        if not field or (option and directive["word"] != "if"):
            raise self.wrong("it names no field, or too much")
        if directive["word"] != "if":
            return Listed(field, directive["word"] == "rows")
        then, closing = self.nodes()
        otherwise: tuple[Node, ...] = ()
        if closing == "else":
            otherwise, closing = self.nodes()
        if closing != "end":
            raise self.wrong(f"{{{{if {field}}}}} has no {{{{end}}}}")
        return Choice(field, option, then, otherwise)

    def _written(self) -> Written:
        style, first = _styled(self._lines[self._at])
        lines = [first]
        self._at += 1
        while self._at < len(self._lines) and (line := self._lines[self._at].rstrip()) and not _DIRECTIVE.match(line):
            following, rest = _styled(line)
            if following == "paragraph":
                lines[-1] += f" {rest.strip()}"
            elif following == style and style in ("bullets", "numbers"):
                lines.append(rest)
            else:
                break
            self._at += 1
        return Written(style, tuple(tuple(self._pieces(line)) for line in lines))

    def _pieces(self, line: str) -> Iterator[Piece]:
        bold, end = False, 0
        for found in _PIECE.finditer(line):
            yield from self._text(line[end : found.start()], bold)
            end = found.end()
            if found["field"]:
                yield Piece(field=found["field"], bold=bold)
            else:
                bold = not bold
        yield from self._text(line[end:], bold)
        if bold:
            raise self.wrong("** without its second")

    def _text(self, text: str, bold: bool) -> Iterator[Piece]:
        if "{{" in text or "}}" in text:
            raise self.wrong("braces that are neither a field nor a directive")
        if text:
            yield Piece(text, bold=bold)


def _styled(line: str) -> tuple[Style, str]:
    for pattern, style in _STARTS:
        if found := pattern.match(line):
            return style, line[found.end() :].strip()
    return "paragraph", line.strip()
