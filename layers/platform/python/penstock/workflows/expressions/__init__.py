"""Expressions: `{{ JavaScript }}` in a node's parameters, as n8n's users write it.

    compiled = compile({"total": "{{ $json.price * $json.count }}"})   # once per node
    compiled.resolve(scope, Where("Set", "fields"))                     # once per item

Paths, literals and simple operators are read in Python (`parser`, `paths`, `operators`) exactly as
JavaScript would; everything else runs in QuickJS (`sandbox`), in a process of its own, with limits.
Both give the same results: numbers are IEEE doubles, so an integer beyond 2^53 loses its last digits
(keep long identifiers as strings); undefined, NaN and Infinity become null; a Date becomes its ISO string.
"""

from penstock.workflows.expressions.compiled import (
    Compiled,
    Problem,
    check,
    compile,  # noqa: A004 -- as in `re.compile`
    references,
    resolve,
)
from penstock.workflows.expressions.errors import (
    ExpressionError,
    ExpressionLimitError,
    ExpressionRuntimeError,
    ExpressionSyntaxError,
    Where,
)
from penstock.workflows.expressions.sandbox import Limits, Sandbox, SandboxUnavailableError
from penstock.workflows.expressions.scope import Scope

__all__ = [
    "Compiled",
    "ExpressionError",
    "ExpressionLimitError",
    "ExpressionRuntimeError",
    "ExpressionSyntaxError",
    "Limits",
    "Problem",
    "Sandbox",
    "SandboxUnavailableError",
    "Scope",
    "Where",
    "check",
    "compile",
    "references",
    "resolve",
]
