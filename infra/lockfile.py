"""Reads `requirements.lock`: which pinned packages a set of direct dependencies needs.

The lock notes under each package which packages ask for it (`# via`); following those notes from the direct
dependencies gives the closure without asking an index.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==")
VIA = re.compile(r"^\s+#\s+(?:via\s+)?(?P<parent>[A-Za-z0-9._-]+)(?:\s+\(.*\))?\s*$")


def canonical(name: str) -> str:
    """The name of a package as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True)
class PinnedPackage:
    """One package of the lock: its name, its requirement lines (version, marker, hashes), who asks for it."""

    name: str
    lines: tuple[str, ...]
    parents: frozenset[str]


def read_lock(path: Path) -> dict[str, PinnedPackage]:
    """Every package of the lock by canonical name."""
    packages: dict[str, PinnedPackage] = {}
    block: list[str] = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), "end=="]:
        if PINNED.match(line):
            package = _package(block)
            packages |= {package.name: package} if package else {}
            block = []
        block.append(line)
    return packages


def _package(block: list[str]) -> PinnedPackage | None:
    pinned = PINNED.match(block[0]) if block else None
    if pinned is None:
        return None
    parents = (VIA.match(line) for line in block[1:])
    return PinnedPackage(
        name=canonical(pinned["name"]),
        lines=tuple(line for line in block if line.strip() and not line.lstrip().startswith("#")),
        parents=frozenset(canonical(match["parent"]) for match in parents if match and match["parent"] != "via"),
    )


def closure(packages: Mapping[str, PinnedPackage], roots: Iterable[str]) -> frozenset[str]:
    """Canonical names of `roots` and of all they need. Raises `KeyError` for a root that the lock lacks."""
    found: set[str] = set()
    wanted = {canonical(root) for root in roots}
    while wanted:
        name = wanted.pop()
        found.add(packages[name].name)
        wanted |= {child.name for child in packages.values() if name in child.parents} - found
    return frozenset(found)
