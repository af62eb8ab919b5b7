"""A tenant of the deployed stack, as its users reach it: HTTP and an API key, nothing else."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import httpx
import pytest

T = TypeVar("T")
Document = dict[str, Any]
Node = tuple[str, str, Document]
PATIENCE = 30.0
EVERY = 0.1
ENDED = ("done", "failed", "cancelled")


def eventually(what: str, probe: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """What `probe` returns once that is true of anything; fails the test, saying `what`, when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds:g} s: {what}")
        time.sleep(EVERY)


def never(what: str, probe: Callable[[], Any], seconds: float = 2.0) -> None:
    """Fails the test when `probe` holds within the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if probe():
            pytest.fail(f"that should not be: {what}")
        time.sleep(EVERY)


def row(name: str, *nodes: Node, **settings: Any) -> Document:
    """A workflow's definition whose nodes stand in a row."""
    steps = [{"name": node, "type": kind, "parameters": given} for node, kind, given in nodes]
    lines = [{"from": here[0], "to": there[0]} for here, there in pairwise(nodes)]
    return {"name": name, "nodes": steps, "connections": lines, "settings": settings}


def fields(**values: Any) -> Document:
    """Parameters of `core.set`."""
    return {"fields": [{"name": name, "value": value} for name, value in values.items()]}


MANUAL: Node = ("start", "core.trigger.manual", {})


@dataclass(frozen=True)
class Tenant:
    """One tenant. Every call fails the test when its answer is not the expected one."""

    name: str
    http: httpx.Client

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: int,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Any:
        """The answer's JSON; its text where it is none."""
        answer = self.http.request(method, path, json=body, params=query, headers=headers)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:2_000]}"
        is_json = "json" in answer.headers.get("content-type", "")
        return answer.json() if is_json and answer.content else answer.text

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, expect=200, **query)

    def items(self, path: str, **query: Any) -> list[Document]:
        """A whole listing, page by page."""
        found: list[Document] = []
        cursor: dict[str, Any] = {}
        while True:
            page = self.get(path, **query, **cursor)
            found += page["items"]
            if not page["next"]:
                return found
            cursor = {"cursor": page["next"]}

    def publish(self, definition: Document) -> str:
        """Create the workflow and publish it; its id."""
        workflow: str = self.call("POST", "/v1/workflows", definition, expect=201)["id"]
        self.call("POST", f"/v1/workflows/{workflow}/publish", expect=200)
        return workflow

    def publish_row(self, name: str, *nodes: Node, **settings: Any) -> str:
        return self.publish(row(name, *nodes, **settings))

    def run(self, workflow: str, *items: Document, wait: float = 20, expect: int = 200, **headers: str) -> Document:
        """Start, and wait for the end: 200 when it has ended, 202 when not."""
        body = {"workflow": workflow, "items": list(items) or [{}]}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        found: Document = self.call("POST", "/v1/executions", body, expect=expect, headers=sent, wait=wait)
        return found

    def execution(self, execution: str) -> Document:
        found: Document = self.get(f"/v1/executions/{execution}")
        return found

    def ended(self, execution: str, status: str = "done", seconds: float = PATIENCE) -> Document:
        """The execution, once it has ended; it must have ended like that."""
        found = eventually(
            f"execution {execution} ends",
            lambda: next((it for it in [self.execution(execution)] if it["status"] in ENDED), None),
            seconds,
        )
        assert found["status"] == status, found
        return found

    def executions(self, workflow: str) -> list[Document]:
        """Those of a workflow that are listed."""
        return self.items("/v1/executions", workflow=workflow)

    def listed(self, workflow: str, count: int = 1, seconds: float = PATIENCE) -> list[Document]:
        """The workflow's executions, once as many are listed."""
        return eventually(
            f"{count} executions of {workflow} are listed",
            lambda: found if len(found := self.executions(workflow)) >= count else None,
            seconds,
        )

    def timeline(self, execution: str) -> list[Document]:
        found: list[Document] = []
        after: int | None = 0
        while after is not None:
            page = self.get(f"/v1/executions/{execution}/timeline", after=after, limit=100)
            found, after = found + page["items"], page["next"]
        return found

    def callback(self, execution: str, node: str) -> str:
        """The path at which a node waits to be called back, once it does."""

        def probe() -> str | None:
            found = self.execution(execution)
            assert found["status"] not in ENDED, found
            paths = [it["callback"] for it in found["waiting"] if it["node"] == node]
            return paths[0] if paths else None

        return eventually(f"{node} of execution {execution} waits for a callback", probe)


def completed(timeline: Iterable[Document]) -> list[tuple[str, int]]:
    """The runs that completed, as (node, run), each as often as it did."""
    return [(entry["node"], entry["run"]) for entry in timeline if entry["type"] == "NodeCompleted"]
