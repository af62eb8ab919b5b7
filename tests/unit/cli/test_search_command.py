"""penstock search, against the real endpoint."""

import json
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from penstock.aws import wiring
from penstock.search import Batch, Document
from penstock_cli import api
from tests.functions.cloud import Cloud
from tests.functions.cloud import cloud as make
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.platform import URL, transport

RUN = Document(
    "error:1",
    "error",
    "UnknownPatient in Look up",
    "no such patient\x1b[31m in [bold]ward[/bold] seven",
    "/v1/executions/1",
    1,
    {"status": ["failed"], "error": ["UnknownPatient"]},
)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, create_tables: Callable[..., None]) -> Iterator[Cloud]:
    for made in make(monkeypatch, create_tables):
        assert wiring.search().apply("acme", Batch(0, 1, {"e": [RUN]}))
        yield made


@pytest.fixture
def platform(penstock: Invoke, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.setenv("PENSTOCK_API_URL", URL)
    monkeypatch.setenv("PENSTOCK_API_KEY", cloud.key)
    monkeypatch.setattr(api, "Api", partial(api.Api, transport=transport(cloud)))
    return penstock


def test_what_is_found_is_shown_with_what_stood_in_and_how_many_there_are(platform: Invoke) -> None:
    result = platform("search", "pateint", "status:failed")
    assert result.exit_code == 0, result.stderr
    for text in ("nothing has pateint", "UnknownPatient in Look up", "/v1/executions/1", "1 of 1", "status: failed 1"):
        assert text in result.stdout


def test_text_from_outside_steers_neither_terminal_nor_style(platform: Invoke) -> None:
    result = platform("search", "ward")
    assert "\x1b[31m" not in result.stdout
    assert "[bold]ward[/bold]" in result.stdout


def test_matches_stand_out_where_the_terminal_can_show_it(platform: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;33mward\x1b[0m" in platform("search", "ward").stdout


def test_json_is_the_apis_answer(platform: Invoke) -> None:
    found = json.loads(platform("search", '"no such patient"', "--type", "error", "--json").stdout)
    assert [item["id"] for item in found["items"]] == ["error:1"]
    assert set(found) == {"items", "total", "facets", "corrected", "position", "next"}


def test_nothing_found_is_exit_code_1_and_a_bad_query_says_why(platform: Invoke) -> None:
    assert platform("search", "zzzzzzzz").exit_code == 1
    result = platform("search", "()")
    assert result.exit_code == 1
    assert "neither letters nor digits" in result.stderr


def test_a_word_is_left_out(platform: Invoke) -> None:
    assert platform("search", "--type", "error", "--", "patient", "-ward").exit_code == 1
    assert platform("search", "--type", "error", "--", "patient", "-bed").exit_code == 0
