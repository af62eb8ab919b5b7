"""The guide for those who receive: its code is run, its pattern is compiled, its numbers are ours."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from penstock.clock import utc_now
from penstock.routing import patterns
from penstock.routing.delivery import DELAYS
from penstock.routing.sealing import new_secret
from penstock.routing.signing import signed

GUIDE = (Path(__file__).parents[4] / "docs/guides/webhooks.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found
    return found[1]


def test_the_guides_code_tells_what_is_genuine_from_what_is_not() -> None:
    code: dict[str, Any] = {}
    exec(block("python"), code)
    old, new, body = new_secret(), new_secret(), b'{"type":"lab.filed"}'
    headers = dict(signed("acme#event#e-1@1", utc_now(), body, [new, old]))
    assert code["is_genuine"](old, headers, body)
    assert code["is_genuine"](new, headers, body)
    assert not code["is_genuine"](new, headers, body + b" ")
    assert not code["is_genuine"](new_secret(), headers, body)
    stale = dict(signed("acme#event#e-1@1", datetime(2020, 1, 1, tzinfo=UTC), body, [new]))
    assert not code["is_genuine"](new, stale, body)


def test_the_guides_pattern_holds_and_its_operators_are_all_there_are() -> None:
    assert patterns.problems(json.loads(block("json"))) == []
    told = set(re.findall(r'^\| `\{"([a-z-]+)"', GUIDE, re.MULTILINE)) | {"suffix"}
    assert told == {*patterns.OPERATORS, patterns.EXISTS}


def test_the_guides_fields_are_those_of_an_event() -> None:
    (sentence,) = re.findall(r"An event has (.*?)\. `data`", GUIDE, re.DOTALL)
    assert re.findall(r"`(\w+)`", sentence) == [name for name in patterns.FIELDS if name != "data"]


def test_the_guides_pauses_are_the_schedules() -> None:
    assert DELAYS[1:] == (5, 60, 300, 1_800, 2 * 3_600, 5 * 3_600, 10 * 3_600)
    assert "after 5 s, 1 min, 5 min, 30 min, 2 h, 5 h and 10 h" in GUIDE
