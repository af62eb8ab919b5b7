"""The sample workflows that come with the platform and its wings: every `workflows/*.json` of an installed package."""

from dataclasses import dataclass
from pathlib import Path

from penstock.discovery import documents
from penstock.json import JSONObject, loads


@dataclass(frozen=True, slots=True)
class Sample:
    """A workflow to start from. `id` is unique: `healthcare.lab_results`."""

    id: str
    file: Path
    definition: JSONObject


def sample_workflows() -> tuple[Sample, ...]:
    """Every sample, by id."""
    found = (Sample(f"{wing}.{file.stem}", file, loads(file.read_bytes())) for wing, file in documents("workflows"))
    return tuple(sorted(found, key=lambda sample: sample.id))
