"""Our own source of each wing, staged as a Lambda layer under `build/layers/<wing>/`.

The platform's layer also carries the manifests of node types and of sagas, so that every function knows them all
without their wings.
"""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.content import content_hash
from infra.errors import ManifestError

BASE_WING = "platform"
MANIFESTS = {
    "penstock.workflows.manifest": "penstock_manifest.json",
    "penstock.sagas.library": "penstock_sagas.json",
    "penstock.rebuilds.catalogue": "penstock_projections.json",
}
"""What writes each manifest."""

MANIFEST_TIMEOUT_SECONDS = 60
CACHES = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache")


def wings(root: Path) -> tuple[str, ...]:
    """The wings that are there, platform first."""
    names = (folder.parent.name for folder in (root / "layers").glob("*/python"))
    return tuple(sorted(names, key=lambda name: (name != BASE_WING, name)))


def stage_sources(root: Path, wing: str) -> Path:
    """A folder holding `python/<package>` of the wing, without caches, and the manifests for the platform.

    Staged anew only when a source has changed, since a manifest imports every node there is.
    """
    staged = root / "build/layers" / wing
    current = _fingerprint(root, wing)
    marker = staged.with_suffix(".sha256")
    if staged.is_dir() and marker.is_file() and marker.read_text(encoding="utf-8") == current:
        return staged
    staged.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=staged.parent) as scratch:
        fresh = Path(scratch) / "python"
        shutil.copytree(root / "layers" / wing / "python", fresh, ignore=CACHES)
        if wing == BASE_WING:
            write_manifests(root, fresh)
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir()
        fresh.rename(staged / "python")
    marker.write_text(current, encoding="utf-8")
    return staged


def _fingerprint(root: Path, wing: str) -> str:
    """The platform's layer holds the manifests, so it changes with the nodes of any wing."""
    sources = wings(root) if wing == BASE_WING else (wing,)
    return "\n".join(content_hash(root / "layers" / source / "python") for source in sources)


def write_manifests(root: Path, folder: Path) -> None:
    """Writes the catalogues of node types and of sagas into `folder`; raises `ManifestError`."""
    for module, file in MANIFESTS.items():
        if importlib.util.find_spec(module):
            _write_manifest(root, module, folder / file)


def _write_manifest(root: Path, module: str, target: Path) -> None:
    try:
        subprocess.run(  # noqa: S603
            [sys.executable, "-m", module, str(target)],
            cwd=root,
            check=True,
            capture_output=True,
            text=True,
            timeout=MANIFEST_TIMEOUT_SECONDS,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise ManifestError(f"{module}: {getattr(error, 'stderr', None) or error}") from error
