"""The rights of who searches, and of who indexes."""

import json
from typing import Any

import pytest

from infra.constructs.grants import SEARCH_COLLECTIONS
from infra.layers import WingLayers
from tests.infra import sample
from tests.infra.sample import SAMPLE, synthesise, write_function


@pytest.mark.parametrize(
    ("access", "expected"),
    [("read", {"s3:GetObject"}), ("write", {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"})],
)
def test_the_grant_reaches_the_indexes_and_nothing_else(
    access: str, expected: set[str], tmp_path: Any, layers: dict[str, WingLayers]
) -> None:
    definition = SAMPLE["healthcare_nodes"].replace("[trigger]", f'[grants]\nsearch = "{access}"\n[trigger]')
    for name, text in {"engine": SAMPLE["engine"], "finder": definition}.items():
        write_function(tmp_path / "functions", name, text)
    templates = synthesise("prod", tmp_path / "functions", layers, tmp_path / "out")
    rights = [right for name, right in templates.statements() if "finder" in name.lower()]
    on_search = [right for right in rights if "Search" in json.dumps(right["Resource"])]
    listing = [right for right in on_search if right["Action"] == "s3:ListBucket"]
    others = [right["Action"] for right in on_search if right not in listing]
    found = {action for each in others for action in ([each] if isinstance(each, str) else each)}
    assert (len(listing), found) == (1, expected)
    assert "Search" in json.dumps(templates.function("finder")["Environment"]["Variables"]["PENSTOCK_SEARCH_BUCKET"])
    assert [right for right in rights if "Payloads" in json.dumps(right["Resource"])] == []


def test_a_tenants_own_collection_is_named_and_granted(
    tmp_path: Any, layers: dict[str, WingLayers], monkeypatch: pytest.MonkeyPatch
) -> None:
    arn, endpoint = "arn:aws:aoss:eu-central-1:000000000000:collection/c", "https://c.eu-central-1.aoss.amazonaws.com"
    collections = {SEARCH_COLLECTIONS: {"lakeside": {"endpoint": endpoint, "arn": arn}}}
    app = sample.cdk.App
    monkeypatch.setattr(
        sample.cdk, "App", lambda outdir, context: app(outdir=outdir, context={**context, **collections})
    )
    definition = SAMPLE["healthcare_nodes"].replace("[trigger]", '[grants]\nsearch = "read"\n[trigger]')
    for name, text in {"engine": SAMPLE["engine"], "finder": definition}.items():
        write_function(tmp_path / "functions", name, text)
    templates = synthesise("prod", tmp_path / "functions", layers, tmp_path / "out")
    (right,) = [right for _, right in templates.statements() if right["Action"] == "aoss:APIAccessAll"]
    assert right["Resource"] == arn
    variables = templates.function("finder")["Environment"]["Variables"]
    assert json.loads(variables["PENSTOCK_SEARCH_COLLECTIONS"]) == {"lakeside": endpoint}
    assert "PENSTOCK_SEARCH_COLLECTIONS" not in templates.function("engine").get("Environment", {}).get("Variables", {})


def test_indexes_keep_no_old_versions(tmp_path: Any, layers: dict[str, WingLayers]) -> None:
    """What a person asked to be forgotten must not stay in a version before."""
    write_function(tmp_path / "functions", "engine", SAMPLE["engine"])
    templates = synthesise("prod", tmp_path / "functions", layers, tmp_path / "out")
    buckets = {name: bucket for name, bucket in templates.of_type("AWS::S3::Bucket").items() if "Search" in name}
    (bucket,) = buckets.values()
    assert "VersioningConfiguration" not in bucket
