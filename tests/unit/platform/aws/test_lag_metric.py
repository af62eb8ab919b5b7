"""The lag as CloudWatch reads it from the log."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from penstock.aws.lag_metric import LagMetric

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def published(capsys: pytest.CaptureFixture[str], metric: LagMetric) -> dict[str, list[float]]:
    metric.publish()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for line in lines:
        (definition,) = line["_aws"]["CloudWatchMetrics"]
        assert definition["Namespace"] == "Penstock"
        assert definition["Dimensions"] == [["stage", "projection"]]
        assert definition["Metrics"] == [{"Name": "ProjectionLag", "Unit": "Milliseconds"}]
        assert line["stage"] == "test"
        assert "service" not in line
    return {line["projection"]: line["ProjectionLag"] for line in lines}


@pytest.fixture(autouse=True)
def stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_STAGE", "test")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "projector")


def test_a_batch_is_one_line_for_each_projection(capsys: pytest.CaptureFixture[str]) -> None:
    metric = LagMetric(lambda: NOW)
    metric.note({"workflows": NOW - timedelta(milliseconds=40), "executions": NOW - timedelta(seconds=2)})
    metric.note({"workflows": NOW - timedelta(milliseconds=5)})
    assert published(capsys, metric) == {"workflows": [40, 5], "executions": [2_000]}


def test_nothing_applied_is_nothing_published(capsys: pytest.CaptureFixture[str]) -> None:
    metric = LagMetric(lambda: NOW)
    metric.note({})
    assert published(capsys, metric) == {}


def test_a_batch_does_not_come_again_with_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    metric = LagMetric(lambda: NOW)
    metric.note({"workflows": NOW})
    assert published(capsys, metric) == {"workflows": [0]}
    assert published(capsys, metric) == {}


def test_a_clock_that_is_behind_measures_no_negative_lag(capsys: pytest.CaptureFixture[str]) -> None:
    metric = LagMetric(lambda: NOW)
    metric.note({"workflows": NOW + timedelta(seconds=1)})
    assert published(capsys, metric) == {"workflows": [0]}
