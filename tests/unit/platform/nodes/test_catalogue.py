"""Every node type that is discovered can be shown, and filled in, without reading its code."""

from collections.abc import Iterator

import pytest

from penstock.json import JSONObject
from penstock.workflows.catalogue import installed
from penstock.workflows.node import Kind, NodeType

CORE = {
    "core.aggregate",
    "core.approval",
    "core.callback",
    "core.deduplicate",
    "core.emit",
    "core.events.read",
    "core.events.state",
    "core.projection.rebuild",
    "core.filter",
    "core.http.request",
    "core.if",
    "core.limit",
    "core.loop",
    "core.merge",
    "core.noop",
    "core.respond",
    "core.set",
    "core.sort",
    "core.split_out",
    "core.stop",
    "core.switch",
    "core.trigger.event",
    "core.trigger.manual",
    "core.trigger.schedule",
    "core.trigger.webhook",
    "core.wait",
    "core.workflow",
}
TYPES = {name: found for name, found in installed().items() if found.wing == "core"}


def test_the_core_nodes_are_those_of_this_list() -> None:
    assert set(TYPES) == CORE


@pytest.mark.parametrize("node_type", TYPES.values(), ids=TYPES)
def test_a_core_node_has_a_title_and_a_description(node_type: NodeType) -> None:
    assert node_type.title
    assert node_type.description.splitlines()[0].endswith((".", ":"))


@pytest.mark.parametrize("node_type", TYPES.values(), ids=TYPES)
def test_every_parameter_of_a_core_node_is_described(node_type: NodeType) -> None:
    assert [name for name, described in _properties(node_type.schema) if not described] == []


@pytest.mark.parametrize("node_type", TYPES.values(), ids=TYPES)
def test_a_core_node_has_outputs_and_only_triggers_have_no_inputs(node_type: NodeType) -> None:
    assert node_type.outputs
    assert (node_type.kind is Kind.TRIGGER) == (not node_type.inputs)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("core.http.request", Kind.ACTION),
        ("core.emit", Kind.ACTION),
        ("core.set", Kind.QUERY),
        ("core.if", Kind.CONTROL),
    ],
)
def test_only_what_is_seen_outside_is_an_action(name: str, kind: Kind) -> None:
    assert TYPES[name].kind is kind


def _properties(schema: JSONObject) -> Iterator[tuple[str, bool]]:
    for part in [schema, *schema.get("$defs", {}).values()]:
        for name, found in part.get("properties", {}).items():
            yield f"{part['title']}.{name}", bool(found.get("description") or "const" in found)
