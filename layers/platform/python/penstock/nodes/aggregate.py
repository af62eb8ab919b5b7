"""core.aggregate"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, localcontext
from enum import StrEnum
from math import fsum
from typing import Any

from pydantic import Field, model_validator

from penstock.fields import FieldPath, get, number, order, put
from penstock.json import JSON, JSONObject, canonical
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type

Numbers = Sequence[int | float | Decimal]
_DIGITS = 200


class Function(StrEnum):
    """What is made of a field's values."""

    COUNT = "count"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    AVERAGE = "average"
    FIRST = "first"
    LAST = "last"
    LIST = "list"


class Operation(NodeParameters):
    """One result."""

    function: Function = Field(description="What is made of the values; values that are null do not count")
    field: FieldPath | None = Field(
        default=None, description="The field whose values are taken; only count does without: it counts the items"
    )
    name: FieldPath | None = Field(default=None, description="The result's field; sum_amount for the sum of amount")

    @model_validator(mode="after")
    def _has_field(self) -> "Operation":
        if self.field is None and self.function is not Function.COUNT:
            raise ValueError(f"{self.function} needs a field")
        return self

    @property
    def result(self) -> str:
        """The field that the result is put in."""
        return self.name or "_".join([self.function, *(self.field.split(".") if self.field else [])])


class Parameters(NodeParameters):
    """How items are grouped, and what is made of each group."""

    group_by: tuple[FieldPath, ...] = Field(
        default=(), max_length=20, description="Items with equal values here form a group; left out, all items are one"
    )
    operations: tuple[Operation, ...] = Field(default=(), max_length=50, description="The results of each group")
    collect: FieldPath | None = Field(default=None, description="A field that gets the group's items, as a list")

    @model_validator(mode="after")
    def _gives_something(self) -> "Parameters":
        if not (self.operations or self.collect or self.group_by):
            raise ValueError("give operations, or a field to collect the items in")
        return self


@node_type("core.aggregate", kind=Kind.QUERY, parameters=Parameters, per_item=False)
def aggregate(call: Call[Parameters]) -> Outcome:
    """Make one item of many: counts, sums, averages, or a list of them all.

    Gives one item a group, in the order in which the groups first appear. Numbers that travel as text, as amounts of
    money do, are summed exactly and give text; an average then has 28 digits at most.
    """
    groups: dict[bytes, list[JSONObject]] = {}
    for item in call.items:
        groups.setdefault(canonical([get(item, path) for path in call.parameters.group_by]), []).append(item)
    return Emit.main([_result(items, call.parameters) for items in groups.values()])


def _result(items: Sequence[JSONObject], parameters: Parameters) -> JSONObject:
    result: JSONObject = {}
    for path in parameters.group_by:
        result = put(result, path, get(items[0], path))
    for operation in parameters.operations:
        result = put(result, operation.result, _value(items, operation))
    return put(result, parameters.collect, list(items)) if parameters.collect else result


def _value(items: Sequence[JSONObject], operation: Operation) -> JSON:
    if operation.field is None:
        return len(items)
    values = [value for item in items if (value := get(item, operation.field)) is not None]
    return _FUNCTIONS[operation.function](values, operation.field)


def _sum(values: Sequence[JSON], field: str) -> JSON:
    return _written(_total(_numbers(values, field)))


def _average(values: Sequence[JSON], field: str) -> JSON:
    numbers = _numbers(values, field)
    return _written(_total(numbers) / len(numbers)) if numbers else None


def _total(numbers: Numbers) -> int | float | Decimal:
    """Exact for integers and for decimals, correctly rounded for others. One decimal makes all of them decimals."""
    if any(isinstance(value, Decimal) for value in numbers):
        with localcontext(prec=_DIGITS):
            return sum((Decimal(str(value)) for value in numbers), Decimal())
    if all(isinstance(value, int) for value in numbers):
        return sum(int(value) for value in numbers)
    return fsum(numbers)


def _written(value: int | float | Decimal) -> JSON:
    return f"{value:f}" if isinstance(value, Decimal) else value


def _numbers(values: Sequence[JSON], field: str) -> Numbers:
    numbers = [number(value) for value in values]
    if None in numbers:
        raise NodeFailure("NotANumber", f"{field} holds a value that is not a number", permanent=True)
    return [value for value in numbers if value is not None]


def _smallest(values: Sequence[JSON], _: str) -> JSON:
    return min(values, key=_comparable(values), default=None)


def _largest(values: Sequence[JSON], _: str) -> JSON:
    return max(values, key=_comparable(values), default=None)


def _comparable(values: Sequence[JSON]) -> Callable[[JSON], Any]:
    """How values compare: as numbers where all are, else in the order that sorting has."""
    return order if any(number(value) is None for value in values) else number


_FUNCTIONS: Mapping[Function, Callable[[Sequence[JSON], str], JSON]] = {
    Function.COUNT: lambda values, _: len(values),
    Function.SUM: _sum,
    Function.MIN: _smallest,
    Function.MAX: _largest,
    Function.AVERAGE: _average,
    Function.FIRST: lambda values, _: values[0] if values else None,
    Function.LAST: lambda values, _: values[-1] if values else None,
    Function.LIST: lambda values, _: list(values),
}
