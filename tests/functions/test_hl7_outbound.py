"""Outbound HL7 messages over the API, and a gateway that sends them: the real endpoints beside those of memory."""

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from penstock.api.resources import feed
from penstock.aws import wiring
from penstock.events import Origin
from penstock.identity.model import Scope
from penstock_healthcare.access.verification import is_audit_event
from penstock_healthcare.hl7 import Fault, parse
from penstock_healthcare.outbound.service import Order, Outbound
from penstock_mllp.destinations import destinations
from penstock_mllp.run import serving
from penstock_mllp.settings import Settings
from tests.functions.cloud import Cloud
from tests.functions.test_projections import sequence
from tests.unit.mllp.hospital import Hospital, answered
from tests.unit.mllp.platform import Answer, MemoryPlatform, over_http
from tests.unit.mllp.test_gateway import until
from tests.unit.mllp.test_outbound import order

PATH = "/v1/healthcare/outbound"
GATEWAY = (Scope.INGEST, Scope.READ, Scope.RUN, Scope.WRITE)
REFUSAL = {"round": 1, "code": "AE", "errors": [{"code": "204", "location": "PID-3", "message": "unknown"}]}


def queue(cloud: Cloud, name: str, raw: bytes, destination: str = "lab") -> None:
    Outbound(wiring.events()).queue(
        "acme", [Order(name, destination, parse(raw))], Origin("workflow:w", "e-1"), "e-1", name
    )
    sequence(cloud)
    cloud.catch_up()


def read(cloud: Cloud, name: str) -> Any:
    return cloud.request("hl7_outbound", "GET", f"{PATH}/{name}").body


def report(cloud: Cloud, name: str, outcome: dict[str, Any]) -> Any:
    return cloud.request("hl7_outbound", "POST", f"{PATH}/{name}/outcome", outcome)


def test_a_queued_message_is_read_as_it_is_to_be_sent(cloud: Cloud) -> None:
    queue(cloud, "m1", order("1"))
    found = read(cloud, "m1")
    assert base64.b64decode(found["raw"]) == order("1")
    assert (found["status"], found["round"], found["destination"]) == ("queued", 1, "lab")
    assert (found["message_type"], found["control_id"], found["size"]) == ("OML^O21", "1", len(order("1")))


def test_messages_are_listed_by_status_and_destination_without_what_is_in_them(cloud: Cloud) -> None:
    queue(cloud, "m1", order("1"))
    queue(cloud, "m2", order("2"), "pharmacy")
    report(cloud, "m1", REFUSAL)
    cloud.catch_up()

    def listed(**query: str) -> list[str]:
        answer = cloud.request("hl7_outbound", "GET", PATH, query=query)
        assert "^^^H" not in answer.text
        assert "raw" not in answer.text
        assert "unknown" not in answer.text
        return [item["id"] for item in answer.body["items"]]

    assert listed() == ["m2", "m1"]
    assert listed(status="failed") == ["m1"]
    assert listed(destination="pharmacy") == ["m2"]
    assert listed(status="queued", destination="lab") == []


def test_the_first_report_of_a_round_counts(cloud: Cloud) -> None:
    queue(cloud, "m1", order("1"))
    first = report(cloud, "m1", REFUSAL)
    assert (first.status, first.body["status"], first.body["code"]) == (200, "failed", "AE")
    again = report(cloud, "m1", {"round": 1, "code": "AA"})
    assert (again.status, again.body["status"], again.body["errors"]) == (200, "failed", REFUSAL["errors"])


def test_a_failed_message_is_sent_again_in_a_round_of_its_own(cloud: Cloud) -> None:
    queue(cloud, "m1", order("1"))
    report(cloud, "m1", REFUSAL)
    again = cloud.request("hl7_outbound", "POST", f"{PATH}/m1/send", {"reason": "known now"})
    assert (again.status, again.body["status"], again.body["round"]) == (202, "queued", 2)
    assert report(cloud, "m1", {"round": 1, "code": "AA"}).body["status"] == "queued"
    assert report(cloud, "m1", {"round": 2, "code": "CA"}).body["status"] == "acknowledged"
    cloud.catch_up()
    (listed,) = cloud.request("hl7_outbound", "GET", PATH).body["items"]
    assert (listed["rounds"], listed["code"]) == (2, "CA")


