"""The compliance templates: each is filled in, refuses what does not fit, and shows values as they were given."""

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from penstock_healthcare.compliance import BrokenTemplate, UnknownTemplate, WrongData, render, templates
from penstock_healthcare.compliance.body import parse_body
from penstock_healthcare.compliance.catalogue import read_template
from penstock_healthcare.compliance.rendering import fill
from tests.unit.healthcare.compliance.sample_data import DATA

ASKED_FOR = {
    "hipaa_authorization": "164.508",
    "breach_notice": "164.404",
    "access_response": "164.524",
    "amendment_response": "164.526",
    "accounting_of_disclosures": "164.528",
    "business_associate_agreement": "164.504(e)",
    "minimum_necessary_policy": "164.502(b)",
    "deidentification_report": "164.514",
    "audit_review": "164.308(a)(1)(ii)(D)",
    "contingency_plan": "164.308(a)(7)",
}
SMALL = """+++
title = "Small"
summary = "For tests"
[answers]
"45 CFR 1.1" = "something"
[fields.line]
type = "text"
about = "A line"
[fields.lines]
type = "prose"
about = "Lines"
[fields.entries]
type = "list"
about = "Entries"
[fields.table]
type = "rows"
about = "Rows"
[fields.table.columns]
cell = {label = "Cell"}
+++
# The *title*

{{line}} starts, and **{{line}}** is bold.

{{lines}}

{{list entries}}

{{rows table}}
"""


