"""When a node with several inputs may run.

A join runs when every connected input has a delivery, or when no run that is ready or waiting can still bring one to
an input that has none. A loop runs on `next` in the same way while it is not finished, and on its first input when it
is. Where joins and loops wait for each other, the one upstream goes first; within a cycle a join before a loop, and
the loop that started last (the inner one) before the others.
"""

from penstock.workflows.execution.state import Delivery, Execution, Inputs, unfinished
from penstock.workflows.graph import GraphNode

LOOP_INPUT, LOOP_NEXT = "main", "next"


def released(execution: Execution) -> tuple[str, Inputs] | None:
    """The next join or loop that may run, with its inputs; its deliveries are taken. None while all must wait."""
    names = list(dict.fromkeys([*execution.joins, *execution.loops]))
    nodes = [execution.workflow.nodes[name] for name in names]
    for node in nodes:
        if _complete(execution, node):
            return node.name, _take(execution, node)
    blocked = _blocked(execution)
    stuck = [node for node in nodes if node.name not in blocked and _may_go_without(execution, node)]
    if not stuck:
        return None
    first = _upstream(execution, stuck)
    return first.name, _take(execution, first)


def _wanted(execution: Execution, node: GraphNode) -> frozenset[str]:
    """The inputs that a run takes from: all connected ones for a join; for a loop the one it stands at."""
    if node.type.join == "loop":
        return frozenset({LOOP_NEXT if node.name in execution.loops else LOOP_INPUT})
    return node.connected


def _complete(execution: Execution, node: GraphNode) -> bool:
    if _pending(execution, node.name):
        return False
    ports = execution.joins.get(node.name, {})
    return all(ports.get(port) for port in _wanted(execution, node))


def _may_go_without(execution: Execution, node: GraphNode) -> bool:
    """Whether a run with what is there makes sense: a join with something, a loop that is not finished."""
    if _pending(execution, node.name):
        return False
    if node.type.join == "loop":
        return node.name in execution.loops
    return any(execution.joins.get(node.name, {}).values())


def _pending(execution: Execution, name: str) -> bool:
    """A node that remembers runs one at a time: whether a run of this loop is under way."""
    is_loop = execution.workflow.nodes[name].type.join == "loop"
    return is_loop and any(run.node == name for run in unfinished(execution))


def _blocked(execution: Execution) -> frozenset[str]:
    """The nodes that a run which is ready or waiting can still bring something to."""
    reach = execution.workflow.reach
    return frozenset().union(*(reach[run.node] for run in unfinished(execution)))


def _upstream(execution: Execution, stuck: list[GraphNode]) -> GraphNode:
    reach, order = execution.workflow.reach, execution.workflow.order

    def waits_for_another(node: GraphNode) -> bool:
        return any(node.name in reach[other.name] and other.name not in reach[node.name] for other in stuck)

    def rank(node: GraphNode) -> tuple[bool, int, int]:
        is_loop = node.name in execution.loops
        return is_loop, -list(execution.loops).index(node.name) if is_loop else 0, order[node.name]

    return min((node for node in stuck if not waits_for_another(node)), key=rank)


def _take(execution: Execution, node: GraphNode) -> Inputs:
    """One delivery for each input that the run takes from, in the inputs' order; a loop also has the earlier ones."""
    earlier, wanted = execution.loops.get(node.name, {}), _wanted(execution, node)
    taken = {port: (*earlier.get(port, ()), *_next(execution, node, port, wanted)) for port in node.inputs}
    if not any(execution.joins.get(node.name, {}).values()):
        execution.joins.pop(node.name, None)
    return taken


def _next(execution: Execution, node: GraphNode, port: str, wanted: frozenset[str]) -> list[Delivery]:
    deliveries = execution.joins.get(node.name, {}).get(port)
    return [deliveries.popleft()] if deliveries and port in wanted else []
