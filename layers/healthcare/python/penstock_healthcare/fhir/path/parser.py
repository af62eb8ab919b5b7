"""FHIRPath tokens → a tree of tuples: (operation, operands …, position)."""

from decimal import Decimal
from typing import Any

from penstock_healthcare.fhir.path.errors import BadExpression
from penstock_healthcare.fhir.path.lexer import Token, tokens, unquoted

Tree = tuple[Any, ...]
DEEPEST = 100
_LEVELS = ("implies", "or xor", "and", "in contains", "= ~ != !~", "<= >= < >", "|", "is as", "+ - &", "* / div mod")
"""Operators, those that bind least first."""
_BINDING = {operator: level for level, operators in enumerate(_LEVELS) for operator in operators.split()}
_TYPE_LEVEL = _BINDING["is"]
_CALENDAR = {
    unit + plural: unit
    for unit in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
    for plural in ("", "s")
}


def parse(text: str) -> Tree:
    """The tree of an expression. Raises BadExpression."""
    parser = _Parser(tokens(text))
    tree = parser.expression()
    if parser.token.kind != "end":
        raise BadExpression("the expression should end here", parser.token.position)
    return tree


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens, self._at, self._depth = found, 0, 0

    @property
    def token(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self.token
        self._at += token.kind != "end"
        return token

    def _is(self, *texts: str) -> bool:
        return self.token.text in texts and self.token.kind in ("symbol", "name")

    def _expect(self, text: str) -> None:
        if not self._is(text):
            raise BadExpression(f"expected {text}", self.token.position)
        self._next()

    def expression(self, weakest: int = 0) -> Tree:
        """What operators join that bind no less than the level `weakest`."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadExpression(f"nested more than {DEEPEST} deep", self.token.position)
        left = self._unary()
        while (level := self._level()) >= weakest:
            operator = self._next()
            if level == _TYPE_LEVEL:
                left = (operator.text, left, self._type(), operator.position)
            else:
                left = ("operator", operator.text, left, self.expression(level + 1), operator.position)
        self._depth -= 1
        return left

    def _level(self) -> int:
        """How closely the operator at hand binds; -1 for what is none."""
        return _BINDING.get(self.token.text, -1) if self.token.kind in ("symbol", "name") else -1

    def _unary(self) -> Tree:
        signs = []
        while self._is("+", "-"):
            signs.append(self._next())
        tree = self._postfix()
        for sign in reversed(signs):
            tree = ("sign", sign.text, tree, sign.position)
        return tree

    def _postfix(self) -> Tree:
        tree = self._term()
        while True:
            position = self.token.position
            if self._is("."):
                self._next()
                tree = ("then", tree, self._invocation(), position)
            elif self._is("["):
                self._next()
                tree = ("index", tree, self.expression(), position)
                self._expect("]")
            else:
                return tree

    def _term(self) -> Tree:
        token = self.token
        if self._is("("):
            self._next()
            tree = self.expression()
            self._expect(")")
            return tree
        if self._is("{"):
            self._next()
            self._expect("}")
            return ("empty", token.position)
        if token.kind in _LITERALS or token.text in ("true", "false"):
            return self._literal()
        return self._invocation()

    def _literal(self) -> Tree:
        token = self._next()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "string":
            return ("value", unquoted(token.text), token.position)
        if token.kind == "temporal":
            return ("temporal", token.text[1:], token.position)
        if token.kind == "constant":
            name = token.text[1:]
            return ("constant", unquoted(name) if name[0] in "'`" else name, token.position)
        return ("value", token.text == "true", token.position)

    def _number(self, token: Token) -> Tree:
        value = Decimal(token.text) if "." in token.text else int(token.text)
        if self.token.kind == "string":
            return ("quantity", Decimal(value), unquoted(self._next().text), token.position)
        if self.token.kind == "name" and self.token.text in _CALENDAR:
            return ("quantity", Decimal(value), _CALENDAR[self._next().text], token.position)
        return ("value", value, token.position)

    def _invocation(self) -> Tree:
        token = self._next()
        if token.kind == "special":
            return ("special", token.text, token.position)
        if token.kind not in ("name", "delimited"):
            raise BadExpression("expected a name, a value or (", token.position)
        name = unquoted(token.text) if token.kind == "delimited" else token.text
        if token.kind == "name" and self._is("("):
            self._next()
            return ("call", name, tuple(self._arguments()), token.position)
        return ("member", name, token.position)

    def _arguments(self) -> list[Tree]:
        found: list[Tree] = []
        while not self._is(")"):
            if found:
                self._expect(",")
            found.append(self.expression())
        self._next()
        return found

    def _type(self) -> str:
        token = self._next()
        if token.kind not in ("name", "delimited"):
            raise BadExpression("expected a type", token.position)
        names = [token.text.strip("`")]
        while self._is("."):
            self._next()
            names.append(self._next().text.strip("`"))
        return ".".join(names)


_LITERALS = frozenset({"number", "string", "temporal", "constant"})


def type_name(tree: Tree) -> str:
    """The type that an argument names: `Quantity`, `FHIR.Patient`. Raises BadExpression."""
    if tree[0] == "member":
        return str(tree[1])
    if tree[0] == "then" and tree[2][0] == "member":
        return f"{type_name(tree[1])}.{tree[2][1]}"
    raise BadExpression("expected a type", tree[-1])
