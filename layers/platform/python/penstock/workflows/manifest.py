"""The manifest: what every function must know of the node types whose code only their wing's function has.

`python -m penstock.workflows.manifest FILE` writes it at build time from all that is installed.
"""

from dataclasses import asdict
from pathlib import Path

from penstock import manifests
from penstock.discovery import declared
from penstock.json import JSONObject
from penstock.workflows.node import Kind, Listens, NodeType

MANIFEST = manifests.FOLDER / "penstock_manifest.json"
_CODE = ("parameters", "run", "resume", "ports")
_TUPLES = ("inputs", "outputs")


def describe(node_type: NodeType) -> JSONObject:
    """A node type as JSON: all of it but its code."""
    return {name: value for name, value in asdict(node_type).items() if name not in _CODE}


def read_manifest(file: Path = MANIFEST) -> dict[str, NodeType]:
    """The node types of the manifest; none where no build wrote one."""
    return {entry["name"]: _node_type(entry) for entry in manifests.entries(file)}


def _node_type(entry: JSONObject) -> NodeType:
    known = {name: tuple(entry[name]) for name in _TUPLES}
    listens = entry["listens"] and Listens(**{**entry["listens"], "types": tuple(entry["listens"]["types"])})
    return NodeType(**{**entry, **known, "kind": Kind(entry["kind"]), "listens": listens}, parameters=None, run=None)


def main() -> None:
    """Write the manifest to the file named on the command line."""
    manifests.write(describe(node_type) for node_type in declared("nodes", NodeType).values())


if __name__ == "__main__":
    main()
