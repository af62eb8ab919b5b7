"""Reads a cloud assembly (what `app.py` wrote): its stacks in the order of their dependencies, their assets."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from infra.content import content_hash, files_of
from local.home import ACCOUNT, REGION

PLACEHOLDERS = {"${AWS::AccountId}": ACCOUNT, "${AWS::Region}": REGION, "${AWS::Partition}": "aws"}
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Asset:
    """A file or folder that goes to S3. `synth_key` is its name in the template; `key` says what it holds now."""

    path: Path
    bucket: str
    synth_key: str
    key: str

    def content(self) -> bytes:
        """The bytes to store; a folder is zipped with fixed times, so equal folders make equal bytes."""
        return _zip(self.path) if self.path.is_dir() else self.path.read_bytes()


@dataclass(frozen=True)
class Stack:
    """One CloudFormation stack; `template` names assets by their content."""

    name: str
    template: str
    tags: dict[str, str]
    assets: tuple[Asset, ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.template.encode()).hexdigest()


def read_assembly(folder: Path) -> tuple[Stack, ...]:
    """Every stack of the assembly and of the stages nested in it, each after those it depends on."""
    return tuple(_stacks(folder))


def _stacks(folder: Path) -> Iterator[Stack]:
    artifacts: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    order = TopologicalSorter({name: artifact.get("dependencies", []) for name, artifact in artifacts.items()})
    for name in order.static_order():
        artifact = artifacts[name]
        if artifact["type"] == "cdk:cloud-assembly":
            yield from _stacks(folder / artifact["properties"]["directoryName"])
        elif artifact["type"] == "aws:cloudformation:stack":
            yield _stack(folder, artifact, artifacts)


def _stack(folder: Path, artifact: dict[str, Any], artifacts: dict[str, Any]) -> Stack:
    properties = artifact["properties"]
    template = (folder / properties["templateFile"]).read_text(encoding="utf-8")
    manifests = [
        artifacts[name] for name in artifact.get("dependencies", []) if artifacts[name]["type"] == "cdk:asset-manifest"
    ]
    assets = tuple(asset for manifest in manifests for asset in _assets(folder, manifest["properties"]["file"]))
    for asset in assets:
        template = template.replace(f'"{asset.synth_key}"', f'"{asset.key}"')
    return Stack(properties["stackName"], template, properties.get("tags", {}), assets)


def _assets(folder: Path, file: str) -> Iterator[Asset]:
    files: dict[str, Any] = json.loads((folder / file).read_text(encoding="utf-8")).get("files", {})
    for entry in files.values():
        path = folder / entry["source"]["path"]
        if path.name.endswith(".template.json"):
            continue  # templates are handed to CloudFormation as they are
        for destination in entry["destinations"].values():
            synth_key = destination["objectKey"]
            key = f"{content_hash(path)}{Path(synth_key).suffix}"
            yield Asset(path, _filled(destination["bucketName"]), synth_key, key)


def _filled(text: str) -> str:
    for placeholder, value in PLACEHOLDERS.items():
        text = text.replace(placeholder, value)
    return text


def _zip(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for inside, content in files_of(folder):
            bundle.writestr(zipfile.ZipInfo(inside, ZIP_EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
