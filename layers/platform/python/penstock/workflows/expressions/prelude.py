"""The JavaScript around an expression: its roots made from the data, its result turned into JSON text.

The expression is a function of its roots, written outside the prelude's closure, so it cannot reach the
prelude's own names; what the prelude needs of the globals it takes before the expression runs.
`d` is the object of `sources.data`. Only the fragments that the expression mentions are sent.
"""

from __future__ import annotations

from typing import Final

from penstock.workflows.expressions.datetimes import DATETIME, PINNED_DATE
from penstock.workflows.expressions.sources import Mentions

MAX_RESULT: Final = 1_000_000
"""UTF-16 units of a result's JSON text."""

FINISH: Final = """
const stringify = JSON.stringify, parse = JSON.parse, string = String, Pending = Promise, Wrong = TypeError;
const refuse = (key, value) => {
  const kind = typeof value;
  if (kind === "function" || kind === "symbol") throw new Wrong("the result holds a " + kind);
  if (value instanceof Pending) throw new Wrong("the result holds a promise");
  return value;
};
const finish = (value) => {
  let text = stringify(value, refuse);
  if (text === undefined) text = "null";
  if (AS_TEXT) {
    if (value === null || value === undefined) text = '""';
    else if (typeof value !== "object" && typeof value !== "function") text = stringify(string(value));
    else if (text[0] !== '"') text = stringify(text);
  }
  if (text.length > MAX_RESULT) throw new Wrong("the result is too large");
  return text;
};
"""

ITEMS: Final = """
const wrap = (json) => ({ json });
const itemsOf = (list, label) => {
  const ready = () => {
    if (list === undefined) throw new Error(label + " has no output yet");
    return list;
  };
  const at = (edge, index) => {
    const { all } = ready();
    if (all) return index >= 0 && index < all.length ? wrap(all[index]) : undefined;
    return edge in list ? wrap(list[edge]) : undefined;
  };
  return {
    first: () => at("first", 0),
    last: () => at("last", list && list.all ? list.all.length - 1 : 0),
    all: () => ready().all.map(wrap),
    get item() {
      const { all, length, item } = ready();
      if (item !== undefined) return wrap(item);
      if ((all ? all.length : length) !== d.n) {
        throw new Error(label + " and this input differ in length: use .first(), .last() or .all()");
      }
      return at("item", d.i);
    },
    isExecuted: list !== undefined,
  };
};
"""

NODES: Final = """
const nodeOf = (name) => itemsOf(Object.hasOwn(d.nodes, name) ? d.nodes[name] : undefined, `node "${name}"`);
"""

CALLABLE_ITEMS: Final = """
const itemList = (name) => (name === undefined ? d.items.map(wrap) : nodeOf(name).all());
Object.setPrototypeOf(itemList, d.items);
Object.defineProperty(itemList, "length", { value: d.items.length });
Object.defineProperty(itemList, "toJSON", { value: () => d.items });
itemList[Symbol.isConcatSpreadable] = true;
"""

NODE_MAP: Final = """
const nodeMap = new Proxy({}, {
  get: (target, name) => {
    if (typeof name === "symbol") return undefined;
    const node = nodeOf(name);
    return { get json() { return node.item.json; }, isExecuted: node.isExecuted };
  },
});
"""

INPUT: Final = """
const input = Object.assign(itemsOf(d.input, "$input"), {
  port: (name) => itemsOf(Object.hasOwn(d.ports, name) ? d.ports[name] : undefined, `input port "${name}"`),
});
Object.defineProperty(input, "item", { get: () => wrap(d.input.item) });
"""

_VALUES: Final[dict[str, str]] = {
    "$json": "d.json",
    "$item": "{ json: d.json }",
    "$itemIndex": "d.i",
    "$input": "input",
    "$items": "d.items",
    "$node": "nodeMap",
    "$workflow": "d.workflow",
    "$execution": "d.execution",
    "$vars": "d.vars",
    "$now": "new DateTime(d.now)",
    "$today": 'new DateTime(d.now).startOf("day")',
}


def program(source: str, mention: Mentions, *, as_text: bool) -> str:
    """JavaScript whose value is a function: JSON text of the data in, JSON text of the result out."""
    values = {root: _VALUES[root] for root in sorted(mention.roots)}
    if mention.calls_items:
        values["$items"] = "itemList"
    if mention.calls_node:
        values["$"] = "nodeOf"
    if mention.dates:
        values["DateTime"] = "DateTime"
    constants = f"const AS_TEXT = {str(as_text).lower()}, MAX_RESULT = {MAX_RESULT};"
    prelude = "".join(_fragments(mention))
    return (
        f'(function (body) {{ "use strict"; {constants}{FINISH}return function (text) {{ const d = parse(text);'
        f"{prelude}return finish(body({', '.join(values.values())})); }}; }})"
        f'(function ({", ".join(values)}) {{ "use strict"; return (\n{source}\n); }})'
    )


def _fragments(mention: Mentions) -> list[str]:
    """The fragments in the order in which they build on each other."""
    roots = mention.roots
    nodes = mention.calls_node or mention.calls_items or "$node" in roots
    wanted = (
        (ITEMS, nodes or "$input" in roots),
        (NODES, nodes),
        (CALLABLE_ITEMS, mention.calls_items),
        (NODE_MAP, "$node" in roots),
        (INPUT, "$input" in roots),
        (DATETIME, mention.dates or bool(roots & {"$now", "$today"})),
        (PINNED_DATE, mention.dates),
    )
    return [fragment for fragment, is_wanted in wanted if is_wanted]
