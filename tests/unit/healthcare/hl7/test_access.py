"""Reading and writing places of a message."""

import copy
import pickle
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_healthcare.hl7 import NULL, BadPath, BadValue, Message, SegmentMissing, Unwritable, parse, parse_path

RAW = (
    b"MSH|^~\\&|LAB|HOSP|EHR||20260101120000.25+0100||ORU^R01^ORU_R01|42|P|2.5.1||||||UNICODE UTF-8\r"
    b'PID|1||123^^^HOSP&1.2&ISO^MR~987||O\'DOE&van^J\\T\\J^""||19700102|""\r'
    b"OBX|1|NM|2823-3^K^LN||6.90|mmol/L\r"
    b"OBX|2|ST|||a\\F\\b\\S\\c\\R\\d\\E\\e\\X41C3A9\\\\.br\\f\r"
    b"OBX|3|CWE|||X1&y^Text^L~X2\r"
    b"ZXX|a|b^c\r"
)


@pytest.fixture
def message() -> Message:
    return parse(RAW)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("MSH-1", "|"),
        ("MSH-2", "^~\\&"),
        ("MSH-3", "LAB"),
        ("MSH-9.3", "ORU_R01"),
        ("PID-3", "123"),
        ("PID-3[0].1", "123"),
        ("PID-3[1].1", "987"),
        ("PID-3[2].1", ""),
        ("PID-3.4.2", "1.2"),
        ("PID-3.4.4", ""),
        ("PID-5.2", "J&J"),
        ("PID-5.3", NULL),
        ("PID-5.1.2", "van"),
        ("PID-8", NULL),
        ("PID-99", ""),
        ("pid-3", "123"),
        ("OBX[1]-5", "a|b^c~d\\eAé\\.br\\f"),
        ("OBX[2]-5[1]", "X2"),
        ("OBX[9]-5", ""),
        ("ZXX-2.2", "c"),
        ("NTE-3", ""),
        ("PID.patient_identifier_list[1].id_number", "987"),
        ("PID.patient_identifier_list.assigning_authority.universal_id", "1.2"),
        ("OBX[1].value_type", "ST"),
    ],
)
def test_a_path_reads_the_plain_text_of_one_leaf(message: Message, path: str, value: str) -> None:
    assert message[path] == value


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("PID-3", "123^^^HOSP&1.2&ISO^MR~987"),
        ("PID-3[0]", "123^^^HOSP&1.2&ISO^MR"),
        ("PID-3.4", "HOSP&1.2&ISO"),
        ("PID-3.4.2", "1.2"),
        ("PID-5.2", "J\\T\\J"),
        ("ZXX", "ZXX|a|b^c"),
        ("NTE-1", ""),
    ],
)
def test_raw_reads_the_encoded_text_of_what_the_path_wrote_out(message: Message, path: str, raw: str) -> None:
    assert message.raw(path) == raw


@pytest.mark.parametrize(
    "path",
    [
        "",
        "PI-3",
        "PID.nonsense",
        "ZXX.name",
        "PID.patient_name.given_name.more",
        "PID-",
        "PID-0",
        "PID-3.0",
        "PID-3[x]",
        "PID-3.1.2.3",
        "PID-1234",
        "PID 3",
    ],
)
def test_a_malformed_path_says_so(message: Message, path: str) -> None:
    with pytest.raises(BadPath) as caught:
        message.get(path)
    assert caught.value.path == path


def test_a_default_stands_for_what_is_not_valued_but_not_for_a_null(message: Message) -> None:
    assert message.get("PID-6", "none") == "none"
    assert message.get("PID-8", "none") == NULL
    assert message.get("PID-6") is None


def test_names_lead_to_the_same_places_as_numbers(message: Message) -> None:
    pid = message["PID"]
    identifier = pid.patient_identifier_list[0]
    assert identifier.id_number.value == "123"
    assert identifier.assigning_authority.universal_id.value == "1.2"
    assert pid.patient_name.family_name.surname.value == "O'DOE"
    assert [str(repetition) for repetition in pid.patient_identifier_list] == ["123", "987"]
    assert pid.administrative_sex.is_null
    assert not pid.administrative_sex.is_empty
    assert pid.race.is_empty
    assert pid.race[3].identifier.value == ""


def test_the_value_type_of_an_observation_types_its_value(message: Message) -> None:
    assert message["OBX[2]"].observation_value[0].text.value == "Text"
    assert message["OBX[2]"].observation_value[0].identifier[2].value == "y"
    with pytest.raises(AttributeError):
        _ = message["OBX"].observation_value.text


