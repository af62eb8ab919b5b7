"""A tree → closures, made once for each expression."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.path.errors import BadExpression, BadOperand, TooCostly
from penstock_healthcare.fhir.path.operators import DECIDED, OPERATORS
from penstock_healthcare.fhir.path.parser import Tree, parse
from penstock_healthcare.fhir.path.temporal import Temporal
from penstock_healthcare.fhir.path.values import Collection, Quantity, is_type, single, truth
from penstock_healthcare.fhir.resolving import Resolver

MOST_STEPS = 2_000_000
_CONSTANTS = {
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "ucum": "http://unitsofmeasure.org",
}


@dataclass
class Context:
    """What an expression is evaluated with. `resolve` follows a reference; `steps` are how many may still be taken."""

    start: Collection
    resolve: Callable[[Any], Node | None]
    conforms: Callable[[Node, str], bool] = lambda _, __: True
    constants: Mapping[str, Collection] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    steps: int = MOST_STEPS
    this: Collection = field(default_factory=list)
    index: int = 0
    total: Collection = field(default_factory=list)

    def spend(self, steps: int) -> None:
        """Raises TooCostly when no steps are left."""
        self.steps -= steps
        if self.steps < 0:
            raise TooCostly("the expression takes too many steps")

    def constant(self, name: str) -> Collection:
        """`%resource` and the others. Raises BadOperand."""
        if name in self.constants:
            return self.constants[name]
        if name in _CONSTANTS:
            return [_CONSTANTS[name]]
        return self._special(name)

    def _special(self, name: str) -> Collection:
        node = next((each for each in self.start if isinstance(each, Node)), None)
        if name == "context":
            return self.start
        if name in ("resource", "rootResource"):
            return [] if node is None else [node.resource() if name == "resource" else node.container()]
        for prefix, base in (("vs-", "ValueSet"), ("ext-", "StructureDefinition")):
            if name.startswith(prefix):
                return [f"http://hl7.org/fhir/{base}/{name.removeprefix(prefix)}"]
        raise BadOperand(f"there is no %{name}")


Step = Callable[[Context, Collection], Collection]


@lru_cache(maxsize=4_096)
def compiled(expression: str) -> Step:
    """The closure of an expression: from a context and the collection it starts from. Raises BadExpression."""
    try:
        return build(parse(expression))
    except RecursionError:
        raise BadExpression("the expression is too long", 0) from None


def evaluate(expression: str, node: Node, context: Context | None = None) -> Collection:
    """What an expression gives on a node. Raises PathError."""
    step = compiled(expression)
    around = context or Context([node], Resolver(node.root()).resolved)
    around.this = [node]
    try:
        return step(around, [node])
    except RecursionError:
        raise TooCostly("the expression goes too deep") from None


def build(tree: Tree) -> Step:
    """The closure of a tree. Raises BadExpression."""
    return _BUILDERS[tree[0]](tree)


def _then(tree: Tree) -> Step:
    before, after = build(tree[1]), build(tree[2])
    return lambda context, given: after(context, before(context, given))


def _member(tree: Tree) -> Step:
    name = tree[1]

    def step(context: Context, given: Collection) -> Collection:
        context.spend(1 + len(given))
        if len(given) == 1 and isinstance(given[0], Node):
            return given[0].named(name) or _by_type(given[0], name)
        return [
            child for item in given if isinstance(item, Node) for child in (item.named(name) or _by_type(item, name))
        ]

    return step


def _by_type(node: Node, name: str) -> Collection:
    """`Patient.name` starts with the type of what it is applied to; a resource can be any of its ancestors."""
    if name[0].isupper() and node.is_resource and node.definitions.specializes(node.type, name):
        return [node]
    return []


def _call(tree: Tree) -> Step:
    from penstock_healthcare.fhir.path.functions import FUNCTIONS

    _, name, arguments, position = tree
    function = FUNCTIONS.get(name)
    if function is None:
        raise BadExpression(f"there is no function {name}", position)
    if not function.fewest <= len(arguments) <= function.most:
        raise BadExpression(f"{name} takes {function.fewest} to {function.most} arguments", position)
    return function.make(*(function.prepare(argument) for argument in arguments))


def _operator(tree: Tree) -> Step:
    _, name, one, other, _ = tree
    left, right, operate = build(one), build(other), OPERATORS[name]
    if name not in DECIDED:
        return lambda context, given: operate(left(context, given), right(context, given))
    decided = DECIDED[name]

    def step(context: Context, given: Collection) -> Collection:
        first = left(context, given)
        if truth(first) is decided:
            return [name != "and"]
        return operate(first, right(context, given))

    return step


def _index(tree: Tree) -> Step:
    base, position = build(tree[1]), build(tree[2])

    def step(context: Context, given: Collection) -> Collection:
        found, at = base(context, given), single(position(context, given))
        return [found[at]] if isinstance(at, int) and 0 <= at < len(found) else []

    return step


def _is(tree: Tree) -> Step:
    base, name = build(tree[1]), tree[2]

    def step(context: Context, given: Collection) -> Collection:
        found = base(context, given)
        if len(found) > 1:
            raise BadOperand("is takes one value")
        return [is_type(found[0], name)] if found else []

    return step


def _as(tree: Tree) -> Step:
    base, name = build(tree[1]), tree[2]
    return lambda context, given: [item for item in base(context, given) if is_type(item, name)]


def _sign(tree: Tree) -> Step:
    base = build(tree[2])
    factor = -1 if tree[1] == "-" else 1

    def step(context: Context, given: Collection) -> Collection:
        value = single(base(context, given))
        if value is None:
            return []
        if isinstance(value, Quantity):
            return [Quantity(value.value * factor, value.unit)]
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise BadOperand("expected a number")
        return [value * factor]

    return step


def _special(tree: Tree) -> Step:
    if tree[1] == "$this":
        return lambda context, _: context.this
    if tree[1] == "$index":
        return lambda context, _: [context.index]
    return lambda context, _: context.total


def _constant(value: Any) -> Step:
    found = [value]
    return lambda _, __: found


_BUILDERS: Mapping[str, Callable[[Tree], Step]] = {
    "then": _then,
    "member": _member,
    "call": _call,
    "operator": _operator,
    "index": _index,
    "is": _is,
    "as": _as,
    "sign": _sign,
    "special": _special,
    "empty": lambda _: lambda __, ___: [],
    "value": lambda tree: _constant(tree[1]),
    "temporal": lambda tree: _constant(Temporal(tree[1])),
    "quantity": lambda tree: _constant(Quantity(tree[1], tree[2])),
    "constant": lambda tree: lambda context, _: context.constant(tree[1]),
}
