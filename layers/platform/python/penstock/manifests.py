"""What the build writes down of every wing, into the platform's layer, for functions that have not the wing's code.

A module that is run as `python -m MODULE FILE` writes its own; `infra.sources` has the table of them.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import penstock
from penstock.json import JSONObject, canonical, loads

FOLDER = Path(penstock.__file__).parent.parent


def entries(file: Path) -> Sequence[JSONObject]:
    """What stands in a manifest; nothing where no build wrote one."""
    found: Sequence[JSONObject] = loads(file.read_bytes()) if file.exists() else ()
    return found


def write(known: Iterable[JSONObject]) -> None:
    """Write a manifest to the file named on the command line."""
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(canonical(list(known)))
