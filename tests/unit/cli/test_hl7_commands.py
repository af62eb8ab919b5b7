"""penstock hl7 check, show, ack and send."""

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
    admitted = b"MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5.1\nEVN||20260101\nPID|1||7^^^H||Doe^Jo\nPV1|1|I\n"
    lines = write("a.hl7", admitted)
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
        result = penstock("hl7", "send", f"127.0.0.1:{port}", LATIN, CRITICAL, "--json")
    assert result.exit_code == 0
    assert got == [Path(LATIN).read_bytes(), Path(CRITICAL).read_bytes()]
    told = [(each["control_id"], each["code"]) for each in json.loads(result.stdout)]
    assert told == [("KIS0004471208", "AA"), ("LIS20261124000052", "AA")]


def test_a_negative_acknowledgment_ends_with_1_and_says_why(penstock: Invoke) -> None:
    with receiver("AE", Fault("101", "the patient name is missing", "PID-5")) as (port, _):
        result = penstock("hl7", "send", f"127.0.0.1:{port}", CRITICAL)
    assert result.exit_code == 1
    assert "PID-5: the patient name is missing" in result.stdout


def test_a_receiver_that_is_not_there_is_a_failure(penstock: Invoke) -> None:
    result = penstock("hl7", "send", "127.0.0.1:9", CRITICAL)
    assert (result.exit_code, "127.0.0.1:9 did not answer" in result.stderr) == (1, True)


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:", ":2575", "127.0.0.1:70000", "127.0.0.1:x"])
def test_what_is_no_address_is_wrong_use(penstock: Invoke, address: str) -> None:
    result = penstock("hl7", "send", address, CRITICAL)
    assert (result.exit_code, "expected HOST:PORT" in result.stderr) == (2, True)


def test_framing_that_a_capture_left_is_not_sent_twice(penstock: Invoke, write: Write) -> None:
    raw = Path(CRITICAL).read_bytes()
    capture = write("capture.bin", b"\x0b" + raw + b"\x1c\r\x0b" + raw + b"\x1c\r")
    with receiver("AA") as (port, got):
        penstock("hl7", "send", f"127.0.0.1:{port}", capture)
    assert got == [raw, raw]


def test_a_report_says_what_was_read_and_whether_it_comes_back(penstock: Invoke) -> None:
    clean, broken = json.loads(penstock("hl7", "check", CRITICAL, MALFORMED, "--json").stdout)
    assert (clean["parsed"], clean["identical"], clean["version"], clean["structure"]) == (
        True,
        True,
        "2.5.1",
        "ORU_R01",
    )
    assert (broken["parsed"], broken["identical"], broken["structure"]) == (False, False, "")


def test_a_folder_is_searched_for_messages_whatever_their_names(penstock: Invoke, tmp_path: Path) -> None:
    inner = tmp_path / "ward" / "a"
    inner.mkdir(parents=True)
    (inner / "first.txt").write_bytes(Path(CRITICAL).read_bytes())
    (tmp_path / "second").write_bytes(b"\x0b" + Path(LATIN).read_bytes())
    (tmp_path / "README.md").write_text("MSH is a segment", encoding="utf-8")
    (tmp_path / "broken.HL7").write_bytes(b"nothing")
    reports = json.loads(penstock("hl7", "check", str(tmp_path), "--json").stdout)
    assert [(Path(each["file"]).name, each["parsed"]) for each in reports] == [
        ("broken.HL7", False),
        ("second", True),
        ("first.txt", True),
    ]


def test_people_get_a_line_on_all_messages_together(penstock: Invoke) -> None:
    result = penstock("hl7", "check", CRITICAL, MALFORMED)
    assert "2 messages: 1 read, 1 the same bytes again, 1 without error or warning" in result.stdout


def test_standard_input_is_a_dash(penstock: Invoke) -> None:
    text = Path(CRITICAL).read_bytes().decode()
    (report,) = json.loads(penstock("hl7", "check", "-", "--json", stdin=text).stdout)
    assert (report["file"], report["control_id"]) == ("-", "LIS20261124000052")


def test_a_senders_profile_adds_its_rules(penstock: Invoke, write: Write) -> None:
    profile = write("lab.json", {"name": "Lab", "rules": [{"path": "PID-21", "usage": "required"}]})
    result = penstock("hl7", "check", CRITICAL, "--profile", profile, "--json")
    findings = json.loads(result.stdout)[0]["findings"]
    assert [(each["path"], each["rule"]) for each in findings] == [("PID-21", "profile-required")]
    assert result.exit_code == 1


def test_what_is_no_profile_is_wrong_use(penstock: Invoke, write: Write) -> None:
    profile = write("lab.json", {"name": "Lab", "rules": [{"path": "PID-"}]})
    result = penstock("hl7", "check", CRITICAL, "--profile", profile)
    assert (result.exit_code, "rules.0.path" in result.stderr) == (2, True)


def test_an_acknowledgment_says_what_was_found(penstock: Invoke, write: Write) -> None:
    nameless = write("a.hl7", Path(CRITICAL).read_bytes().replace(b"Delacroix^Simone^^^Mrs^^L", b""))
    answers = [parse(each) for each in json.loads(penstock("hl7", "ack", CRITICAL, nameless, "--json").stdout)]
    assert [answer["MSA-1"] for answer in answers] == ["AA", "AE"]
    assert [answer["MSA-2"] for answer in answers] == ["LIS20261124000052"] * 2
    assert (answers[1]["ERR-2.1"], answers[1]["ERR-2.3"], answers[1]["ERR-3"]) == ("PID", "5", "101")


def test_an_acknowledgment_can_be_of_any_code(penstock: Invoke) -> None:
    (raw,) = json.loads(penstock("hl7", "ack", CRITICAL, "--code", "CR", "--json").stdout)
    assert parse(raw)["MSA-1"] == "CR"
    assert penstock("hl7", "ack", CRITICAL, "--code", "XX").exit_code == 2


def test_acknowledgments_are_written_as_they_are_sent(penstock: Invoke) -> None:
    result = penstock("hl7", "ack", MALFORMED)
    assert result.stdout_bytes.startswith(b"MSH|^~\\&|")
    assert parse(result.stdout_bytes)["MSA-1"] == "AR"
