"""Every node type there is, discovered: each module of `penstock.nodes` and of any wing's `nodes` package.

Where a wing's code is not installed, its types come from the manifest that the build writes: they can be
listed, validated and sent to the wing's own function, but not run in this process.
"""

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from penstock.workflows.manifest import read_manifest
from penstock.workflows.node import NodeType

Catalogue = Mapping[str, NodeType]


def packages() -> Iterator[str]:
    """The platform's package and every wing's that is installed."""
    yield "penstock"
    yield from sorted(module.name for module in pkgutil.iter_modules() if module.name.startswith("penstock_"))


def modules(subpackage: str) -> Iterator[ModuleType]:
    """The modules of every package's `subpackage`, imported, in the order of their names."""
    for package in packages():
        name = f"{package}.{subpackage}"
        if find_spec(name):
            parent = import_module(name)
            for module in sorted(pkgutil.iter_modules(parent.__path__), key=lambda found: found.name):
                yield import_module(f"{name}.{module.name}")


def installed() -> dict[str, NodeType]:
    """The node types whose code is here. Raises ValueError when two have one name."""
    types: dict[str, NodeType] = {}
    for module in modules("nodes"):
        for value in vars(module).values():
            if isinstance(value, NodeType) and types.setdefault(value.name, value) is not value:
                raise ValueError(f"two node types are named {value.name}; one is in {module.__name__}")
    return types


@cache
def catalogue() -> Catalogue:
    """All node types by name: the installed ones, and the manifest's for the wings that are not."""
    return dict(sorted({**read_manifest(), **installed()}.items()))