@pytest.mark.parametrize("name", ["no_such_field", "__wrapped__"])
def test_an_unknown_name_is_an_attribute_error(message: Message, name: str) -> None:
    with pytest.raises(AttributeError):
        getattr(message["PID"], name)


def test_a_missing_segment_is_a_key_error_with_its_name(message: Message) -> None:
    with pytest.raises(KeyError) as caught:
        _ = message["OBX[3]"]
    assert isinstance(caught.value, SegmentMissing)
    assert (caught.value.name, caught.value.index) == ("OBX", 3)
    assert "NTE" not in message
    assert "obx" in message


def test_numbers_keep_their_digits_and_times_their_precision_and_offset(message: Message) -> None:
    assert str(message.number("OBX-5")) == "6.90"
    assert message.number("OBX-5") == Decimal("6.9")
    sent = message.timestamp("MSH-7")
    assert sent is not None
    assert sent.isoformat() == "2026-01-01T12:00:00.250000+01:00"
    assert sent.value == datetime(2026, 1, 1, 11, 0, 0, 250_000, tzinfo=UTC)
    born = message.timestamp("PID-7")
    assert born is not None
    assert (born.isoformat(), born.precision) == ("1970-01-02", "day")
    assert message.timestamp("PID-8") is None
    assert message.number("PID-6") is None


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2014", "2014"),
        ("201410", "2014-10"),
        ("2014100606", "2014-10-06T06"),
        ("201410060645+0700", "2014-10-06T06:45+07:00"),
        ("20141006064500-0330", "2014-10-06T06:45:00-03:30"),
        ("20141006064500.1234", "2014-10-06T06:45:00.123400"),
    ],
)
def test_a_time_says_no_more_than_was_sent(text: str, iso: str) -> None:
    message = parse(b"MSH|^~\\&|||||" + text.encode())
    stamp = message.timestamp("MSH-7")
    assert stamp is not None
    assert stamp.isoformat() == iso


@pytest.mark.parametrize(
    "text",
    ["14", "20141306", "20140230", "20141006250000", "2014-10-06", "20141006+9900", "0000", "2014100606450", "9" * 90],
)
def test_a_time_that_does_not_exist_names_its_path_and_not_its_value(text: str) -> None:
    message = parse(b"MSH|^~\\&|||||" + text.encode())
    with pytest.raises(BadValue) as caught:
        message.timestamp("MSH-7")
    assert (caught.value.path, caught.value.datatype) == ("MSH-7", "DTM")
    assert len(text) < 6 or text not in str(caught.value)


@pytest.mark.parametrize("text", ["1e5", "NaN", "<5", "1,5", "--1", ".", "٣", "1" * 65])
def test_what_is_no_hl7_number_is_refused(text: str) -> None:
    message = parse(f"MSH|^~\\&|A\rOBX|1|NM|||{text}")
    with pytest.raises(BadValue):
        message.number("OBX-5")


def test_setting_a_leaf_changes_that_place_alone(message: Message) -> None:
    message.set("PID-5.2", "A|B^C&D~E\\F")
    assert bytes(message) == RAW.replace(b"J\\T\\J", b"A\\F\\B\\S\\C\\T\\D\\R\\E\\E\\F")
    assert message["PID-5.2"] == "A|B^C&D~E\\F"


def test_a_place_is_written_by_its_name_as_well(message: Message) -> None:
    message["PID.patient_name.given_name"] = "Ann"
    message["PID-3[1].1"] = "988"
    assert bytes(message) == RAW.replace(b"J\\T\\J", b"Ann").replace(b"~987", b"~988")


@pytest.mark.parametrize("control", ["\x00", "\x0b", "\x1a", "\x1c"])
def test_framing_and_padding_in_a_value_are_escaped(message: Message, control: str) -> None:
    message.set("ZXX-2", control)
    again = parse(bytes(message))
    assert again["ZXX-2"] == control
    assert control.encode() not in bytes(message)


def test_setting_beyond_the_end_fills_up_with_delimiters(message: Message) -> None:
    message.set("ZXX-4[1].2.2", "x")
    assert message.raw("ZXX") == "ZXX|a|b^c||~^&x"


def test_setting_an_absent_place_to_nothing_changes_nothing(message: Message) -> None:
    message.set("ZXX-9.3", "")
    message.set("PID-3[4]", "")
    assert bytes(message) == RAW


def test_a_field_is_replaced_whole_by_encoded_text(message: Message) -> None:
    message.set_raw("PID-3", "5^^^A~6")
    assert [str(identifier) for identifier in message["PID"][3]] == ["5", "6"]
    message.set_raw("PID-3[1]", "7^x")
    assert message.raw("PID-3") == "5^^^A~7^x"


