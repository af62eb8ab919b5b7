"""Compile a node's parameters once, resolve them for every item."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from penstock.json import JSON
from penstock.workflows.expressions.errors import (
    ExpressionError,
    ExpressionLimitError,
    ExpressionRuntimeError,
    ExpressionSyntaxError,
    Where,
)
from penstock.workflows.expressions.javascript import run, syntax_failure
from penstock.workflows.expressions.operators import text as primitive_text
from penstock.workflows.expressions.parser import compile_fast
from penstock.workflows.expressions.paths import Evaluate
from penstock.workflows.expressions.prelude import MAX_RESULT
from penstock.workflows.expressions.reasons import Failure
from penstock.workflows.expressions.scope import Scope
from penstock.workflows.expressions.sources import mentions
from penstock.workflows.expressions.template import OPEN, Code, UnclosedExpressionError, split
from penstock.workflows.expressions.values import UNDEFINED, NotFast, container

MAX_SOURCE: Final = 10_000
MAX_DEPTH: Final = 64

_EMPTY = Failure("syntax", "it is empty")
_TOO_LONG = Failure("limit", f"it is longer than {MAX_SOURCE} characters", "source")
_TOO_LARGE = Failure("limit", "its result is too large", "result")
_TOO_DEEP = Failure("limit", f"the parameters are nested deeper than {MAX_DEPTH}", "depth")


@dataclass(frozen=True, slots=True)
class Problem:
    """An expression that can never be resolved: where it stands (a path like `fields[0].value`) and why."""

    parameter: str
    expression: str
    reason: str


@dataclass(frozen=True, slots=True)
class Expression:
    """One `{{ … }}`: its source, and its fast evaluator where it has one."""

    source: str
    fast: Evaluate | None
    failure: Failure | None = None

    def value(self, scope: Scope) -> JSON | Failure:
        if self.failure:
            return self.failure
        if self.fast:
            try:
                value = self.fast(scope)
                return _json(value)
            except NotFast:
                pass
        return run(self.source, scope, as_text=False)

    def text(self, scope: Scope) -> str | Failure:
        """The value as a text takes it in: null and undefined are empty, containers JSON."""
        if self.failure:
            return self.failure
        if self.fast:
            try:
                return _text(self.fast(scope))
            except NotFast:
                pass
        text: str | Failure = run(self.source, scope, as_text=True)
        return text


def _json(value: JSON) -> JSON:
    if value is UNDEFINED:
        return None
    return container(value) if isinstance(value, (dict, list)) else value


def _text(value: JSON) -> str:
    if value is None or value is UNDEFINED:
        return ""
    if isinstance(value, (dict, list)):
        return json.dumps(container(value), ensure_ascii=False, separators=(",", ":"))
    return primitive_text(value)


@dataclass(frozen=True, slots=True)
class Template:
    """A string's parts; a single expression without text keeps its type."""

    parts: tuple[str | Expression, ...]

    @property
    def expressions(self) -> Iterator[Expression]:
        return (part for part in self.parts if isinstance(part, Expression))

    def resolve(self, scope: Scope, where: Where, path: str) -> JSON:
        """`path` leads from `where` to this string."""
        first = self.parts[0]
        if len(self.parts) == 1 and isinstance(first, Expression):
            return _checked(first.value(scope), first, where, path)
        texts = [
            part if isinstance(part, str) else _checked(part.text(scope), part, where, path) for part in self.parts
        ]
        if sum(map(len, texts)) > MAX_RESULT:
            raise _error(_TOO_LARGE, next(self.expressions).source, where.at(path))
        return "".join(texts)


def _checked(value: JSON | Failure, expression: Expression, where: Where, path: str) -> JSON:
    if isinstance(value, Failure):
        raise _error(value, expression.source, where.at(path))
    return value


def _error(failure: Failure, source: str, where: Where) -> ExpressionError:
    if failure.kind == "limit":
        return ExpressionLimitError(where, source, failure.reason, failure.limit)
    kinds = {"syntax": ExpressionSyntaxError, "runtime": ExpressionRuntimeError}
    return kinds[failure.kind](where, source, failure.reason)


