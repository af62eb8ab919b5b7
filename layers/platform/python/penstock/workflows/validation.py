"""Every problem of a workflow definition at once, each with the path of what is wrong.

What can be read is looked at even where other parts cannot: a node with a misspelt setting hides no other's problem.
A rule is a function from the sketch of the definition to its problems; `RULES` holds them all.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from penstock.json import JSON
from penstock.workflows.catalogue import Catalogue
from penstock.workflows.definition import MAX_CONNECTIONS, MAX_NODES, Connection, Node, WorkflowDefinition
from penstock.workflows.errors import InvalidWorkflow, Problem
from penstock.workflows.execution.joins import LOOP_NEXT
from penstock.workflows.graph import ERROR_PORT, ports_of, reachability
from penstock.workflows.node import Kind, NodeType
from penstock.workflows.parameters import (
    expression_places,
    expression_problems,
    node_references,
    parameter_problems,
    phrase,
    place,
)

Model = TypeVar("Model", bound=BaseModel)
Ports = tuple[Sequence[str], Sequence[str]]


def parse(definition: JSON, catalogue: Catalogue) -> WorkflowDefinition:
    """The definition, valid. Raises InvalidWorkflow with every problem."""
    if problems := validate(definition, catalogue):
        raise InvalidWorkflow(problems)
    return definition if isinstance(definition, WorkflowDefinition) else WorkflowDefinition.model_validate(definition)


def validate(definition: JSON | WorkflowDefinition, catalogue: Catalogue) -> list[Problem]:
    """All that is wrong with a definition, in the order of the rules; empty when it can run."""
    document = definition.model_dump(by_alias=True) if isinstance(definition, WorkflowDefinition) else definition
    shape = list(_shape(document))
    if _is_too_large(document):
        return shape
    sketch = _sketch(document, catalogue)
    return [*shape, *(problem for rule in RULES for problem in rule(sketch))]


@dataclass(frozen=True)
class Sketch:
    """What could be read of a definition: nodes and connections with their places in the document.

    `names` holds also those of nodes that cannot be read, so that connections to them are not called dangling.
    """

    nodes: Sequence[tuple[int, Node]]
    connections: Sequence[tuple[int, Connection]]
    names: frozenset[str]
    catalogue: Catalogue

    @cached_property
    def types(self) -> Mapping[str, NodeType]:
        """The type of every node that has a known one, by the node's name."""
        return {node.name: self.catalogue[node.type] for _, node in self.nodes if node.type in self.catalogue}

    @cached_property
    def ports(self) -> Mapping[str, Ports]:
        """Inputs and outputs of every node of a known type, as it will run."""
        return {node.name: ports_of(node, self.types[node.name]) for _, node in self.known}

    @cached_property
    def known(self) -> Sequence[tuple[int, Node]]:
        """The nodes of a known type."""
        return [(index, node) for index, node in self.nodes if node.type in self.catalogue]

    @cached_property
    def reach(self) -> Mapping[str, frozenset[str]]:
        """For each node those that can be come to from it."""
        return reachability(self.edges(lambda _: True))

    def edges(self, counts: Callable[[Connection], bool]) -> dict[str, set[str]]:
        """The targets of every node, by those of its connections that count and do not dangle."""
        targets: dict[str, set[str]] = {name: set() for name in sorted(self.names)}
        for _, connection in self.connections:
            if {connection.source, connection.target} <= self.names and counts(connection):
                targets[connection.source].add(connection.target)
        return targets


def _sketch(document: JSON, catalogue: Catalogue) -> Sketch:
    entries = document if isinstance(document, dict) else {}
    raw = _list(entries.get("nodes"))
    names = [entry.get("name") for entry in raw if isinstance(entry, dict)]
    return Sketch(
        nodes=_readable(Node, raw),
        connections=_readable(Connection, _list(entries.get("connections"))),
        names=frozenset(name for name in names if isinstance(name, str)),
        catalogue=catalogue,
    )


def _is_too_large(document: JSON) -> bool:
    """Whether the rules would take long; the shape's problems say so."""
    entries = document if isinstance(document, dict) else {}
    return len(_list(entries.get("nodes"))) > MAX_NODES or len(_list(entries.get("connections"))) > MAX_CONNECTIONS


def _list(value: JSON) -> Sequence[JSON]:
    return value if isinstance(value, list | tuple) else ()


def _readable(model: type[Model], entries: Sequence[JSON]) -> list[tuple[int, Model]]:
    found = []
    for index, entry in enumerate(entries):
        try:
            found.append((index, model.model_validate(entry)))
        except ValidationError:
            continue
    return found


def _shape(document: JSON) -> Iterator[Problem]:
    try:
        WorkflowDefinition.model_validate(document)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_input=False):
            path, _ = place(document, error["loc"])
            yield Problem(path or "$", "shape", phrase(error))


def _duplicate_names(sketch: Sketch) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, node in sketch.nodes:
        if first.setdefault(node.name, index) != index:
            message = f"nodes[{first[node.name]}] is named {node.name!r} too; names are unique"
            yield Problem(f"nodes[{index}].name", "duplicate_name", message)


def _unknown_types(sketch: Sketch) -> Iterator[Problem]:
    for index, node in sketch.nodes:
        if node.type not in sketch.catalogue:
            message = f"there is no node type {node.type!r}{_suggestion(node.type, sketch.catalogue)}"
            yield Problem(f"nodes[{index}].type", "unknown_type", message)


