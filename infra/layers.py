"""Builds the Lambda layers of every wing: one of our source, one of third-party wheels."""

from dataclasses import dataclass
from pathlib import Path

from infra.sources import BASE_WING, stage_sources, wings
from infra.wheels import Target, build_wheels

MAX_LAYERS = 5
"""Lambda attaches no more than five layers to a function."""


@dataclass(frozen=True)
class WingLayers:
    """Where the built layers of one wing lie; `wheels` is None for a wing without third-party dependencies."""

    wing: str
    source: Path
    wheels: Path | None

    @property
    def files(self) -> tuple[Path, ...]:
        return (self.source,) if self.wheels is None else (self.source, self.wheels)


def build_layers(root: Path, target: Target) -> dict[str, WingLayers]:
    """The layers of all wings of the repo at `root`, platform first; wheels come from the cache when unchanged."""
    return {wing: WingLayers(wing, stage_sources(root, wing), build_wheels(root, wing, target)) for wing in wings(root)}


def needed_wings(wings_beside_platform: tuple[str, ...]) -> tuple[str, ...]:
    """The wings whose layers a function gets, in the order of its import path."""
    return (BASE_WING, *(wing for wing in wings_beside_platform if wing != BASE_WING))