@lru_cache(maxsize=1024)
def template(text: str) -> Template:
    """The compiled form of a string that holds `{{`. Never raises: failures wait in the parts."""
    try:
        parts = split(text)
    except UnclosedExpressionError as error:
        return Template((Expression(error.rest, None, Failure("syntax", str(error))),))
    return Template(tuple(expression(part.source) if isinstance(part, Code) else part for part in parts))


def expression(source: str) -> Expression:
    if not source:
        return Expression(source, None, _EMPTY)
    if len(source) > MAX_SOURCE:
        return Expression(source, None, _TOO_LONG)
    return Expression(source, compile_fast(source))


Resolver = Callable[[Scope, Where], JSON]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A JSON value ready to be resolved. `templates` are its strings with expressions, by relative path."""

    source: JSON
    templates: tuple[tuple[str, Template], ...]
    _resolver: Resolver | None

    @property
    def is_static(self) -> bool:
        """Whether it holds no expression, so that `resolve` gives `source` itself."""
        return self._resolver is None

    def resolve(self, scope: Scope, where: Where) -> JSON:
        """The value for this item. Parts without expressions are shared with `source`, not copied.

        Raises ExpressionError.
        """
        return self.source if self._resolver is None else self._resolver(scope, where)


def compile(value: JSON) -> Compiled:  # noqa: A001 -- as in `re.compile`
    """Raises ExpressionLimitError when the value is nested deeper than MAX_DEPTH."""
    templates: list[tuple[str, Template]] = []
    resolver = _compile(value, "", 0, templates)
    return Compiled(value, tuple(templates), resolver)


def _compile(value: JSON, path: str, depth: int, templates: list[tuple[str, Template]]) -> Resolver | None:
    """The resolver of `value`, None when it is static; strings with expressions are added to `templates`."""
    if isinstance(value, str):
        return _compile_text(value, path, templates) if OPEN in value else None
    if not isinstance(value, (dict, list)):
        return None
    if depth >= MAX_DEPTH:
        raise _error(_TOO_DEEP, "", Where("", path))
    if isinstance(value, list):
        entries = [(index, f"{path}[{index}]", part) for index, part in enumerate(value)]
    else:
        entries = [(key, f"{path}.{key}" if path else str(key), part) for key, part in value.items()]
    dynamic = {key: found for key, at, part in entries if (found := _compile(part, at, depth + 1, templates))}
    return _rebuild(value, tuple(dynamic.items())) if dynamic else None


def _compile_text(value: str, path: str, templates: list[tuple[str, Template]]) -> Resolver:
    compiled = template(value)
    templates.append((path, compiled))
    return lambda scope, where: compiled.resolve(scope, where, path)


def _rebuild(value: JSON, dynamic: tuple[tuple[int | str, Resolver], ...]) -> Resolver:
    def resolve_parts(scope: Scope, where: Where) -> JSON:
        built = value.copy()
        for key, resolver in dynamic:
            built[key] = resolver(scope, where)
        return built

    return resolve_parts


def resolve(value: JSON, scope: Scope, *, where: Where) -> JSON:
    """`value` with its expressions replaced by what they give for this item. Raises ExpressionError."""
    return compile(value).resolve(scope, where)


def check(value: JSON) -> list[Problem]:
    """Every expression of `value` that is not JavaScript, in the order in which they stand."""
    return [
        Problem(path, part.source, failure.reason)
        for path, found in compile(value).templates
        for part in found.expressions
        if (failure := part.failure or (None if part.fast else syntax_failure(part.source)))
    ]


def references(value: JSON) -> set[str]:
    """The names of the nodes that `$('Name')`, `$node["Name"]` and `$items("Name")` read in `value`."""
    return {
        name
        for _, found in compile(value).templates
        for part in found.expressions
        for name in mentions(part.source).named
    }
