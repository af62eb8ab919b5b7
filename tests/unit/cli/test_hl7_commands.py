"""penstock hl7 check, show and send."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock_healthcare.hl7 import Fault, acknowledge, parse
from penstock_mllp.frame import Decoder, Frame, encode
from tests.unit.cli.conftest import Invoke

Write = Callable[..., str]
MESSAGES = Path(__file__).parents[3] / "events" / "messages"
CRITICAL = str(MESSAGES / "hl7v2_oru_r01_critical.hl7")
LATIN = str(MESSAGES / "hl7v2_adt_a01_latin1.hl7")
MALFORMED = str(MESSAGES / "hl7v2_oru_r01_malformed.hl7")


def test_a_clean_message_is_fine(penstock: Invoke) -> None:
    result = penstock("hl7", "check", CRITICAL, "--json")
    assert result.exit_code == 0
    (report,) = json.loads(result.stdout)
    assert (report["type"], report["control_id"], report["findings"]) == ("ORU^R01", "LIS20261124000052", [])


def test_findings_of_all_files_are_told(penstock: Invoke, write: Write) -> None:
    nameless = write("a.hl7", b"MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5.1\rPID|1||7^^^H\r")
    result = penstock("hl7", "check", CRITICAL, nameless, MALFORMED, "--json")
    assert result.exit_code == 1
    clean, missing, unreadable = json.loads(result.stdout)
    assert clean["findings"] == []
    assert ("PID-5", "required") in {(each["path"], each["rule"]) for each in missing["findings"]}
    assert [each["rule"] for each in unreadable["findings"]] == ["readable"]


def test_information_alone_is_no_finding(penstock: Invoke, write: Write) -> None:
    lines = write("a.hl7", b"MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5.1\nPID|1||7^^^H||Doe^Jo\n")
    result = penstock("hl7", "check", lines, "--json")
    assert [each["severity"] for each in json.loads(result.stdout)[0]["findings"]] == ["information"]
    assert result.exit_code == 0


def test_every_message_of_a_batch_is_checked(penstock: Invoke, write: Write) -> None:
    one = b"MSH|^~\\&|A|B|C|D|20260101||ADT^A01|%d|P|2.5.1\rPID|1||7^^^H||Doe^Jo\r"
    batch = write("b.hl7", b"FHS|^~\\&|A\r" + one % 1 + one % 2 + b"FTS|2\r")
    reports = json.loads(penstock("hl7", "check", batch, "--json").stdout)
    assert [(report["message"], report["control_id"]) for report in reports] == [(1, "1"), (2, "2")]


def test_a_missing_file_is_wrong_use(penstock: Invoke) -> None:
    result = penstock("hl7", "check", "nowhere.hl7")
    assert (result.exit_code, "nowhere.hl7: no such file" in result.stderr) == (2, True)


def test_a_message_is_shown_with_the_names_of_its_fields(penstock: Invoke) -> None:
    result = penstock("hl7", "show", LATIN)
    assert result.exit_code == 0
    assert "KLINIKUM_MÜNSTERTAL" in result.stdout
    row = next(line for line in result.stdout.splitlines() if line.startswith("PID-5"))
    assert "patient name" in row
    assert "XPN" in row


def test_a_message_is_shown_as_json(penstock: Invoke) -> None:
    (document,) = json.loads(penstock("hl7", "show", CRITICAL, "--json").stdout)
    assert document["segments"][0]["id"] == "MSH"


def test_a_message_that_cannot_be_read_is_told(penstock: Invoke) -> None:
    result = penstock("hl7", "show", MALFORMED)
    assert (result.exit_code, "MSH-2" in result.stdout) == (1, True)


@contextmanager
def receiver(code: str, *faults: Fault) -> Iterator[tuple[int, list[bytes]]]:
    """A real MLLP receiver that answers everything with `code`: its port, and what it got."""
    got: list[bytes] = []
    loop, ready = asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = Decoder(1_000_000)
        while data := await reader.read(65_536):
            for frame in (event for event in decoder.feed(data) if isinstance(event, Frame)):
                got.append(frame.content)
                now = datetime(2026, 11, 24, tzinfo=UTC)
                ack = acknowledge(parse(frame.content), code, control_id="1", timestamp=now, errors=faults)  # type: ignore[arg-type]
                writer.write(encode(ack))
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()

    loop.create_task(serve())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield ports[0], got
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def test_messages_are_sent_as_they_are_and_their_acknowledgments_shown(penstock: Invoke) -> None:
    with receiver("AA") as (port, got):
        result = penstock("hl7", "send", LATIN, CRITICAL, "--port", str(port), "--json")
    assert result.exit_code == 0
    assert got == [Path(LATIN).read_bytes(), Path(CRITICAL).read_bytes()]
    told = [(each["control_id"], each["code"]) for each in json.loads(result.stdout)]
    assert told == [("KIS0004471208", "AA"), ("LIS20261124000052", "AA")]


def test_a_negative_acknowledgment_ends_with_1_and_says_why(penstock: Invoke) -> None:
    with receiver("AE", Fault("101", "the patient name is missing", "PID-5")) as (port, _):
        result = penstock("hl7", "send", CRITICAL, "--port", str(port))
    assert result.exit_code == 1
    assert "PID-5: the patient name is missing" in result.stdout


@pytest.mark.parametrize("port", ["9"])
def test_a_receiver_that_is_not_there_is_a_failure(penstock: Invoke, port: str) -> None:
    result = penstock("hl7", "send", CRITICAL, "--port", port)
    assert (result.exit_code, f"127.0.0.1:{port} did not answer" in result.stderr) == (1, True)
