"""Reads the functions of a folder: `functions/<name>/{handler.py,function.toml}`.

Nothing lists functions by hand: a folder that is there is deployed. What is wrong with a definition is raised as
`DefinitionError`, which names the file and the field.
"""

import fnmatch
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infra.definition import (
    Access,
    ApiTrigger,
    BusTrigger,
    EventsTrigger,
    FunctionDefinition,
    Grants,
    InvokeTrigger,
    QueueTrigger,
    StreamTrigger,
    Trigger,
)
from infra.errors import DefinitionError

SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
API_PATH = re.compile(r"(/([A-Za-z0-9._-]+|\{[A-Za-z][A-Za-z0-9_]*\}))+")
MEMORY_MB = range(128, 10_241)
TIMEOUT_SECONDS = range(1, 901)
DELAY_SECONDS = range(901)


@dataclass(frozen=True)
class Table:
    """One table of a TOML file, which knows where it stands so that every complaint can say so."""

    path: Path
    prefix: str
    values: dict[str, Any]

    def error(self, field: str, reason: str) -> DefinitionError:
        return DefinitionError(self.path, f"{self.prefix}{field}", reason)

    def only(self, allowed: Iterable[str]) -> None:
        names = tuple(allowed)
        for field in self.values.keys() - set(names):
            raise self.error(field, f"is not known here; known are {', '.join(names)}")

    def text(self, field: str) -> str:
        value = self.values.get(field)
        if not isinstance(value, str) or not value.strip():
            raise self.error(field, "must be a text that is not empty")
        return value

    def number(self, field: str, default: int, allowed: range) -> int:
        value = self.values.get(field, default)
        if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
            raise self.error(field, f"must be a whole number from {allowed.start} to {allowed.stop - 1}, got {value!r}")
        return value

    def flag(self, field: str) -> bool:
        value = self.values.get(field, False)
        if not isinstance(value, bool):
            raise self.error(field, f"must be true or false, got {value!r}")
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        value = self.values.get(field, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(field, f"must be a list of texts, got {value!r}")
        if len(set(value)) != len(value):
            raise self.error(field, "names something twice")
        return tuple(value)

    def access(self, field: str) -> Access | None:
        value = self.values.get(field)
        if value is None:
            return None
        try:
            return Access(value)
        except ValueError:
            raise self.error(field, f'must be "read" or "write", got {value!r}') from None

    def table(self, field: str) -> "Table":
        value = self.values.get(field, {})
        if not isinstance(value, dict):
            raise self.error(field, "must be a table")
        return Table(self.path, f"{self.prefix}{field}.", value)


def _api(trigger: Table) -> Trigger:
    paths = trigger.texts("api")
    for path in paths:
        if not API_PATH.fullmatch(path):
            raise trigger.error("api", f"{path!r} is not a path such as /v1/workflows/{{id}}")
    if not paths:
        raise trigger.error("api", "must name at least one path")
    return ApiTrigger(paths)


def _events(trigger: Table) -> Trigger:
    events = trigger.table("events")
    events.only(["kinds", "delay", "ordered"])
    kinds = events.texts("kinds")
    if not kinds:
        raise events.error("kinds", 'must name at least one kind of stream, or "*" for all')
    return EventsTrigger(kinds, events.number("delay", 0, DELAY_SECONDS), events.flag("ordered"))


def _bus(trigger: Table) -> Trigger:
    bus = trigger.table("bus")
    bus.only(["detail_types"])
    return BusTrigger(bus.texts("detail_types"))


def _plain(field: str, kind: type[QueueTrigger | StreamTrigger | InvokeTrigger]) -> Callable[[Table], Trigger]:
    def read(trigger: Table) -> Trigger:
        if not trigger.flag(field):
            raise trigger.error(field, "can only be true")
        return kind()

    return read


TRIGGERS: dict[str, Callable[[Table], Trigger]] = {
    "api": _api,
    "events": _events,
    "bus": _bus,
    "queue": _plain("queue", QueueTrigger),
    "stream": _plain("stream", StreamTrigger),
    "invoke": _plain("invoke", InvokeTrigger),
}


def _trigger(root: Table) -> Trigger:
    trigger = root.table("trigger")
    trigger.only(TRIGGERS)
    if len(trigger.values) != 1:
        given = ", ".join(sorted(trigger.values)) or "none"
        raise root.error("trigger", f"must hold exactly one of {', '.join(TRIGGERS)}; it holds {given}")
    (name,) = trigger.values
    return TRIGGERS[name](trigger)


def _grants(root: Table) -> Grants:
    grants = root.table("grants")
    grants.only(Grants.__dataclass_fields__)
    return Grants(
        events=grants.access("events"),
        views=grants.access("views"),
        payloads=grants.access("payloads"),
        archive=grants.access("archive"),
        search=grants.access("search"),
        retention=grants.access("retention"),
        send=grants.texts("send"),
        publish=grants.flag("publish"),
        schedule=grants.flag("schedule"),
        invoke=grants.texts("invoke"),
        start_machines=grants.flag("start_machines"),
        make_machines=grants.flag("make_machines"),
        dead_letters=grants.flag("dead_letters"),
        secrets=grants.access("secrets"),
        give_up=grants.flag("give_up"),
        erase=grants.flag("erase"),
        healthlake=grants.flag("healthlake"),
    )


def read_function(folder: Path) -> FunctionDefinition:
    """The definition in `folder`; raises `DefinitionError`."""
    path = folder / "function.toml"
    if not SNAKE_CASE.fullmatch(folder.name):
        raise DefinitionError(path, "folder", f"{folder.name!r} is not in snake_case")
    if not (folder / "handler.py").is_file():
        raise DefinitionError(path, "folder", "holds no handler.py")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DefinitionError(path, "file", "is missing beside handler.py") from None
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(path, "file", f"is not TOML: {error}") from error
    root = Table(path, "", values)
    root.only(["description", "wings", "memory", "timeout", "trigger", "grants"])
    return FunctionDefinition(
        name=folder.name,
        folder=folder,
        description=root.text("description"),
        trigger=_trigger(root),
        wings=root.texts("wings"),
        memory=root.number("memory", 512, MEMORY_MB),
        timeout=root.number("timeout", 30, TIMEOUT_SECONDS),
        grants=_grants(root),
    )


def discover(folder: Path) -> tuple[FunctionDefinition, ...]:
    """Every function below `folder`, sorted by name, checked against each other; raises `DefinitionError`."""
    files = (*folder.glob("*/handler.py"), *folder.glob("*/function.toml"))
    functions = _expanded(tuple(read_function(home) for home in sorted({file.parent for file in files})))
    _check_references(functions)
    _check_paths(functions)
    _check_sequencer(functions)
    return functions


def _expanded(functions: tuple[FunctionDefinition, ...]) -> tuple[FunctionDefinition, ...]:
    """`invoke` may name functions by a pattern, so that a new wing's node runner needs no other file changed."""
    invoked = _invoked(functions)

    def named(pattern: str) -> list[str]:
        return fnmatch.filter(invoked, pattern) if "*" in pattern else [pattern]

    def expanded(function: FunctionDefinition) -> FunctionDefinition:
        names = tuple(dict.fromkeys(name for pattern in function.grants.invoke for name in named(pattern)))
        return replace(function, grants=replace(function.grants, invoke=names))

    return tuple(map(expanded, functions))


def _invoked(functions: tuple[FunctionDefinition, ...]) -> list[str]:
    return [function.name for function in functions if isinstance(function.trigger, InvokeTrigger)]


def _check_references(functions: tuple[FunctionDefinition, ...]) -> None:
    consumers = {function.name for function in functions if function.is_consumer}
    for function in functions:
        known = {"send": consumers, "invoke": set(_invoked(functions))}
        for field, names in known.items():
            for name in set(getattr(function.grants, field)) - names:
                raise _error(function, f"grants.{field}", f"{name!r} is not one of {sorted(names)}")
        if function.grants.give_up and not function.is_consumer:
            raise _error(function, "grants.give_up", "is for functions that a queue of their own feeds")


def _check_paths(functions: tuple[FunctionDefinition, ...]) -> None:
    """API Gateway takes one variable part below a path, and `{proxy+}` below each of ours is one."""
    owners: dict[str, str] = {}
    variables: dict[str, str] = {}
    for function, path in _paths(functions):
        if owners.setdefault(path, function.name) != function.name:
            raise _error(function, "trigger.api", f"{path} already belongs to {owners[path]}")
        for parent, part in _variable_parts(path):
            taken = variables.setdefault(parent, part)
            if taken != part:
                reason = f"{path} puts {part} below {parent}, where another path has {taken}"
                raise _error(function, "trigger.api", reason)


def _paths(functions: tuple[FunctionDefinition, ...]) -> Iterator[tuple[FunctionDefinition, str]]:
    for function in functions:
        for path in function.trigger.paths if isinstance(function.trigger, ApiTrigger) else ():
            yield function, path


def _variable_parts(path: str) -> Iterator[tuple[str, str]]:
    """Every variable part of a path as it is deployed, with the path that it stands below."""
    parts = [*path.split("/"), "{proxy+}"]
    for index, part in enumerate(parts):
        if part.startswith("{"):
            yield "/".join(parts[:index]) or "/", part


def _check_sequencer(functions: tuple[FunctionDefinition, ...]) -> None:
    """At most two readers per shard of a DynamoDB stream: the sequencer is the only one and fans out."""
    readers = [function for function in functions if isinstance(function.trigger, StreamTrigger)]
    for function in readers[1:]:
        raise _error(function, "trigger.stream", f"only one function reads the stream: {readers[0].name}")


def _error(function: FunctionDefinition, field: str, reason: str) -> DefinitionError:
    return DefinitionError(function.folder / "function.toml", field, reason)
