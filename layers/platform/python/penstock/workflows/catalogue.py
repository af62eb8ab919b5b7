"""Every node type there is: a `NodeType` in a module of a `nodes` folder, the platform's or a wing's.

Where a wing's code is not installed, its types come from the manifest that the build writes: they can be
listed, validated and sent to the wing's own function, but not run in this process.
"""

from collections.abc import Mapping
from functools import cache

from penstock.discovery import declared
from penstock.workflows.manifest import read_manifest
from penstock.workflows.node import NodeType

Catalogue = Mapping[str, NodeType]


def installed() -> Catalogue:
    """The node types whose code is here. Raises ValueError when two share a name."""
    return declared("nodes", NodeType)


@cache
def catalogue() -> Catalogue:
    """All node types by name: the installed ones, and the manifest's for the wings that are not."""
    return dict(sorted({**read_manifest(), **installed()}.items()))
