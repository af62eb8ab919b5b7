"""penstock templates list, show and render."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.unit.cli.conftest import Invoke
from tests.unit.healthcare.compliance.sample_data import DATA

Write = Callable[..., str]
NOTICE = DATA["breach_notice"]


def test_the_templates_are_listed(penstock: Invoke) -> None:
    assert "breach_notice" in penstock("templates", "list").stdout
    assert {each["id"] for each in json.loads(penstock("templates", "list", "--json").stdout)} == set(DATA)


def test_a_template_shows_its_fields_and_paragraphs(penstock: Invoke) -> None:
    text = penstock("templates", "show", "access_response").stdout
    assert "review_contact" in text
    assert "164.524(d)(2)" in text
    shown = json.loads(penstock("templates", "show", "access_response", "--json").stdout)
    assert shown["fields"]["decision"]["options"]["granted"]


def test_a_template_is_rendered(penstock: Invoke, write: Write, tmp_path: Path) -> None:
    data = write("notice.json", NOTICE)
    assert penstock("templates", "render", "breach_notice", "--data", data).stdout.startswith("November 24, 2026\n")
    page = tmp_path / "notice.html"
    result = penstock("templates", "render", "breach_notice", "--data", data, "--html", "--output", str(page))
    assert result.exit_code == 0
    assert page.read_text().startswith("<!doctype html>")
    again = penstock("templates", "render", "breach_notice", "--data", data, "--output", str(page))
    assert again.exit_code == 2, "a file that is there stays"
    told = json.loads(penstock("templates", "render", "breach_notice", "--data", data, "--json").stdout)
    assert "45 CFR 164.404(c)(2)" in told["answers"]
    assert penstock("templates", "render", "breach_notice", "--data", "-", stdin=json.dumps(NOTICE)).exit_code == 0


def test_data_that_do_not_fit_are_told_by_field(penstock: Invoke, write: Write, tmp_path: Path) -> None:
    out = tmp_path / "out.md"
    data = write("notice.json", {**NOTICE, "phone": "", "x": 1})
    result = penstock("templates", "render", "breach_notice", "--data", data, "--output", str(out))
    assert (result.exit_code, out.exists()) == (1, False)
    assert "phone: must not be empty" in result.stderr
    assert "x: is no field of this template" in result.stderr


def test_wrong_use_is_told(penstock: Invoke, write: Write) -> None:
    assert penstock("templates", "show", "nothing").exit_code == 2
    assert penstock("templates", "render", "breach_notice", "--data", write("a.json", [])).exit_code == 2
    assert penstock("templates", "render", "breach_notice", "--data", write("b.json", "{")).exit_code == 2
