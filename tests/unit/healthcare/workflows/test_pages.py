"""The pages of the healthcare sample workflows: each sample has one, it names all of it, and its commands work.

A command that begins with a variable of the environment needs something outside, as a payer; it is not run here.
"""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from penstock.workflows.samples import Sample, sample_workflows
from penstock_cli.main import app

ROOT = Path(__file__).parents[4]
SAMPLES = [found for found in sample_workflows() if found.id.startswith("healthcare.")]
HEADINGS = ["Nodes", "What it needs", "Try it", "What it emits"]
BLOCK = re.compile(r"^```\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def page(found: Sample) -> str:
    return (ROOT / "docs" / "workflows" / f"{found.id}.md").read_text(encoding="utf-8")


def commands(text: str) -> list[list[str]]:
    """The arguments of each `penstock` command in the blocks of a page."""
    blocks = (match["text"].replace("\\\n", " ") for match in BLOCK.finditer(text))
    return [shlex.split(line)[1:] for block in blocks for line in block.splitlines() if line.startswith("penstock ")]


def test_no_page_is_left_of_a_sample_that_is_gone() -> None:
    pages = {each.stem for each in (ROOT / "docs" / "workflows").glob("healthcare.*.md")}
    assert pages == {found.id for found in SAMPLES}


@pytest.mark.parametrize("found", SAMPLES, ids=lambda found: found.id)
def test_a_page_tells_every_node_and_every_event_and_no_other(found: Sample) -> None:
    text = page(found)
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == HEADINGS
    _, nodes, emits = (
        part.partition("\n## ")[0] for part in re.split(r"^## (?:Nodes|What it emits)$", text, flags=re.M)
    )
    told = set(re.findall(r"\| `([a-z0-9]+\.[a-z0-9_.]+)` \|", nodes))
    assert told == {node["type"] for node in found.definition["nodes"]}
    events = set(re.findall(r"^\| `([^`]+)` \|", emits, re.MULTILINE))
    emitting = (node for node in found.definition["nodes"] if node["type"] == "core.emit")
    assert events == {kind for node in emitting if "{{" not in (kind := node["parameters"]["type"])}


@pytest.mark.parametrize("found", SAMPLES, ids=lambda found: found.id)
def test_the_commands_of_a_page_work(found: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = page(found)
    asked = commands(text)
    assert f"penstock workflow run {found.id}" in text
    for arguments in asked:
        assert arguments[:3] == ["workflow", "run", found.id]
        result = CliRunner().invoke(app, [*arguments, "--json"])
        assert result.exit_code == 0, result.output
        assert '"status": "done"' in result.stdout
