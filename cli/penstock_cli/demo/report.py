"""What happened, for people: acknowledgments, a timeline, resources, events, and the summary."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from penstock_cli import acknowledgments, timeline
from penstock_cli.demo.expected import Expected
from penstock_cli.demo.outcome import Outcome, Ran
from penstock_cli.demo.verdict import Count
from penstock_cli.output import plain, table

if TYPE_CHECKING:
    from rich.console import Console

_WIDEST = 100


def tell(console: "Console", messages: Sequence[Expected], outcome: Outcome) -> None:
    """Everything but the summary."""
    control_ids = {message.id: message.control_id for message in messages}
    _head(console, "Acknowledgments, over one MLLP connection")
    console.print(acknowledgments.table_of(list(outcome.acknowledgments)))
    _head(console, "Executions")
    columns = ("execution", "message", "workflow", "status", "ms", "answered")
    console.print(table(columns, [_row(each, control_ids[each.message]) for each in outcome.ran]))
    for each in outcome.ran:
        if each.asked:
            _head(console, f"Timeline of the critical result, {each.execution['id']}")
            timeline.tell(each.timeline)
    _head(console, "FHIR resources")
    found = Counter(reference.partition("/")[0] for reference in outcome.resources)
    console.print(table(("type", "count", "one of them"), _resources(found, outcome.resources)))
    _head(console, "Events told to the world")
    rows = [(event["time"], event["type"], _short(event["data"])) for each in outcome.ran for event in each.emitted]
    console.print(table(("time", "type", "data"), rows))
    _head(console, "Rejected messages, kept with their errors")
    refused = [(each["id"], each["received_at"], each["error"]["message"]) for each in outcome.rejected]
    console.print(table(("id", "received", "why"), refused))


def tell_summary(console: "Console", counts: Sequence[Count], shortfalls: Sequence[str]) -> None:
    """The last table, and what is wrong."""
    _head(console, "Summary")
    marks = {True: "✓", False: "✗"}
    rows = [(marks[each.is_right], each.what, each.found, each.wanted) for each in counts]
    console.print(table(("", "what", "found", "must be"), rows))
    for line in shortfalls:
        console.print(plain(f"✗ {line}"), style="red", soft_wrap=True)


def document(outcome: Outcome, counts: Sequence[Count], shortfalls: Sequence[str]) -> dict[str, Any]:
    """The same for machines, without what is in the resources."""
    return {
        "acknowledgments": outcome.acknowledgments,
        "executions": [each.execution["id"] for each in outcome.ran],
        "resources": sorted(outcome.resources),
        "events": [event["id"] for each in outcome.ran for event in each.emitted],
        "rejected": [entry["id"] for entry in outcome.rejected],
        "summary": {each.name: {"found": each.found, "must_be": each.wanted} for each in counts},
        "shortfalls": list(shortfalls),
    }


def _head(console: "Console", text: str) -> None:
    console.print()
    console.print(text, style="bold", soft_wrap=True)


def _row(each: Ran, control_id: str) -> tuple[Any, ...]:
    execution, answered = each.execution, "yes" if each.asked else ""
    return execution["id"], control_id, each.workflow, execution["status"], execution["duration_ms"], answered


def _resources(found: Mapping[str, int], resources: Mapping[str, dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (name, count, _summary(next(doc for ref, doc in resources.items() if ref.startswith(f"{name}/"))))
        for name, count in sorted(found.items())
    ]


def _summary(resource: dict[str, Any]) -> str:
    """What a resource says, in a line: its code, its value, its status."""
    code = resource.get("code") or {}
    text = code.get("text") or next((each.get("display", "") for each in code.get("coding", ())), "")
    quantity = resource.get("valueQuantity") or {}
    value = f"{quantity.get('value', '')} {quantity.get('unit', '')}".strip()
    told = ", ".join(part for part in (text, value, resource.get("status", "")) if part)
    return (told or f"{resource['resourceType']}/{resource['id']}")[:_WIDEST]


def _short(data: Any) -> str:
    import orjson

    text = orjson.dumps(data).decode()
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
