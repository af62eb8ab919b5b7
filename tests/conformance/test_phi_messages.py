"""Real-world HL7 v2 messages: nothing is found in them once identifiers were taken out, and they are still messages."""

from datetime import date
from pathlib import Path

import pytest

from penstock_healthcare.hl7 import parse
from penstock_healthcare.phi import Treatment, deidentify, find

FOLDER = Path(__file__).parents[2].parent / "shared" / "corpora" / "hl7v2" / "messages"
TODAY = date(2026, 11, 24)


def test_every_message_of_the_corpus_is_clean_afterwards() -> None:
    files = sorted(FOLDER.glob("*.hl7"))
    if not files:
        pytest.skip("the corpus shared/corpora/hl7v2 is not beside the repository")
    wrong = []
    for file in files:
        raw = file.read_bytes()
        content, report = deidentify(raw, Treatment(TODAY))
        before, after = parse(raw), parse(content)
        same = [segment.id for segment in before] == [segment.id for segment in after] and before.type == after.type
        clean = find(content, Treatment(TODAY)) == [] and deidentify(content, Treatment(TODAY))[0] == content
        if not (same and clean and report.is_safe_harbor):
            wrong.append(file.name)
    assert wrong == []
