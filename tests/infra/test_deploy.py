"""From the cloud assembly to CloudFormation: order, assets named by content, when a synthesis is needed."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra import sources
from infra.sources import stage_sources
from local import synth
from local.assembly import read_assembly
from local.errors import DeployError

BUCKET = "assets-${AWS::AccountId}-${AWS::Region}"


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """A stage of two stacks: `Compute`, which has a folder and a file as assets, depends on `Data`."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "handler.py").write_text("A = 1", encoding="utf-8")
    (tmp_path / "wheels.zip").write_bytes(b"zip")
    stage = tmp_path / "out" / "assembly-stage"
    folder = {"source": {"path": str(code)}, "destinations": {"d": {"bucketName": BUCKET, "objectKey": "old.zip"}}}
    file = {
        "source": {"path": str(tmp_path / "wheels.zip")},
        "destinations": {"d": {"bucketName": BUCKET, "objectKey": "wheels-old.zip"}},
    }
    own = {"source": {"path": "c.template.json"}, "destinations": {"d": {"bucketName": BUCKET, "objectKey": "t"}}}
    _write(stage / "c.assets.json", {"files": {"1": folder, "2": file, "3": own}})
    _write(stage / "c.template.json", {"Resources": {"F": {"S3Key": "old.zip"}, "L": {"S3Key": "wheels-old.zip"}}})
    _write(stage / "d.template.json", {"Resources": {}})
    stack = "aws:cloudformation:stack"
    artifacts = {
        "compute": {
            "type": stack,
            "properties": {"templateFile": "c.template.json", "stackName": "Compute"},
            "dependencies": ["data", "c.assets"],
        },
        "c.assets": {"type": "cdk:asset-manifest", "properties": {"file": "c.assets.json"}},
        "data": {"type": stack, "properties": {"templateFile": "d.template.json", "stackName": "Data"}},
    }
    _write(stage / "manifest.json", {"artifacts": artifacts})
    nested = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-stage"}}
    _write(tmp_path / "out/manifest.json", {"artifacts": {"stage": nested}})
    return tmp_path / "out"


def test_a_stack_comes_after_those_it_depends_on(assembly: Path) -> None:
    assert [stack.name for stack in read_assembly(assembly)] == ["Data", "Compute"]


def test_assets_are_named_by_what_they_hold(assembly: Path) -> None:
    compute = read_assembly(assembly)[1]
    keys = {asset.path.name: asset.key for asset in compute.assets}
    assert set(keys) == {"code", "wheels.zip"}
    resources = json.loads(compute.template)["Resources"]
    assert resources == {"F": {"S3Key": keys["code"]}, "L": {"S3Key": keys["wheels.zip"]}}
    assert compute.assets[0].bucket == "assets-000000000000-us-east-1"


def test_a_change_of_code_alone_changes_the_template(assembly: Path) -> None:
    before = read_assembly(assembly)[1]
    (assembly.parent / "code/handler.py").write_text("A = 2", encoding="utf-8")
    after = read_assembly(assembly)[1]
    assert after.digest != before.digest
    assert read_assembly(assembly)[1].digest == after.digest


def test_byte_code_does_not_change_an_asset(assembly: Path) -> None:
    before = read_assembly(assembly)[1]
    cache = assembly.parent / "code/__pycache__"
    cache.mkdir()
    (cache / "handler.cpython-311.pyc").write_bytes(b"x")
    after = read_assembly(assembly)[1]
    assert after.digest == before.digest
    assert after.assets[0].content() == before.assets[0].content()


def test_a_failed_stack_says_which_resources_failed() -> None:
    error = DeployError("Compute", ("ended as ROLLBACK_COMPLETE", "Table (AWS::DynamoDB::Table): no key"))
    assert str(error).splitlines() == [
        "stack Compute was not deployed",
        "  ended as ROLLBACK_COMPLETE",
        "  Table (AWS::DynamoDB::Table): no key",
    ]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repo of one function, in the place of ours."""
    for name in ("app.py", "cdk.json", "requirements.lock", "infra/stages.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    home = tmp_path / "functions/audit"
    home.mkdir(parents=True)
    (home / "handler.py").write_text("A = 1", encoding="utf-8")
    (home / "function.toml").write_text("memory = 128", encoding="utf-8")
    monkeypatch.setattr(synth, "ROOT", tmp_path)
    return tmp_path


def test_a_synthesis_is_needed_when_a_definition_changes_and_not_when_code_does(workspace: Path) -> None:
    layers = [Path("build/wheels/host/platform-1.zip")]
    before = synth.fingerprint(layers)
    (workspace / "functions/audit/handler.py").write_text("A = 2", encoding="utf-8")
    assert synth.fingerprint(layers) == before
    (workspace / "functions/audit/function.toml").write_text("memory = 256", encoding="utf-8")
    assert synth.fingerprint(layers) != before


@pytest.mark.parametrize("name", ["app.py", "cdk.json", "requirements.lock", "infra/stages.py"])
def test_a_synthesis_is_needed_when_the_app_changes(workspace: Path, name: str) -> None:
    before = synth.fingerprint([])
    (workspace / name).write_text("other", encoding="utf-8")
    assert synth.fingerprint([]) != before


def test_a_synthesis_is_needed_when_other_layers_are_built(workspace: Path) -> None:
    assert synth.fingerprint([Path("platform-1.zip")]) != synth.fingerprint([Path("platform-2.zip")])


def test_a_wing_is_staged_without_caches_and_only_when_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "layers/platform/python/penstock"
    (source / "__pycache__").mkdir(parents=True)
    (source / "__pycache__/a.pyc").write_bytes(b"x")
    (source / "a.py").write_text("A = 1", encoding="utf-8")
    written: list[Path] = []
    monkeypatch.setattr(sources, "write_manifests", lambda _root, target: written.append(target))
    staged = stage_sources(tmp_path, "platform")
    assert [path.name for path in (staged / "python/penstock").iterdir()] == ["a.py"]
    stage_sources(tmp_path, "platform")
    assert len(written) == 1
    (source / "a.py").write_text("A = 2", encoding="utf-8")
    stage_sources(tmp_path, "platform")
    assert (staged / "python/penstock/a.py").read_text(encoding="utf-8") == "A = 2"
    assert len(written) == 2


def test_a_new_node_of_another_wing_renews_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for wing in ("platform", "finance"):
        (tmp_path / "layers" / wing / "python").mkdir(parents=True)
    written: list[Path] = []
    monkeypatch.setattr(sources, "write_manifests", lambda _root, target: written.append(target))
    stage_sources(tmp_path, "platform")
    (tmp_path / "layers/finance/python/node.py").write_text("", encoding="utf-8")
    stage_sources(tmp_path, "platform")
    assert len(written) == 2


def test_an_assembly_of_nothing_has_no_stacks(tmp_path: Path) -> None:
    _write(tmp_path / "manifest.json", {"artifacts": {}})
    assert read_assembly(tmp_path) == ()
