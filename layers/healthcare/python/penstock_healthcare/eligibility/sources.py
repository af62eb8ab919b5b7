"""What an item asks, read strictly; and the numbers that a run's key makes."""

from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from penstock.json import JSONObject
from penstock_healthcare.x12.writing import MOST_CONTROL_NUMBER

M = TypeVar("M", bound=BaseModel)
_MOST_PROBLEMS = 20


class NotAsked(ValueError):
    """The item lacks what is to be asked. The text names the fields and quotes nothing."""


class OtherTrace(ValueError):
    """An answer is not to the question that was asked. The text quotes neither."""


def part_of(model: type[M], name: str, item: JSONObject) -> M:
    """A field of the item as a model. Raises NotAsked with each field that does not fit, and why."""
    found = item.get(name)
    if not isinstance(found, dict):
        raise NotAsked(f"{name}: must be an object")
    try:
        return model.model_validate(found)
    except ValidationError as invalid:
        errors = invalid.errors(include_input=False, include_url=False, include_context=False)[:_MOST_PROBLEMS]
        reasons = [f"{'.'.join([name, *map(str, error['loc'])])}: {error['msg']}" for error in errors]
        raise NotAsked("; ".join(reasons)) from None


def check_trace(expected: str, found: str, *, is_rejected: bool) -> None:
    """Raises OtherTrace where an answer is to another question; one that refuses may have no trace."""
    if expected and found != expected and (found or not is_rejected):
        raise OtherTrace("the answer is to another question: its trace is not the one that was asked with")


def control_number_of(key: UUID) -> int:
    """A control number of nine digits that is the same for the same key."""
    return key.int % MOST_CONTROL_NUMBER + 1