class _Page(HTMLParser):
    """The tags and the text of a page's body."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page.partition("<body>")[2] or page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.tags += [f"{tag}@{name}" for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(page: str) -> tuple[list[str], str]:
    """The tags in order, and all text without its spacing."""
    found = _Page(page)
    return found.tags, "".join(found.text.split())


def of_markdown(text: str) -> str:
    """As a reader of GitHub's flavour shows it; raw HTML would pass."""
    return str(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


def test_the_templates_that_the_regulation_asks_for_are_there() -> None:
    assert set(templates()) == set(ASKED_FOR) == set(DATA)
    for name, paragraph in ASKED_FOR.items():
        assert any(paragraph in each for each in templates()[name].header.answers), name


@pytest.mark.parametrize("name", DATA)
def test_each_is_filled_in_and_names_what_it_answers(name: str) -> None:
    document = render(name, DATA[name])
    text, page = document.markdown(), document.html()
    assert "{{" not in text
    assert seen(of_markdown(text)) == seen(page)
    for paragraph in templates()[name].header.answers:
        assert paragraph.removeprefix("45 CFR ") in page
    for value in DATA[name].values():
        if isinstance(value, list):
            first = value[0] if isinstance(value[0], str) else next(iter(value[0].values()))
            assert str(first)[:4] in page or len(str(first)) == 10


@pytest.mark.parametrize("name", DATA)
def test_each_required_field_that_is_missing_is_named(name: str) -> None:
    required = [field for field in DATA[name] if templates()[name].header.fields[field].required]
    assert required
    for field in required:
        with pytest.raises(WrongData) as caught:
            render(name, {key: value for key, value in DATA[name].items() if key != field})
        assert any(each.path == field and "is missing" in each.reason for each in caught.value.problems)


@pytest.mark.parametrize("name", DATA)
def test_each_does_without_what_is_not_required(name: str) -> None:
    fields = templates()[name].header.fields
    assert render(name, {key: value for key, value in DATA[name].items() if fields[key].required}).markdown()


def test_all_problems_are_told_at_once_and_quote_no_value() -> None:
    wrong = DATA["breach_notice"] | {
        "letter_date": "24.11.2026 Okafor",
        "steps": ["fine", ""],
        "phone": ["Okafor"],
        "is_representative": "Okafor",
        "recipient_name": "Oka\nfor",
        "colour": "Okafor",
    }
    with pytest.raises(WrongData) as caught:
        render("breach_notice", wrong)
    assert {each.path: each.reason for each in caught.value.problems} == {
        "colour": "is no field of this template",
        "letter_date": "must be a date as YYYY-MM-DD",
        "steps[1]": "must not be empty",
        "phone": "must be text",
        "is_representative": "must be true or false",
        "recipient_name": "must not have line breaks or control characters",
    }
    assert "Okafor" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "change", "path"),
    [
        ("audit_review", {"sources": []}, "sources"),
        ("audit_review", {"sources": [{"system": "a"}]}, "sources[0].record"),
        ("audit_review", {"sources": [{"system": "a", "other": "b"}]}, "sources[0].other"),
        ("audit_review", {"sources": ["a"]}, "sources[0]"),
        ("audit_review", {"sources": [{"system": "a"}] * 501}, "sources"),
        ("audit_review", {"conclusion": "x" * 10_001}, "conclusion"),
        ("audit_review", {"next_review": "2026-02-30"}, "next_review"),
        ("audit_review", {"reviewer": "a\u202eb"}, "reviewer"),
        ("audit_review", {"reviewer": "a\ud800"}, "reviewer"),
        ("business_associate_agreement", {"report_days": 61}, "report_days"),
        ("business_associate_agreement", {"report_days": True}, "report_days"),
        ("access_response", {"decision": "maybe"}, "decision"),
        ("access_response", {"decision": "granted"}, "basis"),
        ("access_response", {"basis": "not_held"}, "review_contact"),
        ("amendment_response", {"decision": "accepted"}, "amended"),
        ("deidentification_report", {"method": "expert"}, "expert"),
        ("hipaa_authorization", {"signer": "patient"}, "representative"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_path(name: str, change: dict[str, Any], path: str) -> None:
    with pytest.raises(WrongData) as caught:
        render(name, DATA[name] | change)
    assert path in [each.path for each in caught.value.problems]


def test_a_document_has_a_largest_size() -> None:
    row = dict.fromkeys(("role", "information", "conditions"), "x" * 500)
    full = dict.fromkeys(("recipient", "purpose", "information"), "x" * 500)
    data = DATA["minimum_necessary_policy"] | {"roles": [row] * 500, "routine_disclosures": [full] * 500}
    with pytest.raises(WrongData, match="data: has at most 1,000,000 characters"):
        render("minimum_necessary_policy", data)


def test_a_letter_says_what_was_decided() -> None:
    refused = render("access_response", DATA["access_response"]).markdown()
    assert "have this decision reviewed" in refused
    assert "We grant part of your request" in refused
    held = {key: value for key, value in DATA["access_response"].items() if key != "review_contact"}
    assert "does not provide for a review" in render("access_response", held | {"basis": "not_held"}).markdown()
    assert "November 4, 2026" in render("breach_notice", DATA["breach_notice"]).markdown()


def test_an_unknown_template_is_told() -> None:
    with pytest.raises(UnknownTemplate, match="breach_notice"):
        render("../secrets", {})


ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](http://evil.example/p.png)",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "| a | b |",
    "**bold** _it_ `code` ~~gone~~",
    "&lt;b&gt; &copy;",
    "https://evil.example www.evil.example <http://x>",
    "{{line}} {{if x}}",
    "+++",
    "---",
    "===",
    "\\",
    "text\\",
    "~~~",
    "```",
    "[a]: http://x",
    "<!-- -->",
)
SMALL_TEMPLATE = read_template("small", SMALL)


def filled(text: str) -> tuple[str, str]:
    data = {"line": text, "lines": f"{text}\n{text}\n\n{text}", "entries": [text, text], "table": [{"cell": text}]}
    document = fill(SMALL_TEMPLATE, data)
    return of_markdown(document.markdown()), document.html()


PLAIN_TAGS = seen(filled("plain")[1])[0]


@pytest.mark.parametrize("text", ATTACKS)
def test_values_never_become_markup(text: str) -> None:
    for page in filled(text):
        tags, content = seen(page)
        assert tags == PLAIN_TAGS
        assert content.count("".join(text.split())) >= 8


LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Zs"), include_characters=" ")
MARKS = st.sampled_from(list("\\`*_{}[]<>()#+-.!|~&:/=@1 w"))


@given(st.text(st.one_of(MARKS, LETTERS), min_size=1, max_size=60).filter(str.strip))
def test_any_text_reads_in_both_formats_as_it_was_given(text: str) -> None:
    for page in filled(text):
        tags, content = seen(page)
        assert tags == PLAIN_TAGS
        assert "".join(text.split()) in content


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("{{line}} starts", "{{lime}} starts", "lime: is used and not declared"),
        ("{{list entries}}", "", "entries: is declared and not used"),
        ("{{list entries}}", "{{rows entries}}", "entries: is no rows"),
        ("{{lines}}", "{{entries}}", "a list cannot stand in text"),
        ('about = "Lines"', 'about = "Lines"\nrequired = false', "lines: may be left out"),
        ('about = "Lines"', 'about = "Lines"\nwhen = {other = ["yes"]}', "lines: may be left out"),
        ("{{lines}}", "{{if lines}}", "has no {{end}}"),
        ("{{lines}}", "{{end}}", "without {{if}}"),
        ("{{lines}}", "{{ lines }}", "braces"),
        ("{{lines}}", "{{lines | upper}}", "braces"),
        ("**{{line}}** is", "**{{line}} is", "without its second"),
        ('type = "prose"', 'type = "poem"', "type"),
        ('type = "rows"', 'type = "text"', "rows have columns"),
        ('title = "Small"', "", "title"),
        ("+++\n# The", "# The", "no header"),
    ],
)
def test_a_broken_template_says_what_is_wrong(old: str, new: str, reason: str) -> None:
    with pytest.raises(BrokenTemplate) as caught:
        read_template("small", SMALL.replace(old, new, 1))
    assert reason in str(caught.value)


def test_a_body_has_nothing_but_its_notation() -> None:
    [heading, written] = parse_body("## A **b** {{c}}\n1. one\n   more\n2. two\n")
    assert [piece.text or piece.field for piece in heading.lines[0]] == ["A ", "b", " ", "c"]  # type: ignore[union-attr]
    assert [line[0].text for line in written.lines] == ["one more", "two"]  # type: ignore[union-attr]
