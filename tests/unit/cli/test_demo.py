"""What the demonstration expects of the sample messages, how it tells where a platform falls short, and its gateway."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from penstock.workflows.samples import sample_workflows
from penstock_cli.api import Api
from penstock_cli.commands import demo as command
from penstock_cli.demo import expected as expecting
from penstock_cli.demo import traffic
from penstock_cli.demo.expected import Expected
from penstock_cli.demo.flow import Shown
from penstock_cli.demo.gateway import gateway
from penstock_cli.demo.invitation import lines
from penstock_cli.demo.outcome import Outcome, Ran
from penstock_cli.demo.verdict import counts, shortfalls
from penstock_cli.errors import Failure
from penstock_healthcare.hl7 import parse
from tests.unit.mllp.cloud import API_KEY, FakeCloud

MESSAGES = Path(__file__).parents[3] / "events" / "messages"


@pytest.fixture(scope="module")
def messages() -> list[Expected]:
    """Every sample message with what it must come to."""
    samples = sample_workflows()
    return [expecting.expected(name, raw, samples) for name, raw in traffic.sample_messages(MESSAGES)]


def outcome(messages: list[Expected]) -> Outcome:
    """What a platform makes of the messages that does everything right."""
    return Outcome(
        acknowledgments=[{"file": each.file, "code": each.code, "errors": []} for each in messages],
        ran=[ran(message.id, run) for message in messages for run in message.runs],
        resources={reference: {} for message in messages for run in message.runs for reference in run.resources},
        events=[],
        rejected=[{"id": each.id} for each in messages if each.code != "AA"],
    )


def ran(message: str, run: Any) -> Ran:
    emitted = [{"type": each} for each in run.emitted]
    return Ran(message, run.workflow, {"id": "e", "status": run.status}, [], run.asks, run.resources, emitted)


def test_the_files_alone_say_what_the_messages_must_come_to(messages: list[Expected]) -> None:
    found = {each.file: (each.code, [(run.workflow, run.status, run.asks) for run in each.runs]) for each in messages}
    assert found["hl7v2_oru_r01_malformed.hl7"] == ("AR", [])
    assert found["hl7v2_oru_r01_critical.hl7"] == ("AA", [("Lab results processing", "done", True)])
    assert found["hl7v2_oru_r01_normal.hl7"] == ("AA", [("Lab results processing", "done", False)])
    assert found["hl7v2_adt_a01_admission.hl7"] == ("AA", [("Admissions", "done", False)])
    assert all(run.resources and run.emitted for each in messages for run in each.runs)


def test_a_platform_that_does_everything_right_falls_short_of_nothing(messages: list[Expected]) -> None:
    right = outcome(messages)
    assert shortfalls(messages, right) == []
    assert all(count.is_right for count in counts(messages, right, 1.0))


def without_one_execution(right: Outcome) -> Outcome:
    return replace(right, ran=right.ran[1:])


def with_one_twice(right: Outcome) -> Outcome:
    return replace(right, ran=[*right.ran, right.ran[0]])


def with_one_failed(right: Outcome) -> Outcome:
    failed = replace(right.ran[0], execution={"id": "e", "status": "failed"})
    return replace(right, ran=[failed, *right.ran[1:]])


def with_a_resource_lost(right: Outcome) -> Outcome:
    poorer = replace(right.ran[0], resources=frozenset(list(right.ran[0].resources)[1:]))
    return replace(right, ran=[poorer, *right.ran[1:]])


def with_nobody_asked(right: Outcome) -> Outcome:
    return replace(right, ran=[replace(each, asked=False) for each in right.ran])


def with_an_event_lost(right: Outcome) -> Outcome:
    return replace(right, ran=[replace(right.ran[0], emitted=[]), *right.ran[1:]])


def with_the_malformed_one_acknowledged(right: Outcome) -> Outcome:
    return replace(right, acknowledgments=[{**each, "code": "AA"} for each in right.acknowledgments])


def with_the_rejected_one_forgotten(right: Outcome) -> Outcome:
    return replace(right, rejected=[])


@pytest.mark.parametrize(
    "spoil",
    [
        without_one_execution,
        with_one_twice,
        with_one_failed,
        with_a_resource_lost,
        with_nobody_asked,
        with_an_event_lost,
        with_the_malformed_one_acknowledged,
        with_the_rejected_one_forgotten,
    ],
)
def test_whatever_falls_short_is_told(messages: list[Expected], spoil: Callable[[Outcome], Outcome]) -> None:
    found = spoil(outcome(messages))
    told = shortfalls(messages, found)
    assert told
    assert all(line.startswith("hl7v2_") for line in told)


def test_a_message_sent_again_gets_a_control_id_of_its_own_and_nothing_else(messages: list[Expected]) -> None:
    for message in messages:
        again = traffic.renamed(message.raw, "-1a2b3c")
        if message.code == "AA":
            control_id = parse(again).control_id
            assert control_id.endswith("-1a2b3c")
            assert len(control_id) <= 20
            assert again.replace(control_id.encode(), message.control_id.encode(), 1) == message.raw
        else:
            assert again == message.raw


def test_renamed_messages_can_still_be_told_apart(messages: list[Expected]) -> None:
    again = [parse(traffic.renamed(message.raw, "-1a2b3")).control_id for message in messages if message.code == "AA"]
    assert len(set(again)) == len(again)


def test_a_folder_without_messages_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no messages"):
        traffic.sample_messages(tmp_path)


@contextmanager
def platform() -> Iterator[FakeCloud]:
    """The ingest endpoint on a real socket, in a thread."""
    cloud, up, stop = FakeCloud(), threading.Event(), threading.Event()

    async def serve() -> None:
        async with cloud.running():
            up.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert up.wait(5)
    try:
        yield cloud
    finally:
        stop.set()
        thread.join(10)


def test_the_gateway_is_a_process_with_a_key_of_its_own(messages: list[Expected], tmp_path: Path) -> None:
    asked: list[Any] = []

    def keys(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path, request.content, "idempotency-key" in request.headers))
        return httpx.Response(201, json={"key": API_KEY})

    with (
        platform() as cloud,
        Api(cloud.url, "admin", httpx.MockTransport(keys)) as api,
        gateway(api, tmp_path) as started,
    ):
        answers = traffic.transmit(started.port, messages)
        assert started.runs
        (key_file,) = tmp_path.glob("mllp-*/api-key")
        assert key_file.stat().st_mode & 0o777 == 0o600
    assert not started.runs
    assert asked == [("/v1/keys", b'{"name":"MLLP gateway","scopes":["ingest"]}', False)]
    assert [answer["code"] for answer in answers] == ["AA"] * len(messages)
    assert sorted(cloud.messages) == sorted(message.raw for message in messages), (
        "lanes of senders are not in one order"
    )
    assert [left.name for left in tmp_path.iterdir()] == ["mllp.log"]
    assert API_KEY not in started.log.read_text()


def test_a_gateway_that_does_not_start_is_a_failure(tmp_path: Path) -> None:
    answer = httpx.MockTransport(lambda _: httpx.Response(201, json={"key": "k"}))
    with (
        Api("ftp://nowhere", "admin", answer) as api,
        pytest.raises(Failure, match="did not start"),
        gateway(api, tmp_path),
    ):
        raise AssertionError("it started")


def test_three_curl_lines_name_the_critical_execution_and_the_key(messages: list[Expected]) -> None:
    shown = Shown(messages, outcome(messages), [], [])
    told = lines("http://api", "pk_demo.k.s", "http://aws", "127.0.0.1:1234", shown)
    curls = [line.strip() for line in told if line.strip().startswith("curl")]
    assert len(curls) == 3
    assert "/v1/executions/e/timeline" in curls[0]
    assert all("pk_demo.k.s" in line for line in curls)


def test_a_gateway_that_ends_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Ended:
        runs, log = False, tmp_path / "mllp.log"

    with pytest.raises(Failure, match=r"mllp\.log"):
        command._stay(Ended())  # type: ignore[arg-type]
