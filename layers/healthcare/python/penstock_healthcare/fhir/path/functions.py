"""FHIRPath's functions, and FHIR's: one table. Each makes a step of its arguments' steps."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.path import texts
from penstock_healthcare.fhir.path.compiler import Context, Step, build
from penstock_healthcare.fhir.path.errors import BadOperand
from penstock_healthcare.fhir.path.operators import equal, union
from penstock_healthcare.fhir.path.parser import Tree, type_name
from penstock_healthcare.fhir.path.temporal import Temporal
from penstock_healthcare.fhir.path.values import Collection, distinct, is_type, key, plain, single, system_type, truth


@dataclass(frozen=True)
class Function:
    """`make` takes what `prepare` makes of each argument: a step, or a type's name."""

    make: Callable[..., Step]
    fewest: int = 0
    most: int = 0
    prepare: Callable[[Tree], Any] = build


def _each(context: Context, given: Collection, step: Step) -> Iterator[tuple[Any, Collection]]:
    """Each item with what a step gives on it as $this."""
    context.spend(len(given))
    before, place = context.this, context.index
    try:
        for index, item in enumerate(given):
            context.this, context.index = [item], index
            yield item, step(context, context.this)
    finally:
        context.this, context.index = before, place


def _where(criteria: Step) -> Step:
    return lambda context, given: [item for item, found in _each(context, given, criteria) if truth(found)]


def _exists(*criteria: Step) -> Step:
    if criteria:
        return lambda context, given: [any(truth(found) for _, found in _each(context, given, criteria[0]))]
    return lambda _, given: [bool(given)]


def _all(criteria: Step) -> Step:
    return lambda context, given: [all(truth(found) for _, found in _each(context, given, criteria))]


def _select(projection: Step) -> Step:
    return lambda context, given: [each for _, found in _each(context, given, projection) for each in found]


def _repeat(projection: Step) -> Step:
    def step(context: Context, given: Collection) -> Collection:
        found: dict[Any, Any] = {}
        fresh = given
        while fresh:
            produced = [each for _, found_here in _each(context, fresh, projection) for each in found_here]
            fresh = []
            for item in produced:
                identity = id(item) if isinstance(item, Node) else key(item)
                if identity not in found:
                    found[identity] = item
                    fresh.append(item)
        return list(found.values())

    return step


def _aggregate(aggregator: Step, start: Step | None = None) -> Step:
    def step(context: Context, given: Collection) -> Collection:
        before = context.total
        context.total = start(context, given) if start else []
        try:
            for _, found in _each(context, given, aggregator):
                context.total = found
            return context.total
        finally:
            context.total = before

    return step


def _iif(condition: Step, yes: Step, no: Step | None = None) -> Step:
    def step(context: Context, given: Collection) -> Collection:
        if truth(condition(context, given)):
            return yes(context, given)
        return no(context, given) if no else []

    return step


def _descendants(context: Context, given: Collection) -> Collection:
    found: Collection = []
    for item in given:
        if isinstance(item, Node):
            for each in item.descendants():
                context.spend(1)
                found.append(each)
    return found


def _children(context: Context, given: Collection) -> Collection:
    found = [child for item in given if isinstance(item, Node) for child in item.children]
    context.spend(len(found))
    return found


def _resolve(context: Context, given: Collection) -> Collection:
    found = (context.resolve(item) for item in given)
    return [each for each in found if each is not None]


def _extension(url: Step) -> Step:
    def step(context: Context, given: Collection) -> Collection:
        wanted = single(url(context, context.this))
        extensions = (each for item in given if isinstance(item, Node) for each in item.named("extension"))
        return [each for each in extensions if each.child_value("url") == wanted]

    return step


def _has_value(_: Context, given: Collection) -> Collection:
    return [len(given) == 1 and (not isinstance(given[0], Node) or given[0].has_value)]


def _get_value(_: Context, given: Collection) -> Collection:
    return [plain(given[0])] if len(given) == 1 and (not isinstance(given[0], Node) or given[0].has_value) else []


def _conforms(profile: Step) -> Step:
    def step(context: Context, given: Collection) -> Collection:
        url = single(profile(context, context.this))
        return [isinstance(item, Node) and isinstance(url, str) and context.conforms(item, url) for item in given]

    return step


def _type(_: Context, given: Collection) -> Collection:
    return [item.type if isinstance(item, Node) else system_type(item) for item in given]


def _not(_: Context, given: Collection) -> Collection:
    answer = truth(given)
    return [] if answer is None else [not answer]


def _single(_: Context, given: Collection) -> Collection:
    if len(given) > 1:
        raise BadOperand("single found several values")
    return given


def _is_distinct(context: Context, given: Collection) -> Collection:
    context.spend(len(given))
    return [len({key(item) for item in given}) == len(given)]


