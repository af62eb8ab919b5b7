"""The saga document: steps in order, some side by side, each with what undoes it."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

LONGEST_NAME = 60
MOST_STAGES = 50
MOST_SIDE_BY_SIDE = 20
LONGEST_STEP_SECONDS = 300

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f#?*{}]+$")]
"""Shown by the Step Functions console; a state's name ends at 80 characters, and ours get a few more.

Without braces: Step Functions would run `{% … %}`, and a deployment fill `${…}` in.
"""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Retry(_Document):
    """Try again after `delay_seconds`, then `backoff` times as long each time, up to a cap, with jitter."""

    attempts: int = Field(default=3, ge=1, le=1_000, description="How often it is tried in all")
    delay_seconds: int = Field(default=1, ge=1, le=86_400)
    backoff: float = Field(default=2, ge=1, le=10)
    max_delay_seconds: int = Field(default=300, ge=2, le=86_400, description="Longer than `delay_seconds`")


class Action(_Document):
    """A node of the catalogue with its parameters.

    Expressions see the saga's input (`$json`), the results of earlier steps (`$('Charge payment').first().json`), and
    `$execution.key`: the same at every attempt of a step and in its compensation.
    """

    name: Name
    type: str = Field(min_length=1, max_length=120, description="The node type")
    parameters: dict[str, Any] = Field(default_factory=dict)
    timeout_seconds: int = Field(default=30, ge=1, le=LONGEST_STEP_SECONDS)
    retry: Retry | None = Field(default=None, description="Left out: by where it stands; see the guide")


class Step(Action):
    """An action, and what undoes it. From the `pivot` on there is no way back."""

    compensation: Action | None = Field(default=None, description="Left out: there is nothing to undo")
    pivot: bool = False


class Group(_Document):
    """Steps that run side by side, and are undone side by side."""

    name: Name
    parallel: tuple[Step, ...] = Field(min_length=2, max_length=MOST_SIDE_BY_SIDE)


def _kind(entry: Any) -> str:
    is_group = "parallel" in entry if isinstance(entry, dict) else isinstance(entry, Group)
    return "group" if is_group else "step"


Stage = Annotated[Annotated[Step, Tag("step")] | Annotated[Group, Tag("group")], Discriminator(_kind)]


class SagaDefinition(_Document):
    """A named sequence of steps and groups."""

    name: Name
    description: str = Field(default="", max_length=4_000)
    input: dict[str, Any] | None = Field(default=None, description="JSON Schema of what it is started with")
    steps: tuple[Stage, ...] = Field(min_length=1, max_length=MOST_STAGES)
