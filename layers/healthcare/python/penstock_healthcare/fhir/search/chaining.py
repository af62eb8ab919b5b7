"""Chains (`subject:Patient.name`) and `_has`: conditions on what a resource refers to, or on what refers to it.

Each is a search of its own, which becomes a condition on references or ids (FHIR R4, sections 3.1.1.4.4 and 3.1.1.4.5).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock_healthcare.fhir.errors import InvalidSearch
from penstock_healthcare.fhir.search.parameters import Parameter, parameters

if TYPE_CHECKING:
    from penstock_healthcare.fhir.search.asking import Query

HAS = "_has:"
DEEPEST = 3
MOST_TARGETS = 10
MOST_LINKED = 500
"""Resources that one chain may lead over."""
Ask = Callable[[str, Sequence[tuple[str, str]]], "Query"]


@dataclass(frozen=True, slots=True)
class Chain:
    """What the reference `parameter` leads to must be found by one of the queries, one for each type.

    When `is_reverse`, the parameter is one of the query's type, and what it leads to is the resource itself.
    """

    parameter: Parameter
    queries: "tuple[Query, ...]"
    is_reverse: bool = False


def is_chain(kind: str, name: str) -> bool:
    """Whether a parameter's name is one of a chain of the type."""
    head, dot, _ = name.partition(".")
    return name.startswith(HAS) or bool(dot and head.partition(":")[0] in parameters(kind))


def led_over(kind: str, name: str, deepest: int = DEEPEST) -> Iterator[str]:
    """The types that a chain looks into, by its name alone; none where it is no chain, or none that is served."""
    if deepest == 0 or not is_chain(kind, name):
        return
    if name.startswith(HAS):
        _, other, _, rest = (*name.split(":", 3), "", "", "")[:4]
        kinds: Sequence[str] = (other,)
    else:
        head, _, rest = name.partition(".")
        code, _, target = head.partition(":")
        first = rest.partition(".")[0].partition(":")[0]
        kinds = [target] if target else [each for each in parameters(kind)[code].targets if first in parameters(each)]
    for each in kinds[:MOST_TARGETS]:
        yield each
        yield from led_over(each, rest, deepest - 1)


def chained(kind: str, name: str, value: str, ask: Ask) -> Chain:
    """The chain of a parameter. Raises InvalidSearch."""
    return _reverse(kind, name, value, ask) if name.startswith(HAS) else _forward(kind, name, value, ask)


def _forward(kind: str, name: str, value: str, ask: Ask) -> Chain:
    head, _, rest = name.partition(".")
    code, _, target = head.partition(":")
    parameter = parameters(kind)[code]
    if parameter.type != "reference":
        raise InvalidSearch(name, f"{code} is no reference, so nothing can follow it")
    if target and target not in parameter.targets:
        raise InvalidSearch(name, f"{code} refers to no resources of that type")
    first = rest.partition(".")[0].partition(":")[0]
    kinds = [each for each in ((target,) if target else parameter.targets) if first in parameters(each)]
    if not kinds:
        raise InvalidSearch(name, f"nothing that {code} refers to has a search parameter {first[:64]} that is served")
    if len(kinds) > MOST_TARGETS:
        raise InvalidSearch(name, f"must name a type, as {code}:{kinds[0]}.{first}: {code} may refer to many")
    return Chain(parameter, tuple(ask(each, [(rest, value)]) for each in kinds))


def _reverse(kind: str, name: str, value: str, ask: Ask) -> Chain:
    _, other, code, rest = (*name.split(":", 3), "", "", "")[:4]
    parameter = parameters(other).get(code) if other.isalpha() else None
    if parameter is None or parameter.type != "reference" or kind not in parameter.targets or not rest:
        raise InvalidSearch(name, f"must be _has:, a type, its reference to {kind}, and a parameter of it, as a:b:c")
    return Chain(parameter, (ask(other, [(rest, value)]),), is_reverse=True)