def _html(_: Context, given: Collection) -> Collection:
    from penstock_healthcare.fhir.formats.xhtml import faults

    return [not any(faults(str(plain(item))) for item in given)]


def _every(wanted: bool, *, is_any: bool) -> Callable[[], Step]:
    decide = any if is_any else all
    return lambda: lambda _, given: [decide(plain(item) is wanted for item in given)]


def _plain(step: Step) -> Callable[[], Step]:
    """A function without arguments."""
    return lambda: step


def _of(operate: Callable[[Collection, Collection], Collection]) -> Callable[[Step], Step]:
    """A function of the collection and another one, whose expression starts where the whole one does."""
    return lambda other: lambda context, given: operate(given, other(context, context.this))


def _by_count(operate: Callable[[Collection, int], Collection]) -> Callable[[Step], Step]:
    def make(number: Step) -> Step:
        def step(context: Context, given: Collection) -> Collection:
            count = single(number(context, context.this))
            if not isinstance(count, int):
                raise BadOperand("expected a whole number")
            return operate(given, max(0, count))

        return step

    return make


def _keys(items: Collection) -> set[Any]:
    return {key(item) for item in items}


def _intersect(left: Collection, right: Collection) -> Collection:
    wanted = _keys(right)
    return [item for item in distinct(left) if key(item) in wanted]


def _exclude(left: Collection, right: Collection) -> Collection:
    unwanted = _keys(right)
    return [item for item in left if key(item) not in unwanted]


def _typed(keep: Callable[[Collection, str], Collection]) -> Function:
    return Function(lambda name: lambda _, given: keep(given, name), 1, 1, type_name)


def _of_type(given: Collection, name: str) -> Collection:
    return [item for item in given if is_type(item, name)]


def _is(given: Collection, name: str) -> Collection:
    return [is_type(given[0], name)] if len(given) == 1 else []


def _one(make: Callable[[Step], Step]) -> Function:
    return Function(make, 1, 1)


def _none(step: Step) -> Function:
    return Function(_plain(step))


FUNCTIONS: Mapping[str, Function] = {
    "empty": _none(lambda _, given: [not given]),
    "exists": Function(_exists, 0, 1),
    "all": _one(_all),
    "allTrue": Function(_every(True, is_any=False)),
    "anyTrue": Function(_every(True, is_any=True)),
    "allFalse": Function(_every(False, is_any=False)),
    "anyFalse": Function(_every(False, is_any=True)),
    "subsetOf": _one(_of(lambda left, right: [_keys(left) <= _keys(right)])),
    "supersetOf": _one(_of(lambda left, right: [_keys(left) >= _keys(right)])),
    "count": _none(lambda _, given: [len(given)]),
    "distinct": _none(lambda _, given: distinct(given)),
    "isDistinct": _none(_is_distinct),
    "where": _one(_where),
    "select": _one(_select),
    "repeat": _one(_repeat),
    "aggregate": Function(_aggregate, 1, 2),
    "iif": Function(_iif, 2, 3),
    "ofType": _typed(_of_type),
    "as": _typed(_of_type),
    "is": _typed(_is),
    "single": _none(_single),
    "first": _none(lambda _, given: given[:1]),
    "last": _none(lambda _, given: given[-1:]),
    "tail": _none(lambda _, given: given[1:]),
    "skip": _one(_by_count(lambda given, count: given[count:])),
    "take": _one(_by_count(lambda given, count: given[:count])),
    "intersect": _one(_of(_intersect)),
    "exclude": _one(_of(_exclude)),
    "union": _one(_of(union)),
    "combine": _one(_of(lambda left, right: [*left, *right])),
    "not": _none(_not),
    "children": _none(_children),
    "descendants": _none(_descendants),
    "trace": Function(lambda *_: lambda __, given: given, 1, 2),
    "now": _none(lambda context, _: [Temporal(context.now.isoformat(timespec="milliseconds"))]),
    "today": _none(lambda context, _: [Temporal(context.now.date().isoformat())]),
    "timeOfDay": _none(lambda context, _: [Temporal(f"T{context.now.time().isoformat(timespec='milliseconds')}")]),
    "type": _none(_type),
    "extension": _one(_extension),
    "hasValue": _none(_has_value),
    "getValue": _none(_get_value),
    "resolve": _none(_resolve),
    "conformsTo": _one(_conforms),
    "htmlChecks": _none(_html),
    "elementDefinition": _none(lambda _, __: []),
    "memberOf": Function(lambda *_: lambda __, ___: [], 1, 1),
    **{name: Function(make, fewest, most) for name, (make, fewest, most) in texts.FUNCTIONS.items()},
}

__all__ = ["FUNCTIONS", "Function", "equal"]
