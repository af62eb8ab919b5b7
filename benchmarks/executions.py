"""Executions a second of a ten-node webhook workflow, every event stored: in process, and on the local AWS beside it.

n8n 2.8.4 on a machine of two cores, at 16 clients: about 40 a second, 390 ms at the median.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from benchmarks.measuring import Figure, rate
from penstock.events import Origin
from penstock.events.memory import MemoryEventStore
from penstock.nodes.webhook_trigger import request_item
from penstock.workflows.catalogue import catalogue
from penstock.workflows.definition import WorkflowDefinition
from penstock.workflows.execution.ports import Start
from penstock.workflows.in_process import in_process_engine
from penstock.workflows.validation import parse

N8N_A_SECOND = 40
EXECUTIONS = 300
ORDER = {
    "patient": {"id": "P-1001", "name": "Vermeer, Anna", "ward": "3B"},
    "results": [
        {"code": "2823-3", "name": "Potassium", "value": 6.9, "unit": "mmol/L", "flag": "HH"},
        {"code": "2951-2", "name": "Sodium", "value": 141, "unit": "mmol/L", "flag": "N"},
        {"code": "2160-0", "name": "Creatinine", "value": 112, "unit": "umol/L", "flag": "H"},
    ],
}


def definition() -> WorkflowDefinition:
    """Ten nodes in a row with one branch: paths, a condition and a computed field among them."""
    nodes = [
        ("hook", "core.trigger.webhook", {"path": "results", "respond": "respond_node"}),
        ("split", "core.split_out", {"field": "body.results"}),
        ("name", "core.set", {"fields": [{"name": "label", "value": "{{ $json.name }} ({{ $json.unit }})"}]}),
        ("unusual", "core.filter", {"condition": "{{ $json.flag !== 'N' }}"}),
        ("sort", "core.sort", {"by": [{"field": "name"}]}),
        ("critical", "core.if", {"condition": "{{ $json.flag === 'HH' }}"}),
        ("urgent", "core.set", {"fields": [{"name": "priority", "value": 1}]}),
        ("routine", "core.set", {"fields": [{"name": "priority", "value": 2}]}),
        ("together", "core.merge", {}),
        ("answer", "core.respond", {"status": 200, "body": "{{ $items }}"}),
    ]
    path = ["hook", "split", "name", "unusual", "sort", "critical"]
    connections: list[dict[str, str]] = [{"from": a, "to": b} for a, b in pairwise(path)]
    connections += [
        {"from": "critical", "output": "true", "to": "urgent"},
        {"from": "critical", "output": "false", "to": "routine"},
        {"from": "urgent", "to": "together", "input": "input1"},
        {"from": "routine", "to": "together", "input": "input2"},
        {"from": "together", "to": "answer"},
    ]
    document = {
        "name": "Ten nodes",
        "nodes": [{"name": name, "type": kind, "parameters": given} for name, kind, given in nodes],
        "connections": connections,
    }
    return parse(document, catalogue())


def in_process(store: MemoryEventStore | None = None, executions: int = EXECUTIONS) -> Callable[[], int]:
    """Start and finish executions one after the other, with the codec at work."""
    engine = in_process_engine({"ten": definition()}, store=store or MemoryEventStore())
    item = request_item("POST", "results", {"content-type": "application/json"}, {}, ORDER)
    origin = Origin("benchmark", "benchmark")

    def run() -> int:
        for _ in range(executions):
            execution: Any = engine.start(Start("acme", "ten", 1, [item], "webhook"), origin, lambda: False)
            if execution.response is None:
                raise SystemExit(f"the workflow did not answer: {execution.status} {execution.error}")
        return executions

    return run


def figures() -> list[Figure]:
    """The in-process figure beside n8n's."""
    measured = rate("executions/s, ten nodes, in process", in_process())
    return [measured.beside("n8n 2.8.4 (measured elsewhere, 16 clients)", N8N_A_SECOND)]
