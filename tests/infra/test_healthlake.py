"""Who may reach AWS HealthLake: two functions, and only the data stores that the stage names."""

import json
from typing import Any

import pytest

from infra.constructs.grants import HEALTHLAKE_DATASTORES
from infra.layers import WingLayers
from tests.infra import sample
from tests.infra.sample import SAMPLE, Templates, synthesise, write_function

ARN = "arn:aws:healthlake:eu-west-2:000000000000:datastore/fhir/0123456789abcdef0123456789abcdef"
OTHER = ARN.replace("0123456789abcdef0", "fedcba98765432100")
WHAT = {
    "GetCapabilities",
    "ReadResource",
    "VersionReadResource",
    "SearchWithGet",
    "SearchWithPost",
    "CreateResource",
    "UpdateResource",
    "PatchResource",
    "DeleteResource",
    "ProcessBundle",
}


def on_healthlake(templates: Templates) -> list[tuple[str, dict[str, Any]]]:
    return [(name, each) for name, each in templates.statements() if "healthlake:" in json.dumps(each["Action"])]


def made(
    tmp_path: Any, layers: dict[str, WingLayers], monkeypatch: pytest.MonkeyPatch, tenants: dict[str, list[str]]
) -> Templates:
    app, named = sample.cdk.App, {HEALTHLAKE_DATASTORES: tenants}
    monkeypatch.setattr(sample.cdk, "App", lambda outdir, context: app(outdir=outdir, context={**context, **named}))
    definition = SAMPLE["healthcare_nodes"].replace("[trigger]", "[grants]\nhealthlake = true\n[trigger]")
    for name, text in {"engine": SAMPLE["engine"], "reacher": definition}.items():
        write_function(tmp_path / "functions", name, text)
    return synthesise("prod", tmp_path / "functions", layers, tmp_path / "out")


def test_a_stage_that_names_no_data_store_lets_nobody_reach_any(repo: Templates) -> None:
    assert on_healthlake(repo) == []
    for function in ("healthcare_nodes", "fhir_connections"):
        assert "PENSTOCK_HEALTHLAKE_DATASTORES" not in repo.function(function)["Environment"]["Variables"]


def test_the_grant_reaches_the_named_data_stores_and_nothing_else(
    tmp_path: Any, layers: dict[str, WingLayers], monkeypatch: pytest.MonkeyPatch
) -> None:
    templates = made(tmp_path, layers, monkeypatch, {"lakeside": [ARN], "hillside": [OTHER, ARN]})
    [(name, right)] = on_healthlake(templates)
    assert "reacher" in name.lower()
    assert ({*right["Action"]}, {*right["Resource"]}) == ({f"healthlake:{each}" for each in WHAT}, {ARN, OTHER})
    given = json.loads(templates.function("reacher")["Environment"]["Variables"]["PENSTOCK_HEALTHLAKE_DATASTORES"])
    base = "https://healthlake.eu-west-2.amazonaws.com/datastore/0123456789abcdef0123456789abcdef/r4"
    assert given["lakeside"] == {base: "eu-west-2"}
    assert len(given["hillside"]) == 2
    assert "PENSTOCK_HEALTHLAKE_DATASTORES" not in templates.function("engine")["Environment"]["Variables"]


@pytest.mark.parametrize("arn", ["*", ARN.replace("0123456789abcdef0123456789abcdef", "*"), "arn:aws:s3:::bucket"])
def test_what_is_no_data_store_is_refused_before_it_is_deployed(
    tmp_path: Any, layers: dict[str, WingLayers], monkeypatch: pytest.MonkeyPatch, arn: str
) -> None:
    with pytest.raises(ValueError, match=HEALTHLAKE_DATASTORES):
        made(tmp_path, layers, monkeypatch, {"lakeside": [arn]})
