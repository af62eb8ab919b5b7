"""penstock subject show and forget, against the real endpoint."""

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from penstock.aws import wiring
from penstock.events import StreamId
from penstock_cli import api
from tests.functions.cloud import ROOT, Cloud
from tests.functions.cloud import cloud as make
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.platform import URL, transport

MRN = "MRN4471902"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, create_tables: Callable[..., None]) -> Iterator[Cloud]:
    yield from make(monkeypatch, create_tables)


@pytest.fixture
def platform(penstock: Invoke, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """The command line with a platform named in the environment, which has a message of a patient."""
    monkeypatch.setenv("PENSTOCK_API_URL", URL)
    monkeypatch.setenv("PENSTOCK_API_KEY", cloud.key)
    monkeypatch.setattr(api, "Api", partial(api.Api, transport=transport(cloud)))
    raw = base64.b64encode((ROOT / "events/messages/hl7v2_oru_r01_normal.hl7").read_bytes()).decode()
    message = cloud.request("hl7_messages", "POST", "/v1/healthcare/messages", {"raw": raw}).body["id"]
    wiring.link_subjects(StreamId("acme", "hl7_message", message))
    return penstock


def test_a_person_is_shown_and_forgotten(platform: Invoke) -> None:
    shown = json.loads(platform("subject", "show", MRN, "--json").stdout)
    assert (shown["is_linked"], shown["streams_total"]) == (True, 1)
    assert shown["streams"][0] in platform("subject", "show", f"LAKESIDE|{MRN}").stdout
    forgotten = platform("subject", "forget", MRN, "--reason", "asked for it", "--json")
    assert forgotten.exit_code == 0, forgotten.stderr
    assert json.loads(forgotten.stdout)["is_linked"] is False
    assert "asked for it" in platform("subject", "show", MRN).stdout


def test_nobody_is_forgotten_without_a_reason_and_an_unknown_one_is_not_repeated(platform: Invoke) -> None:
    assert platform("subject", "forget", MRN).exit_code == 2
    unknown = platform("subject", "show", "999999")
    assert unknown.exit_code == 1
    assert "999999" not in unknown.stdout + unknown.stderr
