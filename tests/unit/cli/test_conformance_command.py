"""penstock conformance."""

import json
import shutil
from pathlib import Path

from penstock_cli.conformance import Figure, sections
from tests.unit.cli.conftest import Invoke

MESSAGES = Path(__file__).parents[3] / "events" / "messages"


def test_each_section_of_a_wing_is_measured_against_its_corpus(penstock: Invoke, tmp_path: Path) -> None:
    folder = tmp_path / "hl7v2" / "messages"
    folder.mkdir(parents=True)
    for path in MESSAGES.glob("hl7v2_adt_*.hl7"):
        shutil.copy(path, folder)
    result = penstock("conformance", "healthcare", "--corpora", str(tmp_path), "--json")
    told = {each["section"]: each["figures"] for each in json.loads(result.stdout)}
    assert [(each["count"], each["total"]) for each in told["HL7 v2 messages"]] == [(2, 2)] * 7
    assert result.exit_code == 0


def test_a_figure_below_its_bar_is_an_exit_code(penstock: Invoke, tmp_path: Path) -> None:
    folder = tmp_path / "hl7v2" / "messages"
    folder.mkdir(parents=True)
    (folder / "broken.hl7").write_bytes(b"MSH|broken")
    result = penstock("conformance", "healthcare", "--corpora", str(tmp_path))
    assert (result.exit_code, "falls short" in result.stdout) == (1, True)


def test_a_corpus_that_is_not_there_is_said_to_be_skipped(penstock: Invoke, tmp_path: Path) -> None:
    result = penstock("conformance", "healthcare", "--corpora", str(tmp_path))
    assert (result.exit_code, "HL7 v2 messages: skipped" in result.stdout) == (0, True)


def test_an_unknown_wing_is_wrong_use(penstock: Invoke) -> None:
    assert penstock("conformance", "plumbing").exit_code == 2


def test_only_a_figure_with_a_bar_can_fall_short() -> None:
    assert Figure("x", 1, 2, least=2).falls_short
    assert not Figure("x", 1, 2).falls_short
    assert "HL7 v2 messages" in {section.title for section in sections("healthcare")}
