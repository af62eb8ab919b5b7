"""Compile the plain part of JavaScript to Python closures: paths, literals and simple operators.

`compile_fast` gives None for everything else; it never judges syntax. The grammar (ECMA-262 §13, precedence as there):

    ternary   = binary [ "?" ternary ":" ternary ]
    binary    = unary { operator unary }
    unary     = ( "!" | "-" ) unary | primary
    primary   = literal | "(" ternary ")" | root { "." name | "[" string or index "]" | "?." … }
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from penstock.json import JSON
from penstock.workflows.expressions.operators import BINARY, Operator, negate, nullish, truthy
from penstock.workflows.expressions.paths import INPUT, NAMES, WHOLE, Evaluate, Step, chain, node_root
from penstock.workflows.expressions.scope import Scope
from penstock.workflows.expressions.values import UNDEFINED, NotFast, leaf

_TOKEN: Final = re.compile(
    r"""[ \t\r\n]*(?:
      (?P<number>(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?![\w$.]))
    | (?P<string>'[^'\\\r\n]*'|"[^"\\\r\n]*")
    | (?P<name>[A-Za-z_$][A-Za-z0-9_$]*(?![^\x00-\x7f]))
    | (?P<mark>--|\+\+|\*\*|===|!==|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?![0-9])|[-+*<>!?:.()\[\]])
    )""",
    re.VERBOSE,
)
_CONSTANTS: Final[dict[str, JSON]] = {"true": True, "false": False, "null": None, "undefined": UNDEFINED}
_PRECEDENCE: Final[dict[str, int]] = {
    **dict.fromkeys(("??", "||"), 1),
    "&&": 2,
    **dict.fromkeys(("===", "!==", "==", "!="), 3),
    **dict.fromkeys(("<", ">", "<=", ">="), 4),
    **dict.fromkeys(("+", "-"), 5),
    "*": 6,
}
_MAX_TOKENS: Final = 200


class Token(NamedTuple):
    kind: str
    text: str


_END: Final = Token("end", "")


def compile_fast(source: str) -> Evaluate | None:
    """The evaluator of `source`, or None when it needs JavaScript. It raises NotFast where data does."""
    if source in WHOLE:
        return WHOLE[source]
    try:
        parser = _Parser(_tokens(source))
        evaluate = parser.ternary()
        parser.expect("")
    except NotFast:
        return None
    return evaluate


def _tokens(source: str) -> list[Token]:
    tokens: list[Token] = []
    at, end = 0, len(source.rstrip(" \t\r\n"))
    while at < end:
        match = _TOKEN.match(source, at)
        if match is None or len(tokens) >= _MAX_TOKENS:
            raise NotFast
        kind = match.lastgroup or ""
        tokens.append(Token(kind, match[kind]))
        at = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def _peek(self) -> Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _accept(self, mark: str) -> bool:
        if self._peek() != ("mark", mark):
            return False
        self._at += 1
        return True

    def expect(self, *texts: str) -> None:
        """Read these tokens, `""` being the end. Raises NotFast."""
        for text in texts:
            if self._next().text != text:
                raise NotFast

    def ternary(self) -> Evaluate:
        condition = self._binary(0)[0]
        if not self._accept("?"):
            return condition
        then = self.ternary()
        self.expect(":")
        otherwise = self.ternary()
        return lambda scope: then(scope) if truthy(condition(scope)) else otherwise(scope)

    def _binary(self, floor: int) -> tuple[Evaluate, str]:
        """Operators that bind tighter than `floor`; also the last one applied, "" for none."""
        left, made_by = self._unary(), ""
        while (mark := self._operator()) and _PRECEDENCE[mark] > floor:
            self._at += 1
            right, right_by = self._binary(_PRECEDENCE[mark])
            _refuse_mixed(mark, made_by, right_by)
            left, made_by = _join(mark, left, right), mark
        return left, made_by

    def _operator(self) -> str:
        token = self._peek()
        return token.text if token.kind == "mark" and token.text in _PRECEDENCE else ""

    def _unary(self) -> Evaluate:
        if self._accept("!"):
            operand = self._unary()
            return lambda scope: not truthy(operand(scope))
        if self._accept("-"):
            number = self._unary()
            return lambda scope: negate(number(scope))
        return self._primary()

    def _primary(self) -> Evaluate:
        token = self._next()
        if token == ("mark", "("):
            inner = self.ternary()
            self.expect(")")
            self._refuse_member()
            return inner
        if token.kind == "name" and token.text not in _CONSTANTS:
            return chain(self._root(token.text), self._steps())
        return self._literal(token)

    def _literal(self, token: Token) -> Evaluate:
        readers: dict[str, Callable[[str], JSON]] = {
            "number": lambda text: leaf(float(text) if "." in text else int(text)),
            "string": lambda text: leaf(text[1:-1]),
            "name": lambda text: _CONSTANTS[text],
        }
        if token.kind not in readers:
            raise NotFast
        value = readers[token.kind](token.text)
        self._refuse_member()
        return lambda _scope: value

    def _refuse_member(self) -> None:
        """`"text".length` and `(…).x` are left to JavaScript."""
        if self._peek() in (("mark", "."), ("mark", "["), ("mark", "?."), ("mark", "(")):
            raise NotFast

    def _root(self, name: str) -> Evaluate:
        if name == "$input":
            self.expect(".")
            return INPUT[self._item()]
        if name == "$":
            return self._node()
        if name not in NAMES:
            raise NotFast
        return NAMES[name]

    def _node(self) -> Evaluate:
        self.expect("(")
        token = self._next()
        if token.kind != "string":
            raise NotFast
        self.expect(")", ".")
        return node_root(token.text[1:-1], self._item())

    def _item(self) -> str:
        """`first().json`, `last().json` or `item.json`."""
        name = self._next().text
        if name not in INPUT:
            raise NotFast
        if name != "item":
            self.expect("(", ")")
        self.expect(".", "json")
        return name

    def _steps(self) -> list[Step]:
        steps: list[Step] = []
        while True:
            if self._accept("."):
                steps.append(Step(self._name()))
            elif self._accept("["):
                steps.append(Step(self._key()))
            elif self._accept("?."):
                steps.append(Step(self._key() if self._accept("[") else self._name(), optional=True))
            elif self._peek() == ("mark", "("):
                raise NotFast
            else:
                return steps

    def _name(self) -> str:
        token = self._next()
        if token.kind != "name":
            raise NotFast
        return token.text

    def _key(self) -> str:
        token = self._next()
        self.expect("]")
        if token.kind == "string":
            return token.text[1:-1]
        if token.kind != "number" or "." in token.text or len(token.text) > 9:
            raise NotFast
        return token.text


def _refuse_mixed(mark: str, left: str, right: str) -> None:
    """`??` beside `||` or `&&` without parentheses is a syntax error (§13.13): JavaScript reports it."""
    logical = {"||", "&&"}
    sides = {left, right}
    if (mark == "??" and sides & logical) or (mark in logical and "??" in sides):
        raise NotFast


def _join(mark: str, left: Evaluate, right: Evaluate) -> Evaluate:
    if mark in _SHORT_CIRCUIT:
        keep = _SHORT_CIRCUIT[mark]

        def choose(scope: Scope) -> JSON:
            value = left(scope)
            return value if keep(value) else right(scope)

        return choose
    apply: Operator = BINARY[mark]
    return lambda scope: apply(left(scope), right(scope))


_SHORT_CIRCUIT: Final[dict[str, Callable[[JSON], bool]]] = {
    "||": truthy,
    "&&": lambda value: not truthy(value),
    "??": lambda value: not nullish(value),
}
