"""Split a string into its text and its `{{ JavaScript }}`.

The closing braces are those outside the JavaScript's own braces, strings, template literals, regular
expressions and comments, so `{{ {a: {b: 1}} }}` and `{{ "}}" }}` are each one expression.
Code whose brackets or quotes do not match ends at the first `}}`. A literal `{{` is written `{{ "{{" }}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OPEN, CLOSE = "{{", "}}"


@dataclass(frozen=True, slots=True)
class Code:
    """The JavaScript of one `{{ … }}`, stripped."""

    source: str


class UnclosedExpressionError(ValueError):
    """A `{{` that no `}}` closes; carries the rest of the string."""

    def __init__(self, rest: str) -> None:
        self.rest = rest
        super().__init__("the braces {{ are not closed")


def split(text: str) -> tuple[str | Code, ...]:
    """The parts of `text` in order; empty text parts are left out.

    Raises UnclosedExpressionError.
    """
    parts: list[str | Code] = []
    at, is_matched = 0, True
    while (start := text.find(OPEN, at)) >= 0:
        if start > at:
            parts.append(text[at:start])
        code = start + len(OPEN)
        end = _end(text, code) if is_matched else -1
        if end < 0:
            # JavaScript will say what does not match; looking further for each of many would take n² steps
            is_matched, end = False, text.find(CLOSE, code)
        if end < 0:
            raise UnclosedExpressionError(text[code:].strip())
        parts.append(Code(text[code:end].strip()))
        at = end + len(CLOSE)
    if at < len(text):
        parts.append(text[at:])
    return tuple(parts)


_QUOTED = {
    "'": re.compile(r"'(?:[^'\\\n]|\\.)*'?", re.DOTALL),
    '"': re.compile(r'"(?:[^"\\\n]|\\.)*"?', re.DOTALL),
}
_LINE_COMMENT = re.compile(r"//(?:(?!\}\})[^\n])*")
_BLOCK_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_REGEX = re.compile(r"/(?![/*])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.){0,200}\]){1,500}/[a-z]*")
_PLAIN = re.compile(r"[^'\"`/{}()\[\]]+")
_VALUE_BEFORE = re.compile(r"[\w$)\]}'\"`]\Z")
_WORD_BEFORE_REGEX = re.compile(r"(?:^|[^\w$.])(?:return|typeof|case|in|of|void|delete|new|throw)\Z")
_OPENERS, _CLOSERS = "{([", "})]"


def _end(text: str, start: int) -> int:
    """The index of the `}}` that closes the code starting at `start`, -1 when its brackets or quotes do not match."""
    stack: list[str] = []
    at = start
    while at < len(text):
        if not stack and text.startswith(CLOSE, at):
            return at
        at = _step(text, at, start, stack)
    return -1


def _step(text: str, at: int, start: int, stack: list[str]) -> int:
    """Read one lexical element; `stack` holds the brackets and template literals that are open."""
    char = text[at]
    if stack and stack[-1] == "`":
        return _template_literal(text, at, stack)
    if char in _QUOTED:
        return _span(_QUOTED[char], text, at)
    if char == "/":
        return _slash(text, at, start)
    if char == "`" or char in _OPENERS:
        stack.append(char)
    elif char in _CLOSERS and stack:
        stack.pop()
    elif match := _PLAIN.match(text, at):
        return match.end()
    return at + 1


def _template_literal(text: str, at: int, stack: list[str]) -> int:
    if text.startswith("${", at):
        stack.append("{")
        return at + 2
    if text[at] == "`":
        stack.pop()
    return at + (2 if text[at] == "\\" else 1)


def _slash(text: str, at: int, start: int) -> int:
    """A comment, a regular expression or a division; a value before the slash makes it a division."""
    for comment in (_LINE_COMMENT, _BLOCK_COMMENT):
        if match := comment.match(text, at):
            return match.end()
    before = text[max(start, at - 100) : at].rstrip()
    if _VALUE_BEFORE.search(before) and not _WORD_BEFORE_REGEX.search(before):
        return at + 1
    return _span(_REGEX, text, at)


def _span(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at + 1
