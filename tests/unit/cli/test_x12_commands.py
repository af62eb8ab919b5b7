"""penstock x12 check and show."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.unit.cli.conftest import Invoke

Write = Callable[..., str]
MESSAGES = Path(__file__).parents[3] / "events" / "messages"
ACTIVE = str(MESSAGES / "x12_271_active.x12")
QUESTION = str(MESSAGES / "x12_270_subscriber.x12")


def test_clean_interchanges_are_fine(penstock: Invoke) -> None:
    result = penstock("x12", "check", ACTIVE, QUESTION, "--json")
    assert result.exit_code == 0
    answer, question = json.loads(result.stdout)
    assert (answer["sets"], answer["control_id"], answer["sender"]) == (["271"], "000004310", "NORTHPLAN")
    assert (question["sets"], question["parsed"], question["identical"]) == (["270"], True, True)
    assert answer["findings"] == question["findings"] == []


def test_a_wrong_count_is_told_with_its_place(penstock: Invoke, write: Write) -> None:
    broken = write("a.x12", Path(ACTIVE).read_bytes().replace(b"SE*33*", b"SE*32*"))
    result = penstock("x12", "check", broken, "--json")
    [finding] = json.loads(result.stdout)[0]["findings"]
    assert result.exit_code == 1
    assert (finding["path"], finding["position"], finding["rule"]) == ("SE-01", 35, "count")
    assert "32 segments are stated and there are 33" in penstock("x12", "check", broken).stdout


def test_what_cannot_be_read_is_a_finding(penstock: Invoke, write: Write) -> None:
    result = penstock("x12", "check", write("a.x12", b"ISA*00*"), "--json")
    [finding] = json.loads(result.stdout)[0]["findings"]
    assert (result.exit_code, finding["rule"], finding["severity"]) == (1, "readable", "error")


def test_a_folder_is_searched_whatever_the_names(penstock: Invoke, write: Write, tmp_path: Path) -> None:
    write("one.txt", Path(ACTIVE).read_bytes())
    write("two.edi", b"nothing")
    write("three.md", "ISA is a segment")
    reports = json.loads(penstock("x12", "check", str(tmp_path), "--json").stdout)
    assert [(Path(each["file"]).name, each["parsed"]) for each in reports] == [("one.txt", True), ("two.edi", False)]


def test_every_interchange_of_a_file_is_checked(penstock: Invoke, write: Write) -> None:
    both = write("both.x12", Path(ACTIVE).read_bytes() + Path(QUESTION).read_bytes())
    reports = json.loads(penstock("x12", "check", both, "--json").stdout)
    assert [(each["interchange"], each["sets"]) for each in reports] == [(1, ["271"]), (2, ["270"])]


def test_standard_input_is_a_dash(penstock: Invoke) -> None:
    result = penstock("x12", "check", "-", "--json", stdin=Path(ACTIVE).read_text())
    assert [each["file"] for each in json.loads(result.stdout)] == ["-"]


def test_a_missing_file_is_wrong_use(penstock: Invoke) -> None:
    result = penstock("x12", "check", "nowhere.x12")
    assert (result.exit_code, "nowhere.x12: no such file" in result.stderr) == (2, True)


def test_an_interchange_is_shown_by_segment(penstock: Invoke) -> None:
    result = penstock("x12", "show", ACTIVE)
    assert result.exit_code == 0
    assert "000004310 from NORTHPLAN to LAKESIDE: 271 answer about coverage" in result.stdout
    assert any(line.split()[1:3] == ["EB", "I**35"] for line in result.stdout.splitlines())


def test_an_interchange_is_shown_as_json(penstock: Invoke) -> None:
    [document] = json.loads(penstock("x12", "show", ACTIVE, "--json").stdout)
    segments = document["groups"][0]["transactions"][0]["segments"]
    assert {"id": "EB", "1": "1", "2": "IND", "3": ["33", "48", "50", "86", "98", "MH"], "5": "SILVER FAMILY PPO"} in (
        segments
    )


def test_what_cannot_be_shown_is_told(penstock: Invoke, write: Write) -> None:
    result = penstock("x12", "show", write("a.x12", b"MSH|^~\\&|"))
    assert (result.exit_code, "does not begin with an ISA segment" in result.stdout) == (1, True)