def _dangling(sketch: Sketch) -> Iterator[Problem]:
    for index, connection in sketch.connections:
        for end, name in (("from", connection.source), ("to", connection.target)):
            if name not in sketch.names:
                message = f"there is no node {name!r}{_suggestion(name, sketch.names)}"
                yield Problem(f"connections[{index}].{end}", "dangling_connection", message)


def _unknown_ports(sketch: Sketch) -> Iterator[Problem]:
    for index, connection in sketch.connections:
        outputs = sketch.ports.get(connection.source, ((), ()))[1]
        inputs = sketch.ports.get(connection.target, ((), ()))[0]
        for side, port, ports, name in (
            ("output", connection.output, outputs, connection.source),
            ("input", connection.input, inputs, connection.target),
        ):
            if port is not None and ports and port not in ports:
                yield Problem(f"connections[{index}].{side}", "unknown_port", _no_port(name, side, port, ports))


def _no_port(name: str, side: str, port: str, ports: Sequence[str]) -> str:
    if (side, port) == ("output", ERROR_PORT):
        return f"{name!r} has the output error only when its on_error is error_output"
    return f"{name!r} has no {side} {port!r}; it has {', '.join(ports)}"


def _into_triggers(sketch: Sketch) -> Iterator[Problem]:
    for index, connection in sketch.connections:
        ports = sketch.ports.get(connection.target)
        if ports and not ports[0]:
            message = f"{connection.target!r} is a trigger: nothing can be connected to it"
            yield Problem(f"connections[{index}].to", "into_trigger", message)


def _no_trigger(sketch: Sketch) -> Iterator[Problem]:
    if sketch.nodes and not _starts(sketch):
        message = "there is no trigger, so nothing can start the workflow; core.trigger.manual is the simplest"
        yield Problem("nodes", "no_trigger", message)


def _unreachable(sketch: Sketch) -> Iterator[Problem]:
    starts = _starts(sketch)
    reached = starts.union(*(sketch.reach[name] for name in starts))
    for index, node in sketch.nodes if starts else ():
        if node.name not in reached:
            yield Problem(f"nodes[{index}]", "unreachable", f"{node.name!r} cannot be reached from any trigger")


def _starts(sketch: Sketch) -> frozenset[str]:
    """Where an execution may start: at triggers, and at nodes that may be one for all that is known."""
    triggers = {name for name, node_type in sketch.types.items() if node_type.kind is Kind.TRIGGER}
    return frozenset(triggers | (sketch.names - sketch.types.keys()))


def _cycles(sketch: Sketch) -> Iterator[Problem]:
    """A cycle is allowed where it goes through a loop's input `next`: what is left without those must have none."""
    loops = {name for name, node_type in sketch.types.items() if node_type.join == "loop"}
    edges = sketch.edges(lambda connection: not (connection.target in loops and connection.input == LOOP_NEXT))
    reach = reachability(edges)
    reported: set[str] = set()
    for index, node in sketch.nodes:
        if node.name in reach[node.name] and node.name not in reported:
            cycle = _shortest_cycle(node.name, edges)
            reported |= {name for name in reach[node.name] if node.name in reach[name]}
            message = f"{' → '.join(cycle)} is a cycle; a cycle must come back to the input next of a core.loop"
            yield Problem(f"nodes[{index}]", "cycle", message)


def _shortest_cycle(start: str, edges: Mapping[str, set[str]]) -> Sequence[str]:
    """The names along a shortest way from a node back to it, which there must be."""
    ways = [[start]]
    seen: set[str] = set()
    for way in ways:
        for name in sorted(edges[way[-1]] - seen):
            if name == start:
                return [*way, name]
            seen.add(name)
            ways.append([*way, name])
    raise ValueError(f"{start} is on no cycle")


def _parameters(sketch: Sketch) -> Iterator[Problem]:
    for index, node in sketch.known:
        yield from parameter_problems(f"nodes[{index}].parameters", node.parameters, sketch.types[node.name])


def _trigger_expressions(sketch: Sketch) -> Iterator[Problem]:
    """What starts a workflow reads its triggers' parameters as they stand."""
    for index, node in sketch.known:
        if sketch.types[node.name].kind is Kind.TRIGGER:
            for path in expression_places(f"nodes[{index}].parameters", node.parameters):
                message = "a trigger's parameters hold no expressions: nothing has happened yet that they could read"
                yield Problem(path, "trigger_expression", message)


def _expressions(sketch: Sketch) -> Iterator[Problem]:
    for index, node in sketch.nodes:
        yield from expression_problems(f"nodes[{index}].parameters", node.parameters)


def _references(sketch: Sketch) -> Iterator[Problem]:
    for index, node in sketch.nodes:
        for path, name in node_references(f"nodes[{index}].parameters", node.parameters):
            if name not in sketch.names:
                message = f"an expression reads node {name!r}, which there is not{_suggestion(name, sketch.names)}"
                yield Problem(path, "unknown_reference", message)
            elif node.name not in sketch.reach[name]:
                message = f"an expression reads node {name!r}, but no path leads from it to {node.name!r}"
                yield Problem(path, "not_upstream", message)


def _suggestion(name: str, names: Any) -> str:
    close = get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


RULES: Sequence[Callable[[Sketch], Iterator[Problem]]] = (
    _duplicate_names,
    _unknown_types,
    _dangling,
    _unknown_ports,
    _into_triggers,
    _no_trigger,
    _unreachable,
    _cycles,
    _parameters,
    _trigger_expressions,
    _expressions,
    _references,
)
