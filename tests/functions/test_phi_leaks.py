"""What a patient's message leaves outside of the stores that may hold it: nothing in logs, queues, bus, or schedules.

Every request to AWS but those that read and write tables and buckets is kept, with all that the functions log and
answer. None of it may hold what was planted in the message, on the good ways and on the bad ones. What workflows emit is
left out: it exists to be published.
"""

import base64
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.client import BaseClient

from penstock.aws import clients, wiring
from penstock.events import StreamId
from tests.functions.cloud import Cloud, load
from tests.functions.test_subjects import FLOW, MRN, NAME, PLANTED, RAW, found_in, send, told

STORES = frozenset({"dynamodb", "s3", "kms"})
"""What they hold is sealed or read models, and `test_subjects` looks through it."""

BROKEN = RAW.replace("|^~\\&|", "|||||").replace("{number}", "9")


class Outside:
    """Requests to AWS that leave the stores."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str]] = []

    def note(self, client: Any, operation: str, arguments: Any) -> None:
        service = client.meta.service_model.service_name
        if service not in STORES:
            self.calls.append((service, operation, json.dumps(arguments, default=str)))

    @property
    def services(self) -> set[str]:
        return {service for service, _, _ in self.calls}

    def texts(self) -> Iterator[bytes]:
        return (text.encode() for _, _, text in self.calls)


@pytest.fixture
def outside(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Outside:
    seen, call = Outside(), BaseClient._make_api_call  # type: ignore[attr-defined]  # boto3-stubs hide it

    def noted(client: Any, operation: str, arguments: Any) -> Any:
        seen.note(client, operation, arguments)
        return call(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    return seen


@pytest.fixture
def spoken(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Callable[[], Iterator[bytes]]:
    """All that was logged, with what each record carries, and all that was printed."""
    caplog.set_level(logging.INFO)

    def everything() -> Iterator[bytes]:
        for record in caplog.records:
            yield str(vars(record)).encode()
            yield logging.Formatter().format(record).encode()
        printed = capsys.readouterr()
        yield from (printed.out.encode(), printed.err.encode())

    return everything


@pytest.fixture
def ward(cloud: Cloud, outside: Outside) -> Cloud:
    made = cloud.request("workflows", "POST", "/v1/workflows", FLOW)
    assert made.status == 201, made.body
    cloud.request("workflows", "POST", f"/v1/workflows/{made.body['id']}/publish")
    cloud.catch_up()
    return cloud


def relay(ward: Cloud) -> None:
    """All that consumers do after a commit."""
    kinds = {stream.kind for stream in ward.streams()}
    for function in ("projector", "healthcare_projector", "subject_links"):
        told(ward, function, *kinds)
    told(ward, "publisher", *kinds - {"event"})


def test_a_message_and_all_that_follows_it_leave_nothing_of_the_patient_outside(
    ward: Cloud, outside: Outside, spoken: Callable[[], Iterator[bytes]]
) -> None:
    send(ward, 1)
    relay(ward)
    assert outside.services >= {"sqs", "events"}, "or else nothing below is shown"
    assert found_in(outside.texts()) == set()
    assert found_in(spoken()) == set()


def test_a_message_that_is_rejected_is_quoted_nowhere(
    ward: Cloud, outside: Outside, spoken: Callable[[], Iterator[bytes]]
) -> None:
    raw = base64.b64encode(BROKEN.encode()).decode()
    answer = ward.request("hl7_messages", "POST", "/v1/healthcare/messages", {"raw": raw})
    assert answer.body["acknowledgment"] in ("AE", "AR")
    relay(ward)
    assert found_in(outside.texts()) == set()
    assert found_in(spoken()) == set()
    error = {name: answer.body[name] for name in answer.body if name != "original"}
    assert found_in(iter([json.dumps(error).encode()])) == set()


@pytest.mark.parametrize(
    ("function", "path", "body"),
    [
        ("hl7_messages", "/v1/healthcare/messages", {"raw": f"{NAME} is not base64"}),
        ("hl7_messages", "/v1/healthcare/messages", {"raw": "QQ==", NAME: MRN}),
        ("hl7_messages", "/v1/healthcare/messages", f'{{"raw": "{NAME}'),
        ("subjects", "/v1/subjects/find", {"identifier": MRN}),
        ("subjects", "/v1/subjects/forget", {"identifier": [NAME], "reason": 7}),
        ("workflows", "/v1/workflows", {"name": "w", "nodes": NAME}),
    ],
)
def test_a_request_that_is_refused_is_not_quoted(
    ward: Cloud, outside: Outside, spoken: Callable[[], Iterator[bytes]], function: str, path: str, body: Any
) -> None:
    answer = ward.request(function, "POST", path, body)
    assert 400 <= answer.status < 500
    values = found_in(iter([answer.text.encode()]))
    assert values <= ({NAME} if isinstance(body, dict) and NAME in body else set()), "a field that is unknown is named"
    assert found_in(outside.texts()) == set()
    assert found_in(spoken()) == set()


@pytest.mark.parametrize("function", ["projector", "healthcare_projector", "publisher", "subject_links", "triggers"])
def test_a_consumer_that_breaks_over_a_patient_does_not_say_over_whom(
    ward: Cloud,
    outside: Outside,
    spoken: Callable[[], Iterator[bytes]],
    monkeypatch: pytest.MonkeyPatch,
    function: str,
) -> None:
    stream = send(ward, 1)

    def broken(*_: Any, **__: Any) -> Any:
        raise ValueError(f"cannot digest {NAME}, {MRN}")

    monkeypatch.setattr(type(wiring.events()), "commits", broken)
    monkeypatch.setattr(type(wiring.events()), "packed", broken)
    body = {"detail": {"stream": str(stream), "version": 1}} if function == "triggers" else _nudge(stream)
    answer = load(function).handler(ward.sqs_event(body), ward.context())
    assert answer["batchItemFailures"] == [{"itemIdentifier": "m-0"}]
    assert found_in(outside.texts()) == set()
    assert found_in(spoken()) == set()


def test_a_dead_letter_says_what_failed_and_not_over_whom(
    ward: Cloud, outside: Outside, spoken: Callable[[], Iterator[bytes]]
) -> None:
    stream = send(ward, 1)
    url = wiring.settings().dead_letters["engine"]["dead_letters"]
    clients.sqs().send_message(QueueUrl=url, MessageBody=json.dumps(_nudge(stream)))
    listed = ward.request("letters", "GET", "/v1/dead-letters/engine")
    [letter] = listed.body["items"]
    shown = ward.request("letters", "GET", f"/v1/dead-letters/engine/{letter['id']}")
    settled = ward.request(
        "letters", "POST", f"/v1/dead-letters/engine/{letter['id']}/redrive", {"reason": "the fault is mended"}
    )
    assert (listed.status, shown.status, settled.status) == (200, 200, 204)
    assert found_in(iter([each.text.encode() for each in (listed, shown, settled)])) == set()
    assert found_in(outside.texts()) == set()
    assert found_in(spoken()) == set()


def test_the_search_for_what_was_planted_finds_it_where_it_may_be(ward: Cloud) -> None:
    """So that the others cannot pass for want of something to find."""
    message = send(ward, 1)
    ward.catch_up()
    shown = ward.request("hl7_messages", "GET", f"/v1/healthcare/messages/{message.key}")
    assert found_in(iter([shown.text.encode()])) == {*PLANTED}


def _nudge(stream: StreamId) -> dict[str, Any]:
    return {"stream": str(stream), "commit": 1}
