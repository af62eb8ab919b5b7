"""Every operation of the API as its description has it, with requests for each: new endpoints come by themselves."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.functions.cloud import ROOT

DOCUMENT = json.loads((ROOT / "functions" / "openapi" / "openapi.json").read_text(encoding="utf-8"))

FREE = {"Definition": {"name": "Hello", "nodes": [{"name": "start", "type": "core.trigger.manual"}], "connections": []}}
"""Objects whose schema does not say what is in them, by title."""


def _owners() -> dict[str, str]:
    """Functions by the paths that are theirs."""
    found = {}
    for file in (ROOT / "functions").glob("*/function.toml"):
        trigger = tomllib.loads(file.read_text(encoding="utf-8"))["trigger"]
        found.update(dict.fromkeys(trigger.get("api", ()), file.parent.name))
    return found


@dataclass(frozen=True)
class Operation:
    """One operation, and what is needed to send it."""

    function: str
    method: str
    path: str
    described: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.described["operationId"])

    @property
    def is_public(self) -> bool:
        return self.described.get("security") == []

    @property
    def parameters(self) -> list[str]:
        return [part.strip("{}") for part in self.path.split("/") if part.startswith("{")]

    def url(self, names: Mapping[str, str]) -> str:
        """The path with its parameters; a KeyError says which one the table of names lacks."""
        return "/".join(names[part[1:-1]] if part.startswith("{") else part for part in self.path.split("/"))

    @property
    def media_type(self) -> str:
        """What its body is sent as: JSON wherever it takes that."""
        content = self.described.get("requestBody", {}).get("content", {})
        return "application/json" if "application/json" in content or not content else str(next(iter(content)))

    def body(self, names: Mapping[str, str]) -> Any:
        """A body of the right shape, made from its schema; None where the operation takes none."""
        if "requestBody" not in self.described:
            return None
        return example(self.described["requestBody"]["content"][self.media_type]["schema"], names)


def example(schema: dict[str, Any], names: Mapping[str, str], name: str = "") -> Any:
    """A value that fits the schema, with only what is required; texts by the table of names where it has them."""
    if "$ref" in schema:
        return example(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]], names, name)
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        return example(choice, names, name)
    if schema.get("title") in FREE:
        return FREE[schema["title"]]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {each: example(schema["properties"][each], names, each) for each in schema.get("required", ())}
    if schema.get("type") == "array":
        return [example(schema["items"], names)] * schema.get("minItems", 0)
    texts = names.get(name, "x" * max(schema.get("minLength", 0), 1))
    return {"string": texts, "integer": schema.get("minimum", 1), "boolean": True}.get(schema.get("type", ""))


def operations() -> list[Operation]:
    """All of them. The longest path that fits says which function answers."""
    owners = sorted(_owners().items(), key=lambda item: -len(item[0]))
    return [
        Operation(next(name for start, name in owners if path.startswith(start)), method.upper(), path, described)
        for path, item in sorted(DOCUMENT["paths"].items())
        for method, described in sorted(item.items())
    ]
