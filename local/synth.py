"""Synthesises the CDK app for the local stack, when something that shapes it has changed.

Code does not shape it: the deployer names assets by their content, so a change of code alone is deployed without
a synthesis.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from infra.layers import build_layers
from infra.stage_names import LOCAL
from infra.wheels import HOST
from local.errors import SynthError
from local.home import ASSEMBLY, REGION, ROOT

TIMEOUT_SECONDS = 300
FINGERPRINT = "penstock-fingerprint"
CONTEXT = {
    "stage": LOCAL,
    "target": HOST.name,
    # The deployer reads assets where they lie, so that a change of code needs no synthesis.
    "aws:cdk:disable-asset-staging": True,
    "aws:cdk:enable-path-metadata": False,
    "aws:cdk:version-reporting": False,
}


def synthesise() -> bool:
    """Brings the layers and `.local/cdk.out` up to date; whether a synthesis was needed. Raises `SynthError`."""
    layers = build_layers(ROOT, HOST)
    current = fingerprint(path for built in layers.values() for path in built.files)
    marker = ASSEMBLY / FINGERPRINT
    if marker.is_file() and marker.read_text(encoding="utf-8") == current:
        return False
    _run_app()
    marker.write_text(current, encoding="utf-8")
    return True


def fingerprint(layer_files: Iterable[Path]) -> str:
    """A hash over all that a template is made of: the app, the definitions, which layers there are."""
    digest = hashlib.sha256()
    for file in sorted([ROOT / "app.py", ROOT / "cdk.json", ROOT / "requirements.lock", *_shaping()]):
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    for path in layer_files:
        digest.update(f"{path}\0".encode())
    return digest.hexdigest()


def _shaping() -> Iterator[Path]:
    yield from (ROOT / "infra").rglob("*.py")
    yield from (ROOT / "functions").glob("*/function.toml")


def _run_app() -> None:
    context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    environment = os.environ | {
        "CDK_OUTDIR": str(ASSEMBLY),
        "CDK_CONTEXT_JSON": json.dumps(context | CONTEXT),
        "CDK_DEFAULT_REGION": REGION,
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
    }
    try:
        subprocess.run(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        raise SynthError(f"app.py failed:\n{error.stderr.strip()[-4_000:]}") from error
    except subprocess.TimeoutExpired as error:
        raise SynthError(f"app.py did not end within {TIMEOUT_SECONDS} s") from error
