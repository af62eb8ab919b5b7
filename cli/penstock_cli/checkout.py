"""The checkout of Penstock that a command is called in: what starts and deploys stacks lies there, not in the wheel."""

import sys
from pathlib import Path

from penstock_cli.errors import WrongUse

_MARK = Path("local") / "__init__.py"


def find(start: Path | None = None) -> Path:
    """The checkout's root, here or above. Raises WrongUse when there is none."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / _MARK).is_file() and (folder / "app.py").is_file():
            return folder
    raise WrongUse("this needs a checkout of Penstock, and no folder here or above has local/ and app.py")


def enter() -> Path:
    """The checkout's root, from where `local` can be imported from now on. Raises WrongUse."""
    root = find()
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return root
