"""What is wrong with a process definition, each problem with its path: its shape first, then all that it means.

A rule is a function from the definition to its problems; `RULES` holds them all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from pydantic import ValidationError

from penstock.json import JSON
from penstock.processes.definition import Action, Move, Pattern, ProcessDefinition, Reaction, Start, Task
from penstock.processes.errors import InvalidProcess
from penstock.processes.patterns import OWN_KINDS
from penstock.processes.state import START
from penstock.sagas.definition import Retry
from penstock.workflows.catalogue import Catalogue
from penstock.workflows.errors import Problem
from penstock.workflows.node import Kind
from penstock.workflows.parameters import expression_problems, node_references, parameter_problems, phrase, place

_KINDS = frozenset({Kind.ACTION, Kind.QUERY, Kind.COMPLIANCE})


def parse(document: JSON, catalogue: Catalogue) -> ProcessDefinition:
    """The definition, valid. Raises InvalidProcess with what is wrong."""
    if problems := validate(document, catalogue):
        raise InvalidProcess(problems)
    return ProcessDefinition.model_validate(document)


def validate(document: JSON, catalogue: Catalogue) -> list[Problem]:
    """What is wrong with a definition, in the order of the rules; empty when it can run."""
    try:
        outline = _Outline(ProcessDefinition.model_validate(document), catalogue)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False)
        return [Problem(place(document, error["loc"])[0] or "$", "shape", phrase(error)) for error in errors]
    return [problem for rule in RULES for problem in rule(outline)]


@dataclass(frozen=True)
class _Outline:
    """A definition's parts with their paths."""

    definition: ProcessDefinition
    catalogue: Catalogue

    @cached_property
    def moves(self) -> Sequence[tuple[str, Move]]:
        """Starts, reactions and deadlines."""
        return list(self._moves())

    @cached_property
    def patterns(self) -> Sequence[tuple[str, Pattern]]:
        """Which events are meant."""
        return [(f"{path}.on", move.on) for path, move in self.moves if isinstance(move, Start | Reaction)]

    @cached_property
    def actions(self) -> Sequence[tuple[str, Action]]:
        """Every action and compensation."""
        return list(self._actions())

    @cached_property
    def states(self) -> Sequence[str]:
        """The names of the states."""
        return [state.name for state in self.definition.states]

    def _moves(self) -> Iterator[tuple[str, Move]]:
        yield from ((f"starts[{index}]", start) for index, start in enumerate(self.definition.starts))
        for number, state in enumerate(self.definition.states):
            for index, reaction in enumerate(state.reactions):
                yield f"states[{number}].reactions[{index}]", reaction
            if state.deadline:
                yield f"states[{number}].deadline", state.deadline
        yield from ((f"reactions[{index}]", reaction) for index, reaction in enumerate(self.definition.reactions))

    def _actions(self) -> Iterator[tuple[str, Action]]:
        for path, move in self.moves:
            for index, task in enumerate(move.do):
                yield f"{path}.do[{index}]", task
                if task.compensation:
                    yield f"{path}.do[{index}].compensation", task.compensation


def _names(outline: _Outline) -> Iterator[Problem]:
    states = [(f"states[{index}].name", name) for index, name in enumerate(outline.states)]
    yield from _unique(states)
    tasks = [(f"{path}.name", action.name) for path, action in outline.actions]
    yield from _unique(tasks)
    for path, name in tasks:
        if name == START:
            yield Problem(path, "reserved_name", f"{START!r} is what expressions call the event that starts it")


def _unique(named: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for path, name in named:
        if first.setdefault(name, path) != path:
            message = f"{first[name].removesuffix('.name')} is named {name!r} too; names are unique"
            yield Problem(path, "duplicate_name", message)


def _targets(outline: _Outline) -> Iterator[Problem]:
    for path, move in outline.moves:
        if move.to and move.to not in outline.states:
            yield Problem(
                f"{path}.to", "unknown_state", f"there is no state {move.to!r}{_hint(move.to, outline.states)}"
            )
        if not isinstance(move, Start) and not (move.do or move.to or move.end):
            yield Problem(path, "does_nothing", "needs do, to or end: nothing would come of it")


def _reachable(outline: _Outline) -> Iterator[Problem]:
    """A state that nothing leads to, and one that nothing leads out of."""
    led_to = {move.to for _, move in outline.moves} | {outline.states[0]}
    for index, state in enumerate(outline.definition.states):
        if state.name not in led_to:
            yield Problem(f"states[{index}]", "unreachable", f"nothing leads to {state.name!r}")
        ways = [*state.reactions, *outline.definition.reactions, *([state.deadline] if state.deadline else [])]
        if not any(way.end or way.to not in (None, state.name) for way in ways):
            yield Problem(f"states[{index}]", "dead_end", f"nothing leads out of {state.name!r}")


def _kinds(outline: _Outline) -> Iterator[Problem]:
    for path, pattern in outline.patterns:
        if pattern.kind in OWN_KINDS:
            yield Problem(f"{path}.kind", "own_kind", f"a process cannot watch streams of kind {pattern.kind!r}")


def _types(outline: _Outline) -> Iterator[Problem]:
    for path, action in outline.actions:
        found = outline.catalogue.get(action.type)
        if found is None:
            hint = _hint(action.type, list(outline.catalogue))
            yield Problem(f"{path}.type", "unknown_type", f"there is no node type {action.type!r}{hint}")
        elif found.kind not in _KINDS or found.resume is not None:
            message = f"{action.type} waits or controls a workflow; an action ends within its time"
            yield Problem(f"{path}.type", "unfit_type", message)
        else:
            yield from parameter_problems(f"{path}.parameters", action.parameters, found)


def _expressions(outline: _Outline) -> Iterator[Problem]:
    for path, action in outline.actions:
        yield from expression_problems(f"{path}.parameters", action.parameters)
    for path, text in _texts(outline):
        parent, _, field = path.rpartition(".")
        yield from expression_problems(parent, {field: text})
        if "{{" not in text:
            yield Problem(path, "expression", "is no expression: it stands between {{ and }}")


def _texts(outline: _Outline) -> Iterator[tuple[str, str]]:
    """Conditions and correlations, each with its path."""
    yield "correlation", outline.definition.correlation
    yield from ((f"{path}.correlation", it.correlation) for path, it in outline.patterns if it.correlation)
    yield from ((f"{path}.when", it.when) for path, it in outline.moves if isinstance(it, Reaction) and it.when)


def _references(outline: _Outline) -> Iterator[Problem]:
    known = {START, *(action.name for _, action in outline.actions if isinstance(action, Task))}
    read = [(f"{path}.parameters", action.parameters) for path, action in outline.actions]
    conditions = [
        (path.removesuffix(".when"), {"when": text}) for path, text in _texts(outline) if path.endswith(".when")
    ]
    for path, value in (*read, *conditions):
        for where, name in node_references(path, value):
            if name not in known:
                yield Problem(where, "unknown_reference", f"an expression reads {name!r}: no action has that name")


def _delays(outline: _Outline) -> Iterator[Problem]:
    for path, action in outline.actions:
        retry = action.retry or Retry()
        if retry.max_delay_seconds <= retry.delay_seconds:
            message = f"must be longer than delay_seconds, {retry.delay_seconds}"
            yield Problem(f"{path}.retry.max_delay_seconds", "delay", message)


def _hint(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


RULES: Sequence[Callable[[_Outline], Iterator[Problem]]] = (
    _names,
    _targets,
    _reachable,
    _kinds,
    _types,
    _expressions,
    _references,
    _delays,
)
