"""Third-party wheels: the closure that the lock gives, and the bundle that goes to Lambda."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from infra import wheels
from infra.errors import WheelError
from infra.functions import discover
from infra.layers import build_layers, needed_wings
from infra.lockfile import closure, read_lock
from infra.sources import wings
from infra.wheels import LAMBDA, build_wheels, direct_dependencies, requirements
from tests.infra.sample import ROOT

LAMBDA_LIMIT_MB = 250
LOCK = """\
alpha==1.0 \\
    --hash=sha256:aa
    # via penstock
beta-two==2.0 ; sys_platform == 'linux' \\
    --hash=sha256:bb
    # via
    #   alpha
    #   penstock (layers/platform/pyproject.toml)
gamma==3.0 \\
    --hash=sha256:cc
    # via beta-two
omega==9.0 \\
    --hash=sha256:00
    # via moto
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A repo of two wings: platform needs alpha, finance needs alpha and omega."""
    (tmp_path / "requirements.lock").write_text(LOCK, encoding="utf-8")
    for wing, needs in {"platform": '"alpha>=1", "boto3"', "finance": '"penstock", "Alpha", "omega[x]>=9"'}.items():
        (tmp_path / "layers" / wing / "python").mkdir(parents=True)
        project = f'[project]\nname = "penstock-{wing}"\ndependencies = [{needs}]\n'
        (tmp_path / "layers" / wing / "pyproject.toml").write_text(project, encoding="utf-8")
    return tmp_path


def test_the_closure_follows_who_asks_for_whom(workspace: Path) -> None:
    packages = read_lock(workspace / "requirements.lock")
    assert closure(packages, ["Alpha"]) == {"alpha", "beta-two", "gamma"}
    assert closure(packages, ["gamma"]) == {"gamma"}


def test_markers_and_hashes_stay_with_their_package(workspace: Path) -> None:
    beta = read_lock(workspace / "requirements.lock")["beta-two"]
    assert beta.lines == ("beta-two==2.0 ; sys_platform == 'linux' \\", "    --hash=sha256:bb")


def test_workspace_members_and_what_the_runtime_brings_are_no_dependencies(workspace: Path) -> None:
    assert direct_dependencies(workspace / "layers/platform") == ("alpha",)
    assert direct_dependencies(workspace / "layers/finance") == ("alpha", "omega")


def test_a_wing_brings_only_what_the_platform_lacks(workspace: Path) -> None:
    assert requirements(workspace, "finance") == "omega==9.0 \\\n    --hash=sha256:00\n"


def test_a_dependency_that_is_not_locked_is_named(workspace: Path) -> None:
    (workspace / "layers/finance/pyproject.toml").write_text(
        '[project]\nname = "x"\ndependencies = ["delta"]\n', encoding="utf-8"
    )
    with pytest.raises(WheelError, match=r"'finance': delta is not in requirements\.lock"):
        requirements(workspace, "finance")


def test_wheels_are_built_once_for_the_same_pins(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []

    def install(_root: Path, wing: str, _target: wheels.Target, _wanted: str, scratch: Path) -> None:
        built.append(wing)
        (scratch / "python/alpha/tests").mkdir(parents=True)
        (scratch / "python/alpha/__init__.py").write_text("", encoding="utf-8")
        (scratch / "python/alpha/tests/test_alpha.py").write_text("", encoding="utf-8")

    monkeypatch.setattr(wheels, "_install", install)
    first = build_wheels(workspace, "platform", LAMBDA)
    assert build_wheels(workspace, "platform", LAMBDA) == first
    assert built == ["platform"]
    assert first is not None
    assert zipfile.ZipFile(first).namelist() == ["python/alpha/__init__.py"]
    (workspace / "requirements.lock").write_text(LOCK.replace("gamma==3.0", "gamma==3.1"), encoding="utf-8")
    assert build_wheels(workspace, "platform", LAMBDA) != first


def test_a_failed_installation_leaves_no_zip(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(1, "uv", stderr="no wheel of alpha for aarch64")

    monkeypatch.setattr(wheels, "find_uv", lambda _root: "uv")
    monkeypatch.setattr(subprocess, "run", refuse)
    with pytest.raises(WheelError, match="no wheel of alpha for aarch64"):
        build_wheels(workspace, "platform", LAMBDA)
    assert not list((workspace / "build").rglob("*.zip"))


def _unzipped_mb(path: Path) -> float:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6
    with zipfile.ZipFile(path) as bundle:
        return sum(entry.file_size for entry in bundle.infolist()) / 1e6


def test_each_function_fits_into_lambda_as_python_3_13_on_arm64(capsys: pytest.CaptureFixture[str]) -> None:
    layers = build_layers(ROOT, LAMBDA)
    assert tuple(layers) == wings(ROOT)
    for function in discover(ROOT / "functions"):
        files = [file for wing in needed_wings(function.wings) for file in layers[wing].files]
        total = sum(_unzipped_mb(path) for path in (*files, function.folder))
        with capsys.disabled():
            print(f"\n  {function.name}: {total:.1f} MB of {LAMBDA_LIMIT_MB} MB unzipped", end="")
        assert total < LAMBDA_LIMIT_MB


def test_the_wheels_for_lambda_hold_machine_code_for_arm64_only() -> None:
    archive = build_wheels(ROOT, "platform", LAMBDA)
    assert archive is not None
    with zipfile.ZipFile(archive) as bundle:
        names = [name for name in bundle.namelist() if name.endswith(".so")]
        machines = {bundle.read(name)[18:20] for name in names}
    assert "python/orjson/orjson.cpython-313-aarch64-linux-gnu.so" in names
    assert machines == {(183).to_bytes(2, "little")}  # EM_AARCH64 in the ELF header


def test_the_wheels_bring_no_second_sdk() -> None:
    archive = build_wheels(ROOT, "platform", LAMBDA)
    assert archive is not None
    packages = {name.split("/")[1] for name in zipfile.ZipFile(archive).namelist()}
    assert {"pydantic", "aws_lambda_powertools", "jmespath", "dateutil"} <= packages
    assert not {"boto3", "botocore", "s3transfer"} & packages