def test_sending_a_queued_message_again_changes_nothing(cloud: Cloud) -> None:
    queue(cloud, "m1", order("1"))

    def count() -> int:
        kept = [stream for stream in cloud.streams() if not is_audit_event(stream)]
        return sum(len(list(wiring.events().commits(stream))) for stream in kept)

    before = count()
    assert cloud.request("hl7_outbound", "POST", f"{PATH}/m1/send").body["round"] == 1
    cloud.request("hl7_outbound", "POST", f"{PATH}/m1/send")
    assert count() <= before + 1


@pytest.mark.parametrize("path", ["m9", "m9/outcome", "m9/send"])
def test_a_message_that_is_not_there_is_not_found(cloud: Cloud, path: str) -> None:
    method, body = ("GET", None) if path == "m9" else ("POST", {"round": 1, "code": "AA"} if "out" in path else None)
    assert cloud.request("hl7_outbound", method, f"{PATH}/{path}", body).status == 404


@pytest.mark.parametrize(
    "outcome",
    [{"round": 0, "code": "AA"}, {"round": 1, "code": "OK"}, {"round": 1, "code": "AA", "acknowledgment": "§"}, {}],
)
def test_a_report_of_another_shape_is_refused(cloud: Cloud, outcome: dict[str, Any]) -> None:
    queue(cloud, "m1", order("1"))
    assert report(cloud, "m1", outcome).status == 422
    assert read(cloud, "m1")["status"] == "queued"


Queue = Callable[[str, str, bytes], None]


@pytest.fixture(params=["endpoints", "memory"])
def platform(request: pytest.FixtureRequest, cloud: Cloud) -> tuple[Callable[[str, str, Any], Answer], Queue]:
    """How a platform answers, and how a workflow queues a message there."""
    if request.param == "memory":
        memory = MemoryPlatform(haste=100)
        return memory.answer, memory.queue
    key = cloud.new_key("acme", *GATEWAY)
    functions = {"subscriptions": "feed", "outbound": "hl7_outbound", "events": "events"}

    def answer(method: str, path: str, body: Any) -> Answer:
        place, _, query = path.partition("?")
        function = next(function for part, function in functions.items() if f"/{part}" in place)
        answered = cloud.request(function, method, place, body, key=key, query=dict(parse_qsl(query)) or None)
        return answered.status, answered.body

    return answer, lambda name, destination, raw: queue(cloud, name, raw, destination)


@pytest.mark.parametrize("room", [None, 1], ids=["events in claims", "no room in claims"])
def test_a_gateway_with_both_platforms_takes_sends_and_reports(
    platform: tuple[Callable[[str, str, Any], Answer], Queue],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    room: int | None,
) -> None:
    answer, send = platform
    if room is not None:
        monkeypatch.setattr(feed, "LARGEST_LIST", room)
    hospital = Hospital(
        lambda raw, number: [answered(raw, "AR", Fault("204", "unknown", "PID-3")) if number == 1 else answered(raw)]
    )

    async def go() -> list[Any]:
        async with asyncio.timeout(60), over_http(answer) as api, hospital.listening() as port:
            (tmp_path / "key").write_text("k")
            table = destinations({"lab": {"address": f"127.0.0.1:{port}"}})
            settings = Settings(
                url=f"http://127.0.0.1:{api}",
                api_key_file=tmp_path / "key",
                outbox=tmp_path / "outbox",
                listen="",
                destinations=table,
                poll_interval=0.05,
            )
            async with serving(settings):
                await until(lambda: all(found["status"] != "queued" for found in shown()), 50)
        return shown()

    def shown() -> list[Any]:
        return [answer("GET", f"{PATH}/m{number}", None)[1] for number in range(3)]

    for number in range(3):
        send(f"m{number}", "lab", order(str(number)))
    found = asyncio.run(go())
    assert hospital.received == [order("0"), order("1"), order("2")]
    assert [(each["status"], each["code"]) for each in found] == [
        ("acknowledged", "AA"),
        ("failed", "AR"),
        ("acknowledged", "AA"),
    ]
    assert found[1]["errors"] == [{"code": "204", "location": "PID-3", "message": "unknown"}]
    assert base64.b64decode(found[0]["acknowledgment"]) == answered(order("0"))
