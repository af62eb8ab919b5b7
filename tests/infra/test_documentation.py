"""The pages: every relative link leads to a file, every `make` command is one."""

import re
from pathlib import Path

import pytest

from tests.infra.sample import ROOT

LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)(?P<target>[^)#\s]+)")
MAKE = re.compile(r"`(?:\$ )?make (?P<target>[a-z]+)")
TARGET = re.compile(r"^(?P<name>[a-z]+):.*## ", re.MULTILINE)
FOLDERS = ("docs", "functions", "benchmarks", "edge", "local", "events")


def _pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])


@pytest.mark.parametrize("page", _pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(page: Path) -> None:
    targets = [match["target"] for match in LINK.finditer(page.read_text(encoding="utf-8"))]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", _pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_make_command_is_a_target(page: Path) -> None:
    known = set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    assert {match["target"] for match in MAKE.finditer(page.read_text(encoding="utf-8"))} - known == set()


def test_every_target_tells_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (?P<names>.*)$", text, re.MULTILINE)
    assert phony
    assert set(phony["names"].split()) - {"lint"} == set(TARGET.findall(text))
