"""A small interpreter of the Amazon States Language: the part of it that sagas are compiled to."""

import re
from collections.abc import Callable, Mapping
from typing import Any

Json = Any
Invoke = Callable[[Json], Json]
"""Calls the function with a payload. Raises TaskError."""

LONGEST = 10_000
_PATH = re.compile(r"\$states\.([A-Za-z.]+)\Z")
_EQUALS = re.compile(r"\$states\.([A-Za-z_.]+) = (?:'(?P<text>\w+)'|(?P<flag>true|false))\Z")
_ALL = re.compile(r"\$count\(\$states\.input\[(?P<field>\w+) != '(?P<text>\w+)'\]\) = 0\Z")


class TaskError(Exception):
    """A task failed, under the name that Retry and Catch see."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def execute(machine: Json, given: Json, invoke: Invoke) -> tuple[str, list[str]]:
    """The name of the terminal state, and of every state that was entered, in order."""
    context = {"Execution": {"Input": given}}
    entered: list[str] = []
    last, _ = _walk(machine, given, context, invoke, entered)
    return last, entered


def _walk(machine: Json, given: Json, context: Json, invoke: Invoke, entered: list[str]) -> tuple[str, Json]:
    name, value = machine["StartAt"], given
    for _ in range(LONGEST):
        state = machine["States"][name]
        entered.append(name)
        if state["Type"] in ("Succeed", "Fail"):
            return name, value
        value, following = _HANDLERS[state["Type"]](state, value, context, invoke, entered)
        if following is None:
            return name, value
        name = following
    raise AssertionError("the machine does not end")


def _choice(state: Json, value: Json, context: Json, *_: Any) -> tuple[Json, str | None]:
    for choice in state["Choices"]:
        if evaluate(choice["Condition"], {"input": value, "context": context}):
            return value, choice["Next"]
    return value, state["Default"]


def _pass(state: Json, value: Json, context: Json, *_: Any) -> tuple[Json, str | None]:
    return filled(state["Output"], {"input": value, "context": context}), state.get("Next")


def _task(state: Json, value: Json, context: Json, invoke: Invoke, entered: list[str]) -> tuple[Json, str | None]:
    arguments = filled(state["Arguments"], {"input": value, "context": context})
    used: dict[int, int] = {}
    while True:
        try:
            result = {"Payload": invoke(arguments["Payload"])}
            return filled(state["Output"], {"result": result, "context": context}), state.get("Next")
        except TaskError as error:
            if _retries(state.get("Retry", []), error.name, used):
                continue
            return _caught(state, value, error)


def _retries(retriers: Json, error: str, used: dict[int, int]) -> bool:
    for index, retrier in enumerate(retriers):
        if _matches(retrier, error):
            used[index] = used.get(index, 0) + 1
            return used[index] <= retrier["MaxAttempts"]
    return False


def _caught(state: Json, value: Json, error: TaskError) -> tuple[Json, str]:
    for catcher in state.get("Catch", []):
        if _matches(catcher, error.name):
            return {"Error": error.name}, catcher["Next"]
    raise error


def _matches(rule: Json, error: str) -> bool:
    return "States.ALL" in rule["ErrorEquals"] or error in rule["ErrorEquals"]


def _parallel(state: Json, value: Json, context: Json, invoke: Invoke, entered: list[str]) -> tuple[Json, str | None]:
    found = [_walk(branch, value, context, invoke, entered)[1] for branch in state["Branches"]]
    return found, state.get("Next")


def filled(template: Json, states: Mapping[str, Json]) -> Json:
    if isinstance(template, dict):
        return {name: filled(part, states) for name, part in template.items()}
    if isinstance(template, str) and template.startswith("{%"):
        return evaluate(template, states)
    return template


def evaluate(template: str, states: Mapping[str, Json]) -> Json:
    code = template.removeprefix("{%").removesuffix("%}").strip()
    if found := _ALL.match(code):
        return all(entry.get(found["field"]) == found["text"] for entry in states["input"])
    if found := _EQUALS.match(code):
        wanted: Json = found["text"] if found["text"] else found["flag"] == "true"
        return _at(states, found[1]) == wanted
    found = _PATH.match(code)
    assert found, f"not in the subset: {code}"
    return _at(states, found[1])


def _at(states: Mapping[str, Json], path: str) -> Json:
    value: Json = states
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


_HANDLERS: Mapping[str, Callable[..., tuple[Json, str | None]]] = {
    "Choice": _choice,
    "Pass": _pass,
    "Task": _task,
    "Parallel": _parallel,
}
