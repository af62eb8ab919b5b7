"""A FHIR server of somebody else's, on 127.0.0.1: it behaves as its vendor's documentation says."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt

from penstock_healthcare.fhir.client.authorization import TOKENS
from tests.unit.platform.nodes.http_server import Answer, Asked, Server, serving

BASE = "/r4/tenant-1"
CLIENT = "client-7"
FHIR = {"Content-Type": "application/fhir+json"}
MOST_SECONDS = 300


def fhir(status: int, resource: Any, **headers: str) -> Answer:
    return Answer(status, json.dumps(resource).encode(), {**FHIR, **headers})


def outcome(status: int, code: str, diagnostics: str = "", **headers: str) -> Answer:
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics, "details": {"text": diagnostics}}
    return fhir(status, {"resourceType": "OperationOutcome", "issue": [issue]}, **headers)


def _same(url: str) -> str:
    return url


def _morning() -> str:
    return "2026-11-24T08:00:00.000Z"


@dataclass
class Ehr:
    """What it holds, whom it lets in, and what it does otherwise than R4 says."""

    server: Server
    jwks: dict[str, Any] = field(default_factory=lambda: {"keys": []})
    kept: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    token_life: Any = 300
    used: set[str] = field(default_factory=set)
    refusals: list[str] = field(default_factory=list)
    next_answers: list[Answer] = field(default_factory=list)
    after_write: list[Answer] = field(default_factory=list)
    is_open: bool = True
    page_size: int = 50
    conflict: int = 412
    conditional_create: bool = True
    needs: dict[str, set[str]] = field(default_factory=dict)
    json_only: bool = False
    silent_writes: bool = False
    link: Callable[[str], str] = _same
    configuration: dict[str, Any] = field(default_factory=dict)
    clock: Callable[[], str] = _morning

    @property
    def base(self) -> str:
        return self.server.url + BASE

    def asked(self, part: str) -> list[Asked]:
        return [each for each in self.server.asked if part in each.target]

    def put(self, resource: dict[str, Any], updated: str | None = None) -> dict[str, Any]:
        key = (resource["resourceType"], resource["id"])
        version = int(self.kept[key]["meta"]["versionId"]) + 1 if key in self.kept else 1
        meta = {"versionId": str(version), "lastUpdated": updated or self.clock()}
        self.kept[key] = {**resource, "meta": meta}
        return self.kept[key]

    def answer(self, asked: Asked) -> Answer:
        path = urlsplit(asked.target).path.removeprefix(BASE)
        if path == "/.well-known/smart-configuration":
            told = {"token_endpoint": f"{self.server.url}/oauth2/token", **self.configuration}
            return Answer(200, json.dumps(told).encode(), {"Content-Type": "application/json"})
        if self.next_answers:
            return self.next_answers.pop(0)
        if path.endswith("/oauth2/token"):
            return self._token(asked)
        if not self.is_open and not self._is_let_in(asked):
            return outcome(401, "login", "the token is not known")
        if self.json_only and asked.headers.get("accept") != "application/fhir+json":
            return Answer(406)
        done = self._do(asked, path)
        return self.after_write.pop(0) if asked.method in ("POST", "PUT") and self.after_write else done

    def _is_let_in(self, asked: Asked) -> bool:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        return self.tokens.get(token, 0) > time.time()

    def _token(self, asked: Asked) -> Answer:
        given = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        try:
            self._check(given)
        except (AssertionError, jwt.PyJWTError, StopIteration) as error:
            self.refusals.append(f"{type(error).__name__}: {error}")
            return Answer(400, b'{"error": "invalid_client", "error_description": "Jane Doe"}')
        token = f"token-{len(self.tokens) + 1}"
        self.tokens[token] = time.time() + float(self.token_life)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": self.token_life, "scope": given["scope"]}
        return Answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _check(self, given: dict[str, str]) -> None:
        """As SMART App Launch 2.2 has servers check an assertion."""
        assert given["grant_type"] == "client_credentials"
        assert given["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        header = jwt.get_unverified_header(given["client_assertion"])
        assert header["typ"] == "JWT"
        jwk = next(each for each in self.jwks["keys"] if each["kid"] == header["kid"])
        assert header["alg"] == jwk["alg"]
        claims = jwt.decode(
            given["client_assertion"],
            jwt.PyJWK(jwk).key,
            algorithms=["RS384", "ES384"],
            audience=f"{self.server.url}/oauth2/token",
            options={"require": ["iss", "sub", "aud", "exp", "jti"]},
        )
        assert claims["iss"] == claims["sub"] == CLIENT
        assert claims["exp"] <= time.time() + MOST_SECONDS
        assert claims["jti"] not in self.used
        self.used.add(claims["jti"])

    def _do(self, asked: Asked, path: str) -> Answer:
        parts = [part for part in path.split("/") if part]
        match (asked.method, *parts):
            case ("GET", "metadata"):
                return fhir(200, {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "status": "active"})
            case ("GET", kind):
                return self._search(kind, parse_qsl(urlsplit(asked.target).query))
            case ("POST", kind, "_search"):
                return self._search(kind, parse_qsl(asked.body.decode()))
            case ("POST", kind):
                return self._create(kind, asked)
            case ("POST",):
                return self._transaction(json.loads(asked.body))
            case ("GET", kind, key, *_):
                found = self.kept.get((kind, key))
                return fhir(200, found, ETag=_tag(found)) if found else outcome(404, "not-found", f"no {key} Doe")
            case ("PUT", kind, key):
                return self._update(kind, key, asked)
            case ("PATCH", kind, key):
                self.put({**self.kept[kind, key], **json.loads(asked.body)[0]["value"]})
                return Answer(200, b"", {"ETag": _tag(self.kept[kind, key]), "Content-Type": "text/html"})
            case ("DELETE", kind, key):
                self.kept.pop((kind, key), None)
                return Answer(204)
        return outcome(400, "not-supported")

    def _create(self, kind: str, asked: Asked) -> Answer:
        condition = asked.headers.get("if-none-exist")
        if condition and self.conditional_create:
            met = [each for each in self._of(kind) if _meets(each, parse_qsl(condition))]
            if met:
                return fhir(200, met[0], ETag=_tag(met[0]), Location=self._place(met[0]))
        made = self.put({**json.loads(asked.body), "id": f"n{len(self.kept) + 1}"})
        headers = {"ETag": _tag(made), "Location": self._place(made)}
        if self.silent_writes:
            return Answer(201, b"", {**headers, "Content-Type": "text/html"})
        return fhir(201, made, **headers)

    def _update(self, kind: str, key: str, asked: Asked) -> Answer:
        stands, wanted = self.kept.get((kind, key)), asked.headers.get("if-match")
        if wanted and stands and wanted != _tag(stands):
            return outcome(self.conflict, "conflict", "Doe was changed meanwhile")
        made = self.put(json.loads(asked.body))
        return fhir(200 if stands else 201, made, ETag=_tag(made))

    def _transaction(self, bundle: dict[str, Any]) -> Answer:
        done = []
        for entry in bundle["entry"]:
            made = self.put({"id": f"t{len(self.kept)}", **entry["resource"]})
            done.append({"response": {"status": "201 Created", "location": self._place(made), "etag": _tag(made)}})
        return fhir(200, {"resourceType": "Bundle", "type": "transaction-response", "entry": done})

    def _search(self, kind: str, query: list[tuple[str, str]]) -> Answer:
        names = {name for name, _ in query}
        if self.needs.get(kind) and names.isdisjoint(self.needs[kind]):
            return outcome(400, "required", "a parameter is missing")
        found = [each for each in self._of(kind) if _meets(each, query)]
        size = min(int(dict(query).get("_count", self.page_size)), self.page_size)
        start = int(dict(query).get("_page", 0))
        entries = [{"resource": each, "search": {"mode": "match"}} for each in found[start : start + size]]
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entries}
        if start + size < len(found):
            more = [*((n, v) for n, v in query if n != "_page"), ("_page", str(start + size))]
            bundle["link"] = [{"relation": "next", "url": self.link(f"{self.base}/{kind}?{urlencode(more)}")}]
        return fhir(200, bundle)

    def _of(self, kind: str) -> list[dict[str, Any]]:
        return [resource for (known, _), resource in self.kept.items() if known == kind]

    def _place(self, resource: dict[str, Any]) -> str:
        return f"{self.base}/{resource['resourceType']}/{resource['id']}/_history/{resource['meta']['versionId']}"


def _tag(resource: dict[str, Any]) -> str:
    return f'W/"{resource["meta"]["versionId"]}"'


def _meets(resource: dict[str, Any], query: list[tuple[str, str]]) -> bool:
    return all(_TESTS[name](resource, value) for name, value in query if name in _TESTS)


def _has_identifier(resource: dict[str, Any], value: str) -> bool:
    system, _, number = value.rpartition("|")
    return any(each == {"system": system, "value": number} for each in resource.get("identifier", []))


def _is_updated(resource: dict[str, Any], value: str) -> bool:
    at, bound = resource["meta"]["lastUpdated"], value[2:]
    return {"ge": at >= bound, "lt": at < bound}[value[:2]]


_TESTS: dict[str, Callable[[dict[str, Any], str], bool]] = {
    "identifier": _has_identifier,
    "_lastUpdated": _is_updated,
    "patient": lambda resource, value: resource["subject"]["reference"] == f"Patient/{value}",
    "name": lambda resource, value: value in json.dumps(resource.get("name", "")),
}


@contextmanager
def running(**quirks: Any) -> Iterator[Ehr]:
    """An EHR that this process knows nothing of: another test's may have had the same credentials."""
    TOKENS.clear()
    with serving() as server:
        ehr = Ehr(server, **quirks)
        server.answer = ehr.answer
        yield ehr
