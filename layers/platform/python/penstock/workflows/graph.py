"""A definition made ready to run: ports resolved, parameters compiled, reachability known."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from penstock.json import JSON
from penstock.workflows.catalogue import Catalogue
from penstock.workflows.definition import Connection, Node, WorkflowDefinition
from penstock.workflows.expressions import Compiled
from penstock.workflows.expressions import compile as compile_expressions
from penstock.workflows.node import Kind, NodeType

Target = tuple[str, str]
"""A node's name and one of its input ports."""


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node with its type, its compiled parameters, where its outputs go, and which inputs are connected."""

    definition: Node
    type: NodeType
    parameters: Compiled
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    targets: Mapping[str, Sequence[Target]]
    connected: frozenset[str]

    @property
    def name(self) -> str:
        """The node's name, unique in its workflow."""
        return self.definition.name

    @property
    def has_effects(self) -> bool:
        """Whether running it twice may be seen outside."""
        return self.type.kind is Kind.ACTION and not self.definition.disabled

    @property
    def runs_here(self) -> bool:
        """Whether it only computes, in this process: running it beside others gains nothing."""
        return not self.has_effects and self.type.run is not None


@dataclass(frozen=True, slots=True)
class Graph:
    """A workflow ready to run. `reach` names the nodes that a node's items can come to; `order` is the document's."""

    definition: WorkflowDefinition
    nodes: Mapping[str, GraphNode]
    reach: Mapping[str, frozenset[str]]
    order: Mapping[str, int]

    def triggers(self) -> Sequence[GraphNode]:
        """The nodes that can start an execution, in the document's order; a disabled one cannot."""
        return [node for node in self.nodes.values() if node.type.kind is Kind.TRIGGER and not node.definition.disabled]

    @property
    def variables(self) -> Mapping[str, JSON]:
        """What expressions read as $vars."""
        return self.definition.settings.variables


ERROR_PORT = "error"


def compile_graph(definition: WorkflowDefinition, catalogue: Catalogue) -> Graph:
    """The graph of a valid definition. Raises KeyError on an unknown type or node: validate first."""
    ports = {node.name: ports_of(node, catalogue[node.type]) for node in definition.nodes}
    targets: dict[str, dict[str, list[Target]]] = {node.name: defaultdict(list) for node in definition.nodes}
    connected: dict[str, set[str]] = defaultdict(set)
    for connection in definition.connections:
        output, target = resolve_ports(connection, ports)
        targets[connection.source][output].append((connection.target, target))
        connected[connection.target].add(target)
    nodes = {
        node.name: GraphNode(
            definition=node,
            type=catalogue[node.type],
            parameters=compile_expressions(node.parameters),
            inputs=ports[node.name][0],
            outputs=ports[node.name][1],
            targets={port: tuple(found) for port, found in targets[node.name].items()},
            connected=frozenset(connected[node.name]),
        )
        for node in definition.nodes
    }
    edges = {name: {target for found in node.targets.values() for target, _ in found} for name, node in nodes.items()}
    return Graph(definition, nodes, reachability(edges), {name: index for index, name in enumerate(nodes)})


def resolve_ports(
    connection: Connection, ports: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
) -> tuple[str, str]:
    """The connection's output and input port, the first ones where it names none."""
    outputs, inputs = ports[connection.source][1], ports[connection.target][0]
    return connection.output or outputs[0], connection.input or inputs[0]


def ports_of(node: Node, node_type: NodeType) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Inputs and outputs of a node, the port for errors among them where its settings say so."""
    inputs, outputs = node_type.ports_for(node.parameters)
    return inputs, (*outputs, ERROR_PORT) if node.on_error == "error_output" else outputs


def reachability(edges: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    """For each node all that can be come to from it by one edge or more."""
    reach = {}
    for start in edges:
        seen: set[str] = set()
        todo = list(edges[start])
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo.extend(edges[node])
        reach[start] = frozenset(seen)
    return reach
