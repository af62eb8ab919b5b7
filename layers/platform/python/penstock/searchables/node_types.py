"""Node types as they are found: by name, title, description and the names of their parameters."""

from collections.abc import Iterator

from penstock.search.model import Document
from penstock.search.searchable import Catalogue
from penstock.workflows.catalogue import catalogue
from penstock.workflows.node import NodeType


def documents() -> Iterator[Document]:
    """One for every type, of the wings too that are not installed here."""
    return map(_document, catalogue().values())


def _document(node_type: NodeType) -> Document:
    return Document(
        id=f"node_type:{node_type.name}",
        type="node_type",
        title=node_type.title,
        body="\n".join([node_type.name, node_type.description, *node_type.schema.get("properties", ())]),
        url=f"/v1/node-types/{node_type.name}",
        fields={"wing": [node_type.wing], "kind": [node_type.kind], "node_type": [node_type.name]},
    )


NODE_TYPES = Catalogue("node_types", documents)
