"""The sample workflows that come with the platform and its wings: every `workflows/*.json` of an installed package."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from penstock.discovery import packages
from penstock.json import JSONObject, loads


@dataclass(frozen=True, slots=True)
class Sample:
    """A workflow to start from. `id` is unique: `healthcare.lab_results`."""

    id: str
    file: Path
    definition: JSONObject


def sample_workflows() -> tuple[Sample, ...]:
    """Every sample, by id."""
    found = (_sample(package, file) for package in packages() for file in _files(package))
    return tuple(sorted(found, key=lambda sample: sample.id))


def _sample(package: str, file: Path) -> Sample:
    wing = package.removeprefix("penstock_") if package != "penstock" else "core"
    return Sample(f"{wing}.{file.stem}", file, loads(file.read_bytes()))


def _files(package: str) -> list[Path]:
    spec = find_spec(package)
    places = (spec.submodule_search_locations or []) if spec else []
    return [file for place in places for file in sorted((Path(place) / "workflows").glob("*.json"))]
