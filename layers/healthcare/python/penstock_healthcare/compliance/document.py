"""A filled-in document: blocks of text, written as Markdown (CommonMark with tables) or HTML.

Text is data in both: whatever it holds, a reader sees it as it was given, and it makes no heading, link, image or tag.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal, TypeAlias

Format: TypeAlias = Literal["markdown", "html"]


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one weight; its line breaks are kept."""

    text: str
    bold: bool = False


Line: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 3."""

    level: int
    line: Line


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    line: Line


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list, numbered or not."""

    items: tuple[Line, ...]
    is_numbered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of plain texts."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block: TypeAlias = Heading | Paragraph | Bullets | Table


@dataclass(frozen=True, slots=True)
class Document:
    """What a template became. `answers` are the paragraphs of the regulation that it was written for."""

    template: str
    title: str
    answers: tuple[str, ...]
    blocks: tuple[Block, ...]

    def markdown(self) -> str:
        """As CommonMark, with the tables of GitHub's flavour."""
        return "\n\n".join(_MARKDOWN[type(block)](block) for block in self.blocks) + "\n"

    def html(self) -> str:
        """As a page of its own that loads nothing and runs nothing."""
        body = "\n".join(_HTML[type(block)](block) for block in self.blocks)
        return _PAGE.format(title=escape(self.title), body=body)

    def written(self, format_: Format) -> str:
        """In one of the formats."""
        return self.markdown() if format_ == "markdown" else self.html()


_MARKS = re.compile(r"[\\`*_\[\]|~$^{}#@!]|(?<=:)//|(?<=\bwww)\.", re.IGNORECASE)
"""What could be markup within a line; the addresses that GitHub's flavour would make links of are cut too."""
_OPENING = re.compile(r"^(?:(?=[-+=])|(?P<number>\d{1,9})(?=[.)]))")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def _md_text(text: str) -> str:
    return "\\\n".join(map(_md_line, text.split("\n")))


def _md_line(text: str) -> str:
    """A line as text: marks escaped, and nothing at its start that would begin a block."""
    escaped = _MARKS.sub(r"\\\g<0>", text).translate(_ENTITIES)
    return _OPENING.sub(lambda found: f"{found['number'] or ''}\\", escaped)


def _md_runs(line: Line) -> str:
    return "".join(f"**{_md_text(run.text)}**" if run.bold else _md_text(run.text) for run in line)


def _md_heading(block: Heading) -> str:
    return f"{'#' * block.level} {_md_runs(block.line)}"


def _md_bullets(block: Bullets) -> str:
    marks = (f"{number}." if block.is_numbered else "-" for number in range(1, len(block.items) + 1))
    return "\n".join(f"{mark} {_md_runs(item)}" for mark, item in zip(marks, block.items, strict=True))


def _md_table(block: Table) -> str:
    rows = [block.head, ("---",) * len(block.head), *block.rows]
    cells = ([_md_text(cell) if number != 1 else cell for cell in row] for number, row in enumerate(rows))
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


_MARKDOWN: Mapping[type, Callable[..., str]] = {
    Heading: _md_heading,
    Paragraph: lambda block: _md_runs(block.line),
    Bullets: _md_bullets,
    Table: _md_table,
}


def _html_text(text: str) -> str:
    return "<br>".join(escape(line) for line in text.split("\n"))


def _html_runs(line: Line) -> str:
    return "".join(f"<strong>{_html_text(run.text)}</strong>" if run.bold else _html_text(run.text) for run in line)


def _html_bullets(block: Bullets) -> str:
    tag = "ol" if block.is_numbered else "ul"
    return f"<{tag}>{''.join(f'<li>{_html_runs(item)}</li>' for item in block.items)}</{tag}>"


def _html_table(block: Table) -> str:
    return f"<table><thead>{_html_row(block.head, 'th')}</thead><tbody>{_html_rows(block.rows)}</tbody></table>"


def _html_rows(rows: Sequence[Sequence[str]]) -> str:
    return "".join(_html_row(row, "td") for row in rows)


def _html_row(cells: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{_html_text(cell)}</{tag}>' for cell in cells)}</tr>"


_HTML: Mapping[type, Callable[..., str]] = {
    Heading: lambda block: f"<h{block.level}>{_html_runs(block.line)}</h{block.level}>",
    Paragraph: lambda block: f"<p>{_html_runs(block.line)}</p>",
    Bullets: _html_bullets,
    Table: _html_table,
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 Georgia, serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a }}
h1, h2, h3 {{ line-height: 1.25 }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ border: 1px solid #888; padding: .3rem .5rem; text-align: left; vertical-align: top }}
@media print {{ body {{ margin: 0; max-width: none }} }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