def test_line_breaks_are_written_as_escapes(message: Message) -> None:
    message.set("ZXX-1", "one\r\ntwo")
    assert message.raw("ZXX-1") == "one\\X0D\\\\X0A\\two"
    assert parse(bytes(message))["ZXX-1"] == "one\r\ntwo"


@pytest.mark.parametrize("text", ["a|b", "a\rPID|2", "a\nb"])
def test_encoded_text_cannot_break_out_of_its_field(message: Message, text: str) -> None:
    with pytest.raises(Unwritable):
        message.set_raw("ZXX-1", text)
    assert bytes(message) == RAW


def test_the_delimiters_of_a_message_cannot_be_overwritten(message: Message) -> None:
    with pytest.raises(BadPath):
        message.set("MSH-2", "^~\\&")


def test_a_segment_is_added_at_the_end_with_the_messages_line_ends() -> None:
    message = parse(b"MSH|^~\\&|A\r\nPID|1\r\n")
    message.add("ZAA")
    message.set("ZAA-2", "x")
    assert bytes(message) == b"MSH|^~\\&|A\r\nPID|1\r\nZAA||x\r\n"


def test_a_copy_is_independent(message: Message) -> None:
    _ = message["PID"]
    other = copy.deepcopy(message)
    other.set("PID-3", "changed")
    assert (message["PID-3"], other["PID-3"]) == ("123", "changed")
    assert pickle.loads(pickle.dumps(message))["PID"].patient_name.given_name.value == "J&J"


def test_without_an_escape_character_a_delimiter_cannot_be_written() -> None:
    message = parse(b"MSH|^~|A\rZAA|x\r")
    with pytest.raises(Unwritable):
        message.set("ZAA-1", "a^b")
    message.set("ZAA-1", "a&b")
    assert message.raw("ZAA-1") == "a&b"
    with pytest.raises(Unwritable):
        message.set("ZAA-1.1.2", "sub")


def test_a_character_outside_the_charset_is_refused_with_its_position() -> None:
    message = parse("MSH|^~\\&|Ä" + "|" * 15 + b"8859/1\rPID|1".decode())
    message.set("PID-1", "ü")
    with pytest.raises(Unwritable) as caught:
        message.set("PID-1", "ü€")
    assert caught.value.position == 1
    assert message["PID-1"] == "ü"


def test_setting_msh_18_moves_the_message_to_that_charset() -> None:
    message = parse("MSH|^~\\&|Ä" + "|" * 15 + "8859/1\rPID|1")
    assert b"\xc4" in bytes(message)
    message.set("MSH-18", "UNICODE UTF-8")
    assert "Ä".encode() in bytes(message)
    assert parse(bytes(message))["MSH-3"] == "Ä"


def test_a_path_prints_as_it_is_written() -> None:
    for text in ("PID", "OBX[2]-5", "PID-3[0].4.1", "PID-3.1"):
        assert str(parse_path(text)) == text


plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
paths = st.builds(
    "{}-{}[{}].{}.{}".format,
    st.sampled_from(["PID", "OBX[1]", "ZXX"]),
    st.integers(1, 12),
    st.integers(0, 3),
    st.integers(1, 5),
    st.integers(1, 3),
)


@given(path=paths, value=plain)
def test_what_is_set_is_what_is_got_also_after_a_round_trip(path: str, value: str) -> None:
    message = parse(RAW)
    message.set(path, value)
    assert message[path] == value
    assert parse(bytes(message))[path] == value


@given(path=paths, value=plain, delimiters=st.permutations("|^~\\&*%!@"))
def test_escapes_round_trip_whatever_the_delimiters(path: str, value: str, delimiters: list[str]) -> None:
    field, *rest = delimiters[:5]
    message = parse(f"MSH{field}{''.join(rest)}{field}A\rPID{field}\rOBX{field}\rOBX{field}\rZXX{field}\r")
    message.set(path, value)
    assert parse(bytes(message))[path] == value


@given(value=st.text(st.sampled_from("\\.brHNXFSTRE0D+ "), max_size=30))
def test_text_that_looks_like_escapes_round_trips(value: str) -> None:
    message = parse(RAW)
    message.set("ZXX-1", value)
    assert message["ZXX-1"] == value


@given(first=paths, second=paths, value=plain)
def test_setting_one_place_leaves_the_others(first: str, second: str, value: str) -> None:
    message = parse(RAW)
    before = message[second]
    message.set(first, value)
    if parse_path(first)[:6] != parse_path(second)[:6]:
        assert message[second] == before
