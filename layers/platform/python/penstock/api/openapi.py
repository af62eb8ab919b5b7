"""The one document of all endpoints, as OpenAPI 3.1: merged from the folders of `functions/`.

`python -m penstock.api.openapi FUNCTIONS FILE` writes it; a test says when what is committed has drifted from the code.
"""

import importlib.util
import inspect
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from penstock.api.application import LONGEST_CORRELATION, SECURITY_SCHEMES, Api
from penstock.api.consistency import AFTER, LONGEST_AFTER, POSITION
from penstock.api.idempotency import LONGEST_KEY
from penstock.api.problems import PROBLEM_SHAPE, PROBLEMS, ErrorShape
from penstock.json import JSONObject

TITLE, VERSION = "Penstock", "1"
DESCRIPTION = (
    "Workflow automation in your own AWS account. Every error is a problem detail (RFC 9457); FHIR's endpoint answers "
    "OperationOutcomes. "
    "Writes that carry an `Idempotency-Key` are done once and answered again for a day. "
    f"Reads that carry the `{POSITION}` of a write as `{AFTER}` wait until they can show it."
)
_METHODS = ("get", "put", "post", "delete", "patch")
_WRITES = ("put", "post", "delete", "patch")

_HEADERS: Mapping[str, JSONObject] = {
    "Correlation": {
        "name": "X-Correlation-Id",
        "in": "header",
        "description": "The business transaction that this belongs to; every event that follows carries it",
        "schema": {"type": "string", "maxLength": LONGEST_CORRELATION},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes the request safe to send again",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    },
    "After": {
        "name": AFTER,
        "in": "header",
        "description": f"The `{POSITION}` of earlier answers: wait until what they wrote shows, 5 s at most",
        "schema": {"type": "string", "maxLength": LONGEST_AFTER},
    },
}
_POSITION: JSONObject = {
    "description": f"How far the streams came that were written to; give it back as `{AFTER}` to see what you wrote",
    "schema": {"type": "string", "examples": ["workflow/0193a5@3"]},
}


def applications(functions: Path) -> Iterator[tuple[str, Api]]:
    """The application of every folder whose handler has one, with the folder's name, in the order of the names."""
    for file in sorted(functions.glob("*/handler.py")):
        api = getattr(_load(file), "api", None)
        if isinstance(api, Api):
            yield file.parent.name, api


def document(functions: Path) -> JSONObject:
    """The document. Raises ValueError when two operations share an id."""
    merged: JSONObject = {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": "..", "description": "Where this document was found"}],
        "tags": [],
        "security": [{name: []} for name in SECURITY_SCHEMES],
        "paths": {},
        "components": {"schemas": {}, "parameters": dict(_HEADERS), "responses": {}},
    }
    found = [(name, api, _own(api)) for name, api in applications(functions)]
    ambiguous = _ambiguous(part for _, _, part in found)
    for name, api, part in found:
        _add(merged, name, api, _told_apart(part, ambiguous, api.tag))
    components = merged["components"]
    shapes = {shape.name: shape for shape in (PROBLEM_SHAPE, *(api.error_shape for _, api, _ in found))}
    components["schemas"].update({name: shape.schema for name, shape in shapes.items()})
    components["responses"] = {name: _response(shape) for name, shape in shapes.items()}
    components["securitySchemes"] = {
        name: scheme.model_dump(mode="json", by_alias=True, exclude_none=True)
        for name, scheme in SECURITY_SCHEMES.items()
    }
    _check_ids(merged)
    return merged


def _load(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"functions.{file.parent.name}.handler", file)
    if spec is None or spec.loader is None:
        raise ValueError(f"{file} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # annotations are resolved by the module's name
    spec.loader.exec_module(module)
    return module


def _own(api: Api) -> JSONObject:
    found: JSONObject = json.loads(api.get_openapi_json_schema(title=TITLE, version=VERSION))
    return found


def _add(merged: JSONObject, folder: str, api: Api, part: JSONObject) -> None:
    merged["tags"].append({"name": api.tag})
    described = _descriptions(api)
    for path, item in part["paths"].items():
        for method in (method for method in _METHODS if method in item):
            operation_id = _operation_id(folder, path, method, item)
            operation = {"description": described[path, method], **item[method], "operationId": operation_id}
            merged["paths"].setdefault(path, {})[method] = _operation(operation, path, method, api)
    shapes = _shapes(part)
    merged["components"]["schemas"].update({name: shapes[name] for name in shapes if name not in _REPLACED})


def _descriptions(api: Api) -> Mapping[tuple[str, str], str]:
    """The docstrings of what answers, by path and method."""
    routes = (*api._static_routes, *api._dynamic_routes)  # Powertools tells them no other way
    return {(route.openapi_path, route.method.lower()): inspect.getdoc(route.func) or "" for route in routes}


def _operation_id(folder: str, path: str, method: str, item: JSONObject) -> str:
    """The folder and the function that answers; the method too where the function answers several at the path."""
    names = {each: _function(item[each]["operationId"], path, each) for each in item}
    is_shared = list(names.values()).count(names[method]) > 1
    return f"{folder}_{names[method]}" + (f"_{method}" if is_shared else "")


def _function(operation_id: str, path: str, method: str) -> str:
    """The function's name in an id of Powertools': name, path and method."""
    return operation_id.removesuffix(re.sub(r"\W", "_", f"{path}_{method}"))


def _shapes(part: JSONObject) -> JSONObject:
    found: JSONObject = part.get("components", {}).get("schemas", {})
    return found


def _ambiguous(parts: Iterable[JSONObject]) -> frozenset[str]:
    """The names that stand for one shape here and another there."""
    first: JSONObject = {}
    shapes = [item for part in parts for item in _shapes(part).items()]
    return frozenset(name for name, shape in shapes if first.setdefault(name, shape) != shape)


def _told_apart(part: JSONObject, ambiguous: frozenset[str], tag: str) -> JSONObject:
    """The part with its tag before the names that another part has for something else."""
    text = json.dumps(part)
    new_names = {name: f"{tag.title().replace(' ', '')}{name}" for name in ambiguous}
    for name, new_name in new_names.items():
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{new_name}"')
    renamed: JSONObject = json.loads(text)
    shapes = {new_names.get(name, name): shape for name, shape in _shapes(renamed).items()}
    return {**renamed, "components": {"schemas": shapes}}


_REPLACED = ("HTTPValidationError", "ValidationError", "ResponseValidationError")
"""Powertools' own shapes of errors, which no endpoint answers."""


def _operation(operation: JSONObject, path: str, method: str, api: Api) -> JSONObject:
    headers = ["Correlation", *_own_headers(method, api)]
    references = [{"$ref": f"#/components/parameters/{name}"} for name in headers]
    statuses = () if api.is_public else ("401", "403")
    problem = {"$ref": f"#/components/responses/{api.error_shape.name}"}
    problems = dict.fromkeys((*statuses, "404", "422", "default"), problem)
    return {
        **operation,
        **api.described_body(path, method),
        "tags": [api.tag],
        "parameters": [*operation.get("parameters", []), *references],
        "responses": {**_answers(operation["responses"], method, api), **problems},
        **({"security": []} if api.is_public else {}),
    }


def _own_headers(method: str, api: Api) -> Sequence[str]:
    if method in _WRITES:
        return ["IdempotencyKey"]
    return [] if api.is_public else ["After"]


def _answers(responses: JSONObject, method: str, api: Api) -> JSONObject:
    found = _successes(responses)
    if method not in _WRITES or api.is_public:
        return found
    return {status: {**answer, "headers": {POSITION: _POSITION}} for status, answer in found.items()}


def _successes(responses: JSONObject) -> JSONObject:
    """The answers when all is well; what may take longer than the request (202) may also be done in time (200)."""
    found = {status: answer for status, answer in responses.items() if status.startswith("2")}
    if "204" in found:
        found["204"] = {"description": "Done"}
    return {**found, **({"200": found["202"]} if "202" in found else {})}


def _response(shape: ErrorShape) -> JSONObject:
    kinds = sorted({f"`{problem.slug}` ({problem.status.value})" for problem in PROBLEMS.values()})
    told = f": {', '.join(kinds)}" if shape is PROBLEM_SHAPE else ""
    return {
        "description": f"{shape.description}{told}",
        "content": {shape.media_type: {"schema": {"$ref": f"#/components/schemas/{shape.name}"}}},
    }


def _check_ids(merged: JSONObject) -> None:
    seen: set[str] = set()
    for item in merged["paths"].values():
        for operation in item.values():
            if operation["operationId"] in seen:
                raise ValueError(f"two operations are named {operation['operationId']}")
            seen.add(operation["operationId"])


def main() -> None:
    """Write the document of the folder to the file, both named on the command line."""
    functions, target = map(Path, sys.argv[1:3])
    target.write_text(rendered(document(functions)), encoding="utf-8")


def rendered(found: JSONObject) -> str:
    """The document as it is committed."""
    return json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    main()
