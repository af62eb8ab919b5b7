"""What can go wrong with an expression.

ExpressionError              any of them: node, parameter, expression, reason
├── ExpressionSyntaxError    the text is not one JavaScript expression; the workflow must be edited
├── ExpressionRuntimeError   it failed on this item; another item may do
└── ExpressionLimitError     it wanted more time, memory, stack or text than it may have (`limit` says which)

No message holds item data: where a reason might quote some, it is withheld (`reasons`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Limit = Literal["time", "memory", "stack", "input", "result", "source", "depth"]

SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Where:
    """The node and the parameter whose value holds the expression, for error messages.

    `parameter` is a path such as `fields.total` or `headers[0].value`; empty for the whole parameters.
    """

    node: str
    parameter: str = ""

    def at(self, path: str) -> Where:
        """This place, `path` further in (`path` is relative: `total`, `[0].value`)."""
        if not path:
            return self
        joint = "." if self.parameter and not path.startswith("[") else ""
        return Where(self.node, f"{self.parameter}{joint}{path}")


class ExpressionError(Exception):
    """An expression could not be resolved."""

    def __init__(self, where: Where, expression: str, reason: str) -> None:
        self.node = where.node
        self.parameter = where.parameter
        self.expression = expression
        self.reason = reason
        super().__init__(f'node "{where.node}", parameter "{where.parameter}", {{{{ {shown(expression)} }}}}: {reason}')


class ExpressionSyntaxError(ExpressionError):
    """The text between the braces is not one JavaScript expression, or the braces do not close."""


class ExpressionRuntimeError(ExpressionError):
    """The expression threw, or its result has no JSON form."""


class ExpressionLimitError(ExpressionError):
    """The expression went over one of its bounds."""

    def __init__(self, where: Where, expression: str, reason: str, limit: Limit) -> None:
        self.limit: Limit = limit
        super().__init__(where, expression, reason)


def shown(expression: str) -> str:
    """`expression` as messages quote it: one line, cut where it gets long."""
    line = " ".join(expression.split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…"
