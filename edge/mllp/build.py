"""Build the Greengrass component: `gdk component build` runs this, and so can a person.

Leaves ``greengrass-build/recipes/recipe.yaml`` and ``penstock-mllp.zip`` in ``greengrass-build/artifacts/<name>/
<version>``. The zip holds the gateway, the HL7 package that it shares with the platform, and pinned pure Python wheels:
it runs on any Linux with Python 3.11, whatever the processor, and nothing is downloaded at the plant.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUILD = HERE / "greengrass-build"
OWN = {
    HERE / "penstock_mllp": "penstock_mllp",
    ROOT / "layers/healthcare/python/penstock_healthcare/__init__.py": "penstock_healthcare/__init__.py",
    ROOT / "layers/healthcare/python/penstock_healthcare/hl7": "penstock_healthcare/hl7",
}
REQUIREMENTS = ("httpx", "sniffio")
SECONDS = 300


def main() -> None:
    """Raises CalledProcessError when the wheels cannot be fetched."""
    (name, component), *_ = json.loads((HERE / "gdk-config.json").read_text())["component"].items()
    artifacts = BUILD / "artifacts" / name / component["version"]
    recipes = BUILD / "recipes"
    shutil.rmtree(BUILD, ignore_errors=True)
    for folder in (artifacts, recipes):
        folder.mkdir(parents=True)
    shutil.copy(HERE / "recipe.yaml", recipes)
    with tempfile.TemporaryDirectory() as scratch:
        install(Path(scratch))
        shutil.make_archive(str(artifacts / "penstock-mllp"), "zip", scratch)


def install(target: Path) -> None:
    """Put everything that the gateway imports into one folder."""
    uv = shutil.which("uv") or str(ROOT / ".cache/bootstrap/bin/uv")
    command = [uv, "pip", "install", "--quiet", "--target", str(target), "--link-mode", "copy"]
    command += ["--python-version", "3.11", "--only-binary", ":all:"]
    command += ["--constraint", str(ROOT / "requirements.lock"), *REQUIREMENTS]
    subprocess.run(command, check=True, timeout=SECONDS, env=os.environ)  # noqa: S603
    for source, place in OWN.items():
        destination = target / place
        if source.is_dir():
            shutil.copytree(source, destination, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, destination)


if __name__ == "__main__":
    main()
