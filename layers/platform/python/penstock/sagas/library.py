"""The sagas that come with the platform and its wings: every `sagas/*.json` of a package.

Where a wing is not installed, its sagas come from a file that the build writes into the platform's layer:
`python -m penstock.sagas.library FILE`. A saga's machine is named by its id.
"""

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path

from penstock import library, manifests
from penstock.library import BuiltIn

MANIFEST = manifests.FOLDER / "penstock_sagas.json"


@cache
def built_in() -> Mapping[str, BuiltIn]:
    """Every one by its id: the installed ones, and the manifest's for the wings that are not."""
    return dict(sorted({**read_manifest(), **installed()}.items()))


def read_manifest(file: Path = MANIFEST) -> Mapping[str, BuiltIn]:
    """The sagas of the manifest; none where no build wrote one."""
    return {entry["id"]: BuiltIn(**entry) for entry in manifests.entries(file)}


def installed() -> Mapping[str, BuiltIn]:
    """The sagas of the packages that are here. Raises ValueError when two have one of the same name."""
    return library.installed("sagas")


def main() -> None:
    """Write the sagas that are installed to the file named on the command line."""
    manifests.write(asdict(saga) for saga in installed().values())


if __name__ == "__main__":
    main()
