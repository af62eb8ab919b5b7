"""Third-party wheels of a wing, built into one zip that is a Lambda layer.

Built once per content: the file name carries the hash of the pinned requirements and of the target, so a zip that
is there is right, and a change of our own code never rebuilds wheels.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from infra.errors import WheelError
from infra.lockfile import canonical, closure, read_lock

BUILD_TIMEOUT_SECONDS = 600
IN_RUNTIME = ("boto3",)
"""Direct dependencies that Lambda's Python runtime brings itself."""

UNNEEDED_FOLDERS = frozenset({"__pycache__", "tests", "test", "bin"})
UNNEEDED_FILES = frozenset({".pyc", ".lock"})
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Target:
    """The machine that wheels are built for; `platform` None means this one."""

    name: str
    python: str
    platform: str | None

    def flags(self) -> list[str]:
        return ["--python-version", self.python, *(["--python-platform", self.platform] if self.platform else [])]


# Lambda runs python3.13 on Amazon Linux 2023, which has glibc 2.34.
LAMBDA = Target("lambda-arm64", "3.13", "aarch64-manylinux_2_34")
HOST = Target("host", f"{sys.version_info.major}.{sys.version_info.minor}", None)
TARGETS = {target.name: target for target in (LAMBDA, HOST)}


def find_uv(root: Path) -> str:
    """The project's own uv (`make setup`), else the one on the path."""
    own = root / ".cache/bootstrap/bin/uv"
    found = str(own) if own.is_file() else shutil.which("uv")
    if found is None:
        raise WheelError("*", "uv is missing; run `make setup`")
    return found


def direct_dependencies(wing_folder: Path) -> tuple[str, ...]:
    """Third-party packages that a wing's `pyproject.toml` names: no workspace member, nothing of the runtime."""
    project = tomllib.loads((wing_folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = (canonical(re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0]) for text in project.get("dependencies", ()))
    return tuple(name for name in names if not name.startswith("penstock") and name not in IN_RUNTIME)


def requirements(root: Path, wing: str, base: str = "platform") -> str:
    """The lock's lines that `wing` needs beyond what the `base` wing's layer holds already; may be empty."""
    packages = read_lock(root / "requirements.lock")

    def needs(name: str) -> frozenset[str]:
        try:
            return closure(packages, direct_dependencies(root / "layers" / name))
        except KeyError as error:
            raise WheelError(name, f"{error.args[0]} is not in requirements.lock; run `make lock`") from error

    names = needs(wing) - (frozenset() if wing == base else needs(base))
    return "".join(f"{line}\n" for name in sorted(names) for line in packages[name].lines)


def build_wheels(root: Path, wing: str, target: Target) -> Path | None:
    """The zip of the wing's wheels under `build/wheels/`, built when it is not there; None when it needs none.

    Raises `WheelError`.
    """
    wanted = requirements(root, wing)
    if not wanted:
        return None
    digest = hashlib.sha256(f"{target}\n{wanted}".encode()).hexdigest()[:16]
    archive = root / "build/wheels" / target.name / f"{wing}-{digest}.zip"
    if not archive.is_file():
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
            _install(root, wing, target, wanted, Path(scratch))
            _archive(Path(scratch) / "python", Path(scratch) / archive.name)
            (Path(scratch) / archive.name).replace(archive)
    return archive


def _install(root: Path, wing: str, target: Target, wanted: str, scratch: Path) -> None:
    (scratch / "requirements.txt").write_text(wanted, encoding="utf-8")
    command = [find_uv(root), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--no-python-downloads"]
    command += ["--only-binary", ":all:", "--link-mode", "copy", "--python", sys.executable, *target.flags()]
    command += ["--target", str(scratch / "python"), "-r", str(scratch / "requirements.txt")]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=BUILD_TIMEOUT_SECONDS)  # noqa: S603
    except subprocess.CalledProcessError as error:
        raise WheelError(wing, error.stderr.strip()) from error
    except subprocess.TimeoutExpired as error:
        raise WheelError(wing, f"not built within {BUILD_TIMEOUT_SECONDS} s") from error


def _archive(folder: Path, archive: Path) -> None:
    """Zips `folder` as `python/…`, with fixed times so that equal wheels make equal bytes."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as bundle:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            inside = file.relative_to(folder)
            if UNNEEDED_FOLDERS.isdisjoint(inside.parts[:-1]) and UNNEEDED_FILES.isdisjoint((file.suffix, file.name)):
                entry = zipfile.ZipInfo(f"python/{inside.as_posix()}", ZIP_EPOCH)
                entry.external_attr = (0o755 if file.suffix == ".so" else 0o644) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                bundle.writestr(entry, file.read_bytes())
