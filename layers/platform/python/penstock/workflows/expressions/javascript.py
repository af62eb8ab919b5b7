"""One expression in JavaScript: the program around it, the data it mentions, its result or failure."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Final

from penstock.json import JSON
from penstock.workflows.expressions.prelude import program
from penstock.workflows.expressions.reasons import KILLED, Failure, judge
from penstock.workflows.expressions.sandbox import Sandbox, SandboxDiedError, shared
from penstock.workflows.expressions.scope import Scope
from penstock.workflows.expressions.sources import data, mentions

MAX_INPUT: Final = 8_000_000
"""Characters of JSON text that one evaluation may be given."""

_TOO_MUCH_INPUT = Failure("limit", "the items it reads are too large for JavaScript", "input")
_NOT_JSON = Failure("runtime", "the data it reads is not JSON")
_TOO_DEEP = Failure("limit", "its result is nested too deeply", "depth")


def run(source: str, scope: Scope, *, as_text: bool, sandbox: Sandbox | None = None) -> JSON | Failure:
    """The value of `source`, as JSON; with `as_text`, the string that it becomes inside a text."""
    text = _data_text(source, scope)
    if isinstance(text, Failure):
        return text
    try:
        letter, answer = (sandbox or shared()).evaluate(_program(source, as_text), text)
    except SandboxDiedError:
        return KILLED
    if letter != "V":
        return judge(letter, answer, source)
    try:
        return json.loads(answer)
    except RecursionError:
        return _TOO_DEEP


def syntax_failure(source: str, sandbox: Sandbox | None = None) -> Failure | None:
    """Why `source` is not one JavaScript expression; it is parsed, never run.

    Parsed twice, in parentheses and in brackets: `1); (2` and `1]; [2` each pass one of them only.
    """
    for opening, closing in ("()", "[]"):
        check = f'(function () {{ return "null"; }})(function () {{ "use strict"; {opening}\n{source}\n{closing}; }})'
        wrapped = f'(() => {{ new Function({json.dumps(check)}); return () => "null"; }})()'
        try:
            letter, answer = (sandbox or shared()).evaluate(wrapped, "null")
        except SandboxDiedError:
            return KILLED
        if letter != "V":
            return judge("S", answer, source)
    return None


@lru_cache(maxsize=1024)
def _program(source: str, as_text: bool) -> str:
    return program(source, mentions(source), as_text=as_text)


def _data_text(source: str, scope: Scope) -> str | Failure:
    try:
        text = json.dumps(data(mentions(source), scope), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return _NOT_JSON
    return text if len(text) <= MAX_INPUT else _TOO_MUCH_INPUT
