"""FHIR resources that commands are given: files, folders, standard input; JSON or XML."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock_cli.errors import WrongUse
from penstock_cli.files import STANDARD_INPUT, below

if TYPE_CHECKING:
    from penstock_healthcare.fhir.definitions import Definitions

_SUFFIXES = frozenset({".json", ".xml"})
_PACKAGE_FILES = frozenset({"package.json"})


@dataclass(frozen=True)
class Source:
    """A resource's file and its bytes."""

    file: str
    content: bytes


def sources(paths: Iterable[str]) -> Iterator[Source]:
    """Every resource; of a folder, the *.json and *.xml below it, sorted. Raises WrongUse."""
    for path in paths:
        if path == STANDARD_INPUT:
            yield Source(path, _bounded(path, sys.stdin.buffer.read(_largest() + 1)))
            continue
        files = _below(Path(path)) if Path(path).is_dir() else [Path(path)]
        if not files:
            raise WrongUse(f"{path}: has no *.json and no *.xml")
        for file in files:
            yield Source(str(file), _read(file))


def _below(folder: Path) -> list[Path]:
    return [file for file in below(folder) if file.suffix in _SUFFIXES and file.name not in _PACKAGE_FILES]


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as source:
            return _bounded(str(file), source.read(_largest() + 1))
    except OSError as error:
        raise WrongUse(f"{file}: {(error.strerror or type(error).__name__).lower()}") from error


def _largest() -> int:
    from penstock_healthcare.fhir.formats.faults import LARGEST

    return LARGEST


def _bounded(name: str, content: bytes) -> bytes:
    if len(content) > _largest():
        raise WrongUse(f"{name}: is over {_largest()} bytes")
    return content


def resource_in(file: str) -> dict[str, Any]:
    """The resource of one file. Raises WrongUse when there is none."""
    from penstock_healthcare.fhir.formats import read

    [source] = sources([file])
    found = read(source.content)
    if found.resource is None:
        raise WrongUse(f"{file}: {found.faults[0].message}")
    return found.resource


def with_profiles(profiles: Sequence[str], own: Sequence[str]) -> tuple["Definitions", list[str]]:
    """R4's definitions and those of files, and the profiles' URLs. A profile is a URL, or a StructureDefinition's file.

    Raises WrongUse.
    """
    from penstock_healthcare.fhir.definitions import r4
    from penstock_healthcare.fhir.formats import read

    urls = [each for each in profiles if not Path(each).is_file()]
    files = [each for each in profiles if Path(each).is_file()]
    given = [resource_in(file) for file in files]
    for file, resource in zip(files, given, strict=True):
        if resource.get("resourceType") != "StructureDefinition" or not isinstance(resource.get("url"), str):
            raise WrongUse(f"{file}: is no StructureDefinition with a url")
        urls.append(resource["url"])
    given += [found for source in sources(own) if (found := read(source.content).resource)]
    return (r4().having(_unpacked(given)) if given else r4()), urls


def _unpacked(resources: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Resources, and those inside bundles."""
    for resource in resources:
        yield resource
        if resource.get("resourceType") == "Bundle":
            entries = (entry.get("resource") for entry in resource.get("entry", ()) if isinstance(entry, dict))
            yield from (each for each in entries if isinstance(each, dict))
