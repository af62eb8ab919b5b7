"""Read from an expression's source what data it can reach, so that only that is handed to JavaScript.

Reading more than is used (a mention inside a string) only costs time; what is read by a computed name
(`$($json.name)`) counts as everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from penstock.json import JSON
from penstock.workflows.expressions.scope import Scope

ROOTS: Final = (
    "$json",
    "$item",
    "$itemIndex",
    "$input",
    "$items",
    "$node",
    "$workflow",
    "$execution",
    "$vars",
    "$now",
    "$today",
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_NAME = re.compile(r"(?<![\w$])\$\w+")
_LITERAL = r"""\s*(?P<name>'(?:[^'\\\n]|\\['"`\\])*'|"(?:[^"\\\n]|\\['"`\\])*"|`(?:[^`\\$]|\\['"`\\])*`)\s*"""
_CALL = re.compile(r"(?<![\w$])\$\s*\(")
_ITEMS_CALL = re.compile(r"(?<![\w$])\$items\s*\(")
_NODE_USE = re.compile(r"(?<![\w$])\$node\b")
_NAMED_CALL = re.compile(rf"(?<![\w$])\$\s*\({_LITERAL}\)")
_NAMED_ITEMS = re.compile(rf"(?<![\w$])\$items\s*\((?:{_LITERAL}|\s*)\)")
_NAMED_NODE = re.compile(rf"(?<![\w$])\$node\s*(?:\[{_LITERAL}\]|\.\s*(?P<member>[A-Za-z_]\w*))")
_NARROW = r"\s*\.\s*(?:first\s*\(\s*\)|last\s*\(\s*\)|item\b)"
_NARROW_CALL = re.compile(_NAMED_CALL.pattern + _NARROW)
_INPUT_USE = re.compile(r"(?<![\w$])\$input\b")
_NARROW_INPUT = re.compile(rf"(?<![\w$])\$input{_NARROW}")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Mentions:
    """What one source mentions. `nodes` is None when a name is computed: any node may be read."""

    roots: frozenset[str]
    named: frozenset[str]
    nodes: frozenset[str] | None
    calls_node: bool
    calls_items: bool
    whole_nodes: bool
    whole_input: bool
    ports: bool
    dates: bool


@lru_cache(maxsize=1024)
def mentions(source: str) -> Mentions:
    named = _named(source)
    calls, items, nodes = (len(p.findall(source)) for p in (_CALL, _ITEMS_CALL, _NODE_USE))
    literal = [sum(1 for _ in p.finditer(source)) for p in (_NAMED_CALL, _NAMED_ITEMS, _NAMED_NODE)]
    return Mentions(
        roots=frozenset(_NAME.findall(source)) & frozenset(ROOTS),
        named=named,
        nodes=named if [calls, items, nodes] == literal else None,
        calls_node=calls > 0,
        calls_items=items > 0,
        whole_nodes=items + nodes > 0 or len(_NARROW_CALL.findall(source)) != calls,
        whole_input=len(_NARROW_INPUT.findall(source)) != len(_INPUT_USE.findall(source)) or items > 0,
        ports="port" in source,
        dates="Date" in source,
    )


def _named(source: str) -> frozenset[str]:
    found: set[str] = set()
    for pattern in (_NAMED_CALL, _NAMED_ITEMS, _NAMED_NODE):
        for match in pattern.finditer(source):
            groups = match.groupdict()
            if groups["name"]:
                found.add(_ESCAPE.sub(r"\1", groups["name"][1:-1]))
            elif groups.get("member"):
                found.add(groups["member"])
    return frozenset(found)


def data(mention: Mentions, scope: Scope) -> dict[str, JSON]:
    """The part of `scope` that JavaScript gets, as one JSON object (keys as the prelude reads them)."""
    roots = mention.roots
    found: dict[str, JSON] = {"i": scope.item_index, "n": len(scope.items)}
    for root, key, value in (
        ("$workflow", "workflow", scope.workflow),
        ("$execution", "execution", scope.execution),
        ("$vars", "vars", scope.vars),
        ("$items", "items", scope.items),
    ):
        if root in roots:
            found[key] = value if key == "items" else dict(value)
    if roots & {"$json", "$item"}:
        found["json"] = scope.json
    if roots & {"$now", "$today"} or mention.dates:
        found["now"] = (scope.now - _EPOCH) // timedelta(milliseconds=1)
    if "$input" in roots:
        found["input"] = _input(mention, scope)
    if mention.ports and "$input" in roots:
        found["ports"] = {name: {"all": list(items)} for name, items in scope.inputs.items()}
    if mention.calls_node or mention.calls_items or "$node" in roots:
        found["nodes"] = _nodes(mention, scope)
    return found


def _input(mention: Mentions, scope: Scope) -> dict[str, JSON]:
    whole = {"all": list(scope.items)} if mention.whole_input else _edges(scope.items, scope)
    return {**whole, "item": scope.json}


def _nodes(mention: Mentions, scope: Scope) -> dict[str, JSON]:
    names = scope.nodes if mention.nodes is None else [name for name in mention.nodes if name in scope.nodes]
    read = {name: scope.nodes[name] for name in names}
    if mention.whole_nodes:
        return {name: {"all": list(items)} for name, items in read.items()}
    return {name: _edges(items, scope) for name, items in read.items()}


def _edges(items: JSON, scope: Scope) -> dict[str, JSON]:
    """The items that `first`, `last` and `item` can give, so that a long list is not sent once per item."""
    edges: dict[str, JSON] = {"length": len(items)}
    if items:
        edges |= {"first": items[0], "last": items[-1]}
    if scope.item_index < len(items) == len(scope.items):
        edges["item"] = items[scope.item_index]
    return edges
