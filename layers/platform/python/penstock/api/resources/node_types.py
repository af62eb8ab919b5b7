"""Node types as the API shows them."""

from collections.abc import Iterable
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, Field

from penstock.workflows.node import Kind, NodeType

TypeName = Annotated[str, Path(max_length=120, description="The type's name: core.http.request")]


class NodeTypeView(BaseModel):
    """A node type."""

    name: str
    kind: Kind
    wing: str
    title: str
    description: str
    inputs: list[str] = Field(description="Its input ports; with some types they depend on the parameters")
    outputs: list[str] = Field(description="Its output ports; with some types they depend on the parameters")
    parameters: dict[str, Any] = Field(description="The JSON Schema of its parameters")

    @classmethod
    def of(cls, node_type: NodeType) -> "NodeTypeView":
        """The type as it is shown."""
        return cls(
            name=node_type.name,
            kind=node_type.kind,
            wing=node_type.wing,
            title=node_type.title,
            description=node_type.description,
            inputs=list(node_type.inputs),
            outputs=list(node_type.outputs),
            parameters=node_type.schema,
        )


class NodeTypes(BaseModel):
    """The catalogue, or a part of it."""

    items: list[NodeTypeView]


def chosen(types: Iterable[NodeType], kind: Kind | None, wing: str | None, text: str | None) -> NodeTypes:
    """The types of the kind and wing whose name, title or description holds the text."""
    found = [
        NodeTypeView.of(each)
        for each in types
        if kind in (None, each.kind) and wing in (None, each.wing) and _mentions(each, text or "")
    ]
    return NodeTypes(items=found)


def _mentions(node_type: NodeType, text: str) -> bool:
    return text.lower() in f"{node_type.name} {node_type.title} {node_type.description}".lower()
