"""A definition as stages: what the interpreter, the compiler and the fold of a run have in common."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from penstock.sagas.definition import Action, Group, Retry, SagaDefinition, Step

THROTTLES = 20
"""How often a call that was not let in is made again; it is not an attempt of the step."""


class Zone(StrEnum):
    """Where a stage stands: what lies before the pivot can be undone, what lies after it can only be finished."""

    BEFORE = "before"
    PIVOT = "pivot"
    AFTER = "after"


class Role(StrEnum):
    """What an action is for."""

    ACT = "act"
    COMPENSATE = "compensate"


FORWARD = Retry()
PERSISTENT = Retry(attempts=12, delay_seconds=5, backoff=3, max_delay_seconds=3_600)
"""After the pivot: half a day of patience before a person is asked."""

UNDOING = Retry(attempts=8, delay_seconds=1, backoff=2, max_delay_seconds=300)


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """One step, or several side by side."""

    name: str
    steps: tuple[Step, ...]
    is_group: bool
    zone: Zone

    @property
    def compensated(self) -> tuple[Step, ...]:
        """The steps of the stage that have a compensation."""
        return tuple(step for step in self.steps if step.compensation)

    def retry(self, step: Step, role: Role) -> Retry:
        """How an action of the stage is tried again."""
        if role is Role.COMPENSATE:
            return (step.compensation and step.compensation.retry) or UNDOING
        return step.retry or (PERSISTENT if self.zone is Zone.AFTER else FORWARD)


@dataclass(frozen=True)
class Plan:
    """The stages in order."""

    definition: SagaDefinition

    @cached_property
    def stages(self) -> tuple[PlannedStage, ...]:
        """Every stage, in order."""
        return tuple(self._stages())

    @cached_property
    def steps(self) -> Mapping[str, Step]:
        """Every step by its name, in the order of the document."""
        return {step.name: step for stage in self.stages for step in stage.steps}

    @cached_property
    def way_back(self) -> Sequence[int]:
        """The stages that have something to undo, the last one first."""
        last = next((place for place, stage in enumerate(self.stages) if stage.zone is Zone.PIVOT), len(self.stages))
        return [place for place in range(min(last, len(self.stages) - 1), -1, -1) if self.stages[place].compensated]

    def undone_after(self, stage: int) -> int | None:
        """The first stage to undo when all up to `stage` may have happened; None when there is nothing."""
        return next((place for place in self.way_back if place <= stage), None)

    def _stages(self) -> Iterator[PlannedStage]:
        zone = Zone.BEFORE
        for entry in self.definition.steps:
            if isinstance(entry, Group):
                yield PlannedStage(entry.name, entry.parallel, True, zone)
                continue
            yield PlannedStage(entry.name, (entry,), False, Zone.PIVOT if entry.pivot else zone)
            zone = Zone.AFTER if entry.pivot else zone


def action_of(step: Step, role: Role) -> Action:
    """The action or the compensation of a step. Raises ValueError where there is no compensation."""
    if role is Role.ACT:
        return step
    if step.compensation is None:
        raise ValueError(f"{step.name} has no compensation")
    return step.compensation
