"""penstock metrics, against the real endpoint."""

import json
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from penstock_cli import api
from tests.functions.cloud import Cloud
from tests.functions.cloud import cloud as make
from tests.functions.flows import SET, start, workflow
from tests.functions.test_metrics import count
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.platform import URL, transport


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, create_tables: Callable[..., None]) -> Iterator[Cloud]:
    yield from make(monkeypatch, create_tables)


@pytest.fixture
def platform(penstock: Invoke, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """The command line with a platform named in the environment."""
    monkeypatch.setenv("PENSTOCK_API_URL", URL)
    monkeypatch.setenv("PENSTOCK_API_KEY", cloud.key)
    monkeypatch.setattr(api, "Api", partial(api.Api, transport=transport(cloud)))
    return penstock


def test_all_workflows_or_one_are_shown(platform: Invoke, cloud: Cloud) -> None:
    known = workflow(cloud, SET)
    start(cloud, known, items=[{"a": 1}])
    count(cloud)
    told = json.loads(platform("metrics", "--json").stdout)
    assert [(each["id"], each["completed"]) for each in told["items"]] == [(known, 1)]
    assert known in platform("metrics").stdout
    shown = platform("metrics", known).stdout
    assert "p95_ms" in shown
    assert "set" in shown


def test_sagas_are_shown_when_asked_for(platform: Invoke) -> None:
    assert json.loads(platform("metrics", "--sagas", "--json").stdout)["items"] == []


def test_a_time_that_is_refused_ends_in_an_error(platform: Invoke) -> None:
    result = platform("metrics", "--from", "yesterday")
    assert result.exit_code != 0
    assert "from" in result.stderr
