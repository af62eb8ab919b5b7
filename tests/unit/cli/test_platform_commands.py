"""The commands that speak to a platform, against the real endpoints."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from penstock.aws import wiring
from penstock_cli import api
from tests.functions.cloud import Cloud
from tests.functions.cloud import cloud as make
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.definitions import ASKING, BROKEN, DOUBLE
from tests.unit.cli.platform import URL, transport

Write = Callable[..., str]
Told = Callable[..., Any]
Published = Callable[[Any], str]
MESSAGES = Path(__file__).parents[3] / "events" / "messages"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, create_tables: Callable[..., None]) -> Iterator[Cloud]:
    yield from make(monkeypatch, create_tables)


@pytest.fixture
def platform(penstock: Invoke, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """The command line with a platform named in the environment."""
    monkeypatch.setenv("PENSTOCK_API_URL", URL)
    monkeypatch.setenv("PENSTOCK_API_KEY", cloud.key)
    monkeypatch.setattr(api, "Api", partial(api.Api, transport=transport(cloud)))
    return penstock


@pytest.fixture
def told(platform: Invoke) -> Told:
    """The JSON that a command prints; it must end with the code given."""

    def call(*arguments: str, code: int = 0) -> Any:
        result = platform(*arguments, "--json")
        assert result.exit_code == code, result.stderr
        return json.loads(result.stdout)

    return call


@pytest.fixture
def published(told: Told, write: Write) -> Published:
    """Publishes a definition; returns its id."""
    return lambda definition: told("workflow", "create", write("w.json", definition), "--publish")["id"]


def started(told: Told, workflow: str, write: Write, items: Any, code: int = 0) -> Any:
    return told("execution", "start", workflow, "--input", write("in.json", items), code=code)


def test_a_created_workflow_is_listed_shown_published_and_exported(told: Told, write: Write) -> None:
    workflow = told("workflow", "create", write("w.json", DOUBLE))["id"]
    assert told("workflow", "publish", workflow)["version"] == 1
    assert [entry["id"] for entry in told("workflow", "list", "--status", "published")["items"]] == [workflow]
    shown = told("workflow", "show", workflow)
    assert (shown["status"], [version["number"] for version in shown["versions"]]) == ("published", [1])
    assert told("workflow", "export", workflow)["definition"] == DOUBLE
    assert told("workflow", "validate", write("e.json", told("workflow", "export", workflow)))[0]["valid"]


def test_an_export_is_written_to_a_file(platform: Invoke, published: Published, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    result = platform("workflow", "export", published(DOUBLE), "--output", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert json.loads(file.read_text())["definition"] == DOUBLE


def test_a_definition_that_the_platform_refuses_is_told_with_its_problems(platform: Invoke, write: Write) -> None:
    bad = {**DOUBLE, "nodes": [{"name": "start", "type": "core.trigger.manuel"}]}
    result = platform("workflow", "create", write("w.json", bad))
    assert result.exit_code == 1
    assert "nodes[0].type" in result.stderr
    assert "HTTP 422" in result.stderr


def test_a_key_that_does_not_hold_is_told(platform: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_API_KEY", "pk_acme.none.none")
    result = platform("workflow", "list")
    assert (result.exit_code, "HTTP 401" in result.stderr) == (1, True)


def test_an_unknown_workflow_is_told(platform: Invoke) -> None:
    result = platform("workflow", "show", "a/b c")
    assert (result.exit_code, "HTTP 404" in result.stderr) == (1, True)


def test_no_platform_named_is_wrong_use(penstock: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    result = penstock("workflow", "list")
    assert (result.exit_code, "PENSTOCK_API_URL" in result.stderr) == (2, True)


def test_a_platform_that_does_not_answer_is_a_failure(penstock: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_API_KEY", "pk_x.y.z")
    result = penstock("workflow", "list", "--url", "http://127.0.0.1:9")
    assert (result.exit_code, "did not answer" in result.stderr) == (1, True)


def test_an_execution_is_started_and_shown_with_its_timeline(told: Told, published: Published, write: Write) -> None:
    execution = started(told, published(DOUBLE), write, {"n": 4})
    assert (execution["status"], execution["items"][0]["twice"]) == ("done", 8)
    shown = told("execution", "show", execution["id"])
    assert [entry["type"] for entry in shown["timeline"]][-1] == "ExecutionCompleted"
    assert [entry["id"] for entry in told("execution", "list", "--status", "done")["items"]] == [execution["id"]]
    assert told("execution", "watch", execution["id"])["status"] == "done"


def test_a_failed_execution_ends_with_1_and_can_be_retried(told: Told, published: Published, write: Write) -> None:
    execution = started(told, published(BROKEN), write, {"n": 4}, code=1)
    assert execution["error"]["message"] == "enough of 4"
    assert told("execution", "retry", execution["id"], code=1)["status"] == "failed"
    assert told("execution", "watch", execution["id"], code=1)["status"] == "failed"


def test_an_approval_is_answered(told: Told, published: Published, write: Write) -> None:
    execution = started(told, published(ASKING), write, {"n": 1})
    assert execution["status"] == "waiting"
    answered = told("execution", "answer", execution["id"], "approve", "--by", "dr.b")
    assert answered["status"] == "done"
    assert answered["items"][0]["approval"] == {"approved": True, "by": "dr.b", "comment": ""}


def test_answering_what_does_not_wait_is_wrong_use(
    platform: Invoke, told: Told, published: Published, write: Write
) -> None:
    execution = started(told, published(DOUBLE), write, {"n": 1})
    result = platform("execution", "answer", execution["id"], "approve")
    assert (result.exit_code, "waits for no answer" in result.stderr) == (2, True)


def test_a_waiting_execution_is_cancelled(told: Told, published: Published, write: Write) -> None:
    execution = started(told, published(ASKING), write, {"n": 1})
    assert told("execution", "cancel", execution["id"], "--reason", "a test")["status"] == "cancelled"


def test_a_replay_folds_to_the_state_that_the_platform_shows(told: Told, published: Published, write: Write) -> None:
    execution = started(told, published(ASKING), write, [{"n": 1}, {"n": 2}])
    told("execution", "answer", execution["id"], "reject")
    steps = told("execution", "replay", execution["id"])["items"]
    shown = told("execution", "show", execution["id"])
    assert [step["entry"] for step in steps] == shown["timeline"]
    assert [step["state"]["status"] for step in steps][-1] == "done"
    assert steps[-1]["state"]["sent"]["No"] == {"main": 2}
    for step in steps:
        then = told("execution", "show", execution["id"], "--version", str(step["entry"]["version"]))
        assert step["state"]["status"] == then["status"]


def test_a_replay_stops_where_it_is_told_to(told: Told, published: Published, write: Write) -> None:
    execution = started(told, published(DOUBLE), write, {"n": 1})
    steps = told("execution", "replay", execution["id"], "--to", "2")["items"]
    assert [step["entry"]["version"] for step in steps] == [1, 2]
    assert steps[-1]["state"]["ready"] == ["Double#0"]


def test_events_are_read_page_by_page(
    told: Told, published: Published, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "PAGE", 2)
    execution = started(told, published(DOUBLE), write, {"n": 1})
    events = told("events", "read", "execution", execution["id"])["items"]
    assert [event["version"] for event in events] == [1, 2, 3, 4]
    assert len(told("events", "read", "execution", execution["id"], "--after", "1", "--limit", "2")["items"]) == 2


def test_two_points_are_compared_and_another_past_is_supposed(told: Told, published: Published) -> None:
    workflow = published(DOUBLE)
    compared = told("events", "diff", "workflow", workflow, "--from", "1")
    supposed = told("events", "what-if", "workflow", workflow, "--without", "2")
    status = [
        next(
            (change["before"], change["after"])
            for change in found["changes"]["workflows"]
            if change["path"] == "status"
        )
        for found in (compared, supposed)
    ]
    assert status == [("draft", "published"), ("published", "draft")]


def test_a_stream_that_nobody_touched_is_verified(told: Told, published: Published) -> None:
    assert told("events", "verify", "workflow", published(DOUBLE))["commits"] == 2


def test_a_stream_is_shown_as_it_was(told: Told, published: Published) -> None:
    workflow = published(DOUBLE)
    now, before = (
        told("events", "state", "workflow", workflow),
        told("events", "state", "workflow", workflow, "--version", "1"),
    )
    assert now["documents"]["workflows"]["status"] == "published"
    assert before["documents"]["workflows"]["status"] == "draft"


def test_rejected_messages_are_listed_and_resubmitted(platform: Invoke, told: Told, cloud: Cloud) -> None:
    from penstock.events import Origin
    from penstock_healthcare.messages.service import Messages, Reception

    raw = (MESSAGES / "hl7v2_oru_r01_malformed.hl7").read_bytes()
    reception = Reception(raw, "2026-11-24T10:00:00Z", {"peer": "", "listener": ""})
    message = Messages(wiring.events()).receive("acme", reception, Origin("test", "test")).id.key
    assert [entry["id"] for entry in told("hl7", "messages", "--rejected")["items"]] == [message]
    assert "MSH-2" in platform("hl7", "messages", "--rejected").stdout
    assert told("hl7", "resubmit", message, code=1)["status"] == "rejected"
    corrected = str(MESSAGES / "hl7v2_oru_r01_normal.hl7")
    assert told("hl7", "resubmit", message, "--file", corrected)["status"] == "stored"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (("workflow", "list"), "Tested"),
        (("workflow", "show", "WORKFLOW"), "core.set"),
        (("execution", "list"), "EXECUTION"),
        (("execution", "show", "EXECUTION"), "completed → 1 main"),
        (("execution", "watch", "EXECUTION"), "execution done"),
        (("execution", "replay", "EXECUTION"), "ready: Double#0"),
        (("events", "read", "execution", "EXECUTION"), "NodeCompleted"),
        (("events", "state", "execution", "EXECUTION"), "nodes_completed"),
    ],
)
def test_every_command_speaks_to_people_too(
    platform: Invoke, told: Told, published: Published, write: Write, command: tuple[str, ...], text: str
) -> None:
    names = {"WORKFLOW": published(DOUBLE)}
    names["EXECUTION"] = started(told, names["WORKFLOW"], write, {"n": 4})["id"]
    result = platform(*(names.get(word, word) for word in command))
    assert result.exit_code == 0, result.stderr
    assert names.get(text, text) in result.stdout
