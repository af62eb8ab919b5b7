"""Whatever a sender does to a message, parsing keeps it."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_healthcare.hl7 import (
    BadEncodingCharacters,
    HL7Error,
    NotHL7,
    TooLarge,
    Unparseable,
    Unwritable,
    check,
    parse,
    parse_batch,
)

MSH = b"MSH|^~\\&|LAB|HOSP|EHR|HOSP|20260101120000||ORU^R01|42|P|2.5.1"
PID = b"PID|1||123^^^HOSP^MR||DOE^JANE"

HABITS = {
    "CR line ends": MSH + b"\r" + PID + b"\r",
    "LF line ends": MSH + b"\n" + PID + b"\n",
    "CRLF line ends": MSH + b"\r\n" + PID + b"\r\n",
    "mixed line ends": MSH + b"\r\n" + PID + b"\rZZ1|x\nNTE|1",
    "no last line end": MSH + b"\r" + PID,
    "blank lines": MSH + b"\r\r\r" + PID + b"\r\n\r\n\r\n",
    "blank lines of spaces": MSH + b"\r  \r" + PID + b"\r \r",
    "leading blank lines": b"\r\n  \r\n" + MSH + b"\r" + PID,
    "byte order mark": b"\xef\xbb\xbf" + MSH + b"\r" + PID + b"\r",
    "end-of-file mark of DOS": MSH + b"\r" + PID + b"\r\x1a",
    "MLLP framing of two messages": b"\x0b" + MSH + b"\r" + PID + b"\r\x1c\r\x0b",
    "MLLP framing left on": b"\x0b" + MSH + b"\r" + PID + b"\r\x1c\r",
    "trailing delimiters": MSH + b"|||||\r" + PID + b"^^^~~|||&&&|\r",
    "trailing spaces": MSH + b"  \r" + PID + b"   \r",
    "indented segments": MSH + b"\r\n  " + PID + b"\r\n\tNTE|1||x\r\n",
    "lower-case segment ids": MSH.replace(b"MSH", b"msh") + b"\r" + PID.replace(b"PID", b"pid") + b"\r",
    "null and empty fields": MSH + b'\rPID|""||""^""~""|\r',
    "other delimiters": b"MSH#*+!%#LAB#HOSP\rPID#1##123***HOSP%x+124\r",
    "truncation character": b"MSH|^~\\&#|LAB|HOSP||||||42|P|2.8\rPID|1||x#\r",
    "no subcomponent delimiter": b"MSH|^~\\|LAB\rPID|1||a&b^c\r",
    "component delimiter only": b"MSH|^|LAB\rPID|1||a~b^c\r",
    "escape doubled by the sender": b"MSH|^~\\\\&|LAB\rPID|1||a\\T\\b\r",
    "ampersand left encoded": b"MSH|^~\\&amp;|LAB|HOSP\rPID|1||a^b~c\r",
    "missing MSH-12": b"MSH|^~\\&|LAB|HOSP|||||ORU^R01|42\r" + PID + b"\r",
    "only MSH-2": b"MSH|^~\\&",
    "line feed in a note": MSH + b"\rNTE|1||first line\nsecond line\n\nfourth\rOBX|1\r",
    "Z-segments": MSH + b"\rZXX|a^b|c\rzyy|1\r",
    "segment without fields": MSH + b"\rDSC\rZZZ\rPID|1\r",
    "local and charset escapes": MSH + b"\rNTE|1||\\Zlocal\\ \\C2842\\ \\M245A3B\\ \\X41\\ \\H\\ \\F\\\r",
    "unfinished escapes": MSH + b"\rNTE|1||C:\\temp\\ \\XZZ\\ \\.br\\ \\\r",
    "bytes that are no text": MSH + b"\rOBX|1|ED|||\x80\x81\x8d\xff\xfe\r",
    "NUL bytes": MSH + b"\rNTE|1||a\x00b\r\x00\x00",
}


def declared(charset: str, text: str, codec: str) -> bytes:
    return (MSH.decode() + f"||||||{charset}\rPID|1||1||{text}^X\r").encode(codec)


CHARSETS = {
    "UTF-8 declared": declared("UNICODE UTF-8", "Žižek", "utf-8"),
    "Latin-1 declared": declared("8859/1", "Müller", "latin-1"),
    "Latin-1 declared, UTF-8 sent": declared("8859/1", "Müller", "utf-8"),
    "UTF-8 declared, Latin-1 sent": declared("UNICODE UTF-8", "Müller", "latin-1"),
    "nothing declared, UTF-8 sent": declared("", "Müller", "utf-8"),
    "nothing declared, Windows-1252 sent": declared("", "Müller – €", "cp1252"),
    "unknown name declared": declared("KLINGON", "Müller", "latin-1"),
    "Cyrillic": declared("8859/5", "Иванов", "iso8859-5"),
    "Greek": declared("8859/7", "Παπαδόπουλος", "iso8859-7"),
    "GB 18030 with delimiters as trail bytes": declared("GB 18030-2000", "亅亊亐亖亗", "gb18030"),
    "Big5 with delimiters as trail bytes": declared("BIG-5", "功能許蓋", "big5"),
    "ISO 2022 Japanese": declared("~ISO IR87", "山田太郎", "iso2022_jp"),
    "Korean": declared("KS X 1001", "김철수", "euc_kr"),
    "UTF-16 with a mark": b"\xff\xfe" + declared("UNICODE UTF-16", "Müller", "utf-16-le"),
    "UTF-16 big endian": declared("UNICODE UTF-16", "Müller", "utf-16-be"),
}


@pytest.mark.parametrize("raw", [*HABITS.values(), *CHARSETS.values()], ids=[*HABITS, *CHARSETS])
def test_generating_gives_the_received_bytes_back(raw: bytes) -> None:
    assert bytes(parse(raw)) == raw


@pytest.mark.parametrize(
    ("name", "family_name"),
    [
        ("UTF-8 declared", "Žižek"),
        ("Latin-1 declared", "Müller"),
        ("Latin-1 declared, UTF-8 sent", "Müller"),
        ("UTF-8 declared, Latin-1 sent", "Müller"),
        ("nothing declared, UTF-8 sent", "Müller"),
        ("nothing declared, Windows-1252 sent", "Müller – €"),
        ("unknown name declared", "Müller"),
        ("Cyrillic", "Иванов"),
        ("Greek", "Παπαδόπουλος"),
        ("GB 18030 with delimiters as trail bytes", "亅亊亐亖亗"),
        ("Big5 with delimiters as trail bytes", "功能許蓋"),
        ("ISO 2022 Japanese", "山田太郎"),
        ("Korean", "김철수"),
        ("UTF-16 with a mark", "Müller"),
        ("UTF-16 big endian", "Müller"),
    ],
)
def test_a_name_is_read_in_the_charset_that_the_bytes_are_in(name: str, family_name: str) -> None:
    message = parse(CHARSETS[name])
    assert (message["PID-5.1"], message["PID-5.2"]) == (family_name, "X")


@pytest.mark.parametrize(
    ("habit", "path", "value"),
    [
        ("CRLF line ends", "PID-5.2", "JANE"),
        ("blank lines of spaces", "PID-5.2", "JANE"),
        ("byte order mark", "MSH-10", "42"),
        ("MLLP framing left on", "PID-5.2", "JANE"),
        ("indented segments", "NTE-3", "x"),
        ("lower-case segment ids", "PID-5.1", "DOE"),
        ("other delimiters", "PID-3[1]", "124"),
        ("other delimiters", "PID-3.4.2", "x"),
        ("truncation character", "PID-3", "x#"),
        ("no subcomponent delimiter", "PID-3", "a&b"),
        ("component delimiter only", "PID-3", "a~b"),
        ("escape doubled by the sender", "PID-3", "a&b"),
        ("ampersand left encoded", "PID-3[1]", "c"),
        ("line feed in a note", "NTE-3", "first line\nsecond line\n\nfourth"),
        ("unfinished escapes", "NTE-3", "C:\\temp\\ \\XZZ\\ \\.br\\ \\"),
        ("Z-segments", "ZYY-1", "1"),
        ("end-of-file mark of DOS", "PID-5.2", "JANE"),
        ("MLLP framing of two messages", "PID-5.2", "JANE"),
        ("local and charset escapes", "NTE-3", "\\Zlocal\\ \\C2842\\ \\M245A3B\\ A \\H\\ |"),
        ("segment without fields", "PID-1", "1"),
    ],
)
def test_senders_habits_do_not_hide_values(habit: str, path: str, value: str) -> None:
    assert parse(HABITS[habit])[path] == value


@pytest.mark.parametrize(
    ("raw", "error", "offset"),
    [
        (b"", NotHL7, 0),
        (b"\r\n\r\n", NotHL7, 4),
        (b"PID|1||123", NotHL7, 0),
        (b"FHS|^~\\&|LAB", NotHL7, 0),
        (b"<html></html>", NotHL7, 0),
        (b"MSH", BadEncodingCharacters, 3),
        (b"MSH|", BadEncodingCharacters, 4),
        (b"MSH||LAB", BadEncodingCharacters, 4),
        (b"MSH|LAB|HOSP|", BadEncodingCharacters, 4),
        (b"MSHA^~\\&ALAB", BadEncodingCharacters, 3),
        (b"MSH ^~\\& LAB", BadEncodingCharacters, 3),
        (b"MSH|^~\\&#%@|LAB", BadEncodingCharacters, 4),
    ],
)
def test_what_is_no_message_is_refused_with_its_reason(raw: bytes, error: type[Unparseable], offset: int) -> None:
    with pytest.raises(error) as caught:
        parse(raw)
    assert caught.value.offset == offset


def test_an_error_does_not_quote_the_message() -> None:
    with pytest.raises(HL7Error) as caught:
        parse(b"PID|1||123^^^HOSP||SECRETNAME^JANE")
    assert "SECRET" not in str(caught.value) + repr(caught.value)


def test_a_message_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge) as caught:
        parse(MSH + b"\r" + PID, max_bytes=50)
    assert (caught.value.size, caught.value.limit) == (len(MSH) + 1 + len(PID), 50)


def test_the_limit_of_a_text_counts_its_bytes() -> None:
    text = (MSH + b"\rNTE|1||").decode() + "ü" * 100
    with pytest.raises(TooLarge):
        parse(text, max_bytes=len(text) + 50)


def test_text_becomes_bytes_in_the_declared_charset() -> None:
    text = MSH.decode() + "||||||8859/1\rPID|1||1||Müller\r"
    assert bytes(parse(text)) == text.encode("latin-1")


def test_text_that_the_declared_charset_lacks_becomes_utf8() -> None:
    text = MSH.decode() + "||||||8859/1\rPID|1||1||Žižek\r"
    assert bytes(parse(text)) == text.encode("utf-8")


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(Unwritable):
        parse(MSH.decode() + "\rPID|1||\ud800")


def test_a_batch_gives_its_messages_and_its_own_bytes() -> None:
    raw = b"FHS|^~\\&|LAB\rBHS|^~\\&|LAB\r" + (MSH + b"\r" + PID + b"\r") * 3 + b"BTS|3\rFTS|1\r"
    batch = parse_batch(raw)
    assert [message.control_id for message in batch.messages] == ["42"] * 3
    assert [envelope.id for envelope in batch.envelopes] == ["FHS", "BHS", "BTS", "FTS"]
    assert bytes(batch) == raw


def test_a_batch_may_be_bare_messages_with_lf_and_a_byte_order_mark() -> None:
    raw = b"\xef\xbb\xbf" + MSH + b"\n" + PID + b"\n\n" + MSH + b"\n"
    batch = parse_batch(raw)
    assert [len(message.segments()) for message in batch.messages] == [2, 1]
    assert bytes(batch) == raw


def test_messages_of_a_capture_do_not_get_each_others_framing() -> None:
    framed = b"\x0b" + MSH + b"\r" + PID + b"\r\x1c\r"
    batch = parse_batch(framed * 3)
    assert [message["PID-5.2"] for message in batch.messages] == ["JANE"] * 3
    assert bytes(batch) == framed * 3


def test_one_unreadable_message_does_not_stop_a_batch() -> None:
    raw = MSH + b"\rMSH|broken\r" + PID + b"\r" + MSH + b"\r"
    batch = parse_batch(raw)
    assert len(batch.messages) == 2
    assert isinstance(batch.unreadable[0].error, BadEncodingCharacters)
    assert bytes(batch.unreadable[0]).startswith(b"MSH|broken")
    assert bytes(batch) == raw


def test_a_file_without_messages_is_no_batch() -> None:
    with pytest.raises(NotHL7):
        parse_batch(b"PID|1\rOBX|1\r")


anything = st.binary(max_size=400)
leaves = st.text(alphabet=st.sampled_from('AZaz09 ^~\\&|#""\r\nüß€山\t\x0b\x1c.XFE'), max_size=60)


@given(tail=anything)
def test_any_bytes_after_a_header_come_back(tail: bytes) -> None:
    raw = MSH + b"\r" + tail
    assert bytes(parse(raw)) == raw


@given(raw=anything)
def test_any_bytes_are_parsed_or_refused_with_a_typed_error(raw: bytes) -> None:
    with contextlib.suppress(HL7Error):
        assert bytes(parse(raw)) == raw


@given(lines=st.lists(st.tuples(st.sampled_from(["PID", "obx", "ZZ9", "NTE"]), leaves), max_size=8))
def test_any_text_in_segments_comes_back_and_every_place_can_be_read(lines: list[tuple[str, str]]) -> None:
    text = MSH.decode() + "".join(f"\r{name}|{content}" for name, content in lines)
    message = parse(text)
    assert str(message) == text
    for segment in message:
        for number in range(1, len(segment) + 1):
            for repetition in segment[number]:
                assert len([component.value for component in repetition]) == len(repetition)


@given(raw=st.binary(max_size=300))
def test_a_batch_of_any_bytes_comes_back(raw: bytes) -> None:
    data = b"BHS|^~\\&\r" + raw + b"\rMSH|^~\\&|A\r" + raw
    assert bytes(parse_batch(data)) == data


@pytest.mark.parametrize(
    "filler", [b"\r", b"\n", b" ", b"|", b"^", b"\\", b"\r ", b"~&", b"MSH|\r", b"\\X0D", b"a\n", b"\x0b"]
)
def test_a_long_run_of_one_thing_is_read_in_linear_time(filler: bytes) -> None:
    raw = MSH + b"\rPID|" + filler * (200_000 // len(filler))
    began = time.perf_counter()
    message = parse(raw)
    message.value("PID-3[2].2.2")
    check(message)
    assert bytes(message) == bytes(parse_batch(raw)) == raw
    assert time.perf_counter() - began < 10
