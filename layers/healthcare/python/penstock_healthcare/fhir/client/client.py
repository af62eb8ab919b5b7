"""R4's RESTful interactions with another server (https://hl7.org/fhir/R4/http.html)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode
from uuid import NAMESPACE_URL, uuid5

from penstock.http.exchange import Reply, Request, shown
from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir import text
from penstock_healthcare.fhir.client import answers
from penstock_healthcare.fhir.client.answers import Written
from penstock_healthcare.fhir.client.errors import LinkRefused, SeveralMeet, UnreadableAnswer
from penstock_healthcare.fhir.client.transport import Ask, Authorizer, Sender
from penstock_healthcare.fhir.client.vendor import FHIR_JSON, JSON_PATCH, Vendor

if TYPE_CHECKING:
    pass

LONGEST_URL = 8_000
Pairs = Sequence[tuple[str, str]]
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
_ID = re.compile(r"(?!\.+$)[A-Za-z0-9.\-]{1,256}")
"""R4 has 64 characters; some vendors have more."""
_VERSION = re.compile(r"(?!\.+$)[A-Za-z0-9.\-]{1,64}")


class BadName(ValueError):
    """A type, id or version that cannot stand in a URL; it is not quoted."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search: what meets it, what was included, and the total where the server tells it."""

    matches: Sequence[JSONObject]
    included: Sequence[JSONObject]
    total: int | None
    has_next: bool


@dataclass(frozen=True)
class FhirClient:
    """One server. Every method raises ClientError, and BadName for what is no type, id or version.

    `base` has no slash at its end.
    """

    base: str
    vendor: Vendor
    authorizer: Authorizer
    sender: Sender

    def capabilities(self) -> JSONObject:
        """The CapabilityStatement."""
        what = f"the capabilities of {shown(self.base)}"
        reply = self._send(what, "GET", "/metadata", is_repeatable=True)
        return answers.resource_of(what, reply, "CapabilityStatement")

    def read(self, resource_type: str, key: str, version: str = "") -> JSONObject:
        """A resource as it is, or as it was at a version."""
        history = f"/_history/{_named(_VERSION, version)}" if version else ""
        what = self._what("read", resource_type)
        reply = self._send(what, "GET", f"{_path(resource_type, key)}{history}", is_repeatable=True)
        return answers.resource_of(what, reply, resource_type)

    def search(
        self, resource_type: str, query: Pairs, *, count: int | None = None, post: bool = False
    ) -> Iterator[Page]:
        """The pages of a search; each is asked for when it is wanted. With `post` the query is in no URL."""
        self.vendor.check_search(resource_type, [name for name, _ in query])
        size = [("_count", str(self.vendor.page_size(resource_type, count)))] if count else []
        what, pairs = self._what("search", resource_type), [*query, *size]
        reply = self._first(what, f"/{_named(_TYPE, resource_type)}", pairs, post=post)
        seen: set[str] = set()
        while True:
            bundle = answers.resource_of(what, reply, "Bundle")
            url = self._next(what, reply, bundle, seen)
            yield _page(bundle, has_next=url is not None)
            if url is None:
                return
            reply = self._send_to(what, Request("GET", url, self._headers()), is_repeatable=True)

    def create(self, resource: JSONObject, condition: str = "") -> Written:
        """Keep a new resource; with a condition (`identifier=system|value`) only if none meets it.

        Where the vendor knows no conditional creates, what meets the condition is searched for before; where it knows
        idempotency keys, one is sent that is the same for the same resource and condition.
        """
        self.vendor.check_writing()
        kind, what = _type_of(resource), self._what("create", _type_of(resource))
        is_native = bool(condition) and self.vendor.writing.conditional_create
        if condition and not is_native and (found := self._meeting(kind, condition)):
            return found
        if not is_native and (key := self._idempotency_key(resource, condition)):
            return self._create_by_key(what, resource, key)
        headers = {"If-None-Exist": condition} if is_native else {}
        reply = self._write(what, "POST", f"/{kind}", resource, headers, is_repeatable=is_native)
        return answers.written(what, reply, kind)

    def update(self, resource: JSONObject, version: str = "") -> Written:
        """Keep a resource under its id; with a version, only after that one."""
        self.vendor.check_writing()
        kind, key = _type_of(resource), str(resource.get("id", ""))
        what, headers = self._what("update", kind), _if_match(version)
        reply = self._write(what, "PUT", _path(kind, key), resource, headers, is_repeatable=not version)
        return answers.written(what, reply, kind, key)

    def patch(
        self, resource_type: str, key: str, patch: JSON, version: str = "", media_type: str = JSON_PATCH
    ) -> Written:
        """Change parts of a resource: by JSON Patch (a list), or FHIRPath Patch (Parameters)."""
        self.vendor.check_patch(media_type, version)
        what = self._what("patch", resource_type)
        headers = {**_if_match(version), "Content-Type": media_type}
        reply = self._write(what, "PATCH", _path(resource_type, key), patch, headers, is_repeatable=False)
        return answers.written(what, reply, resource_type, key)

    def delete(self, resource_type: str, key: str, version: str = "") -> None:
        """Delete a resource; with a version, only that one."""
        self.vendor.check_writing()
        request = Request("DELETE", self.base + _path(resource_type, key), {**self._headers(), **_if_match(version)})
        self._send_to(self._what("delete", resource_type), request, is_repeatable=not version)

    def transaction(self, bundle: JSONObject) -> JSONObject:
        """Do all of a transaction's entries or none: the response Bundle, which has as many entries."""
        self.vendor.check_transaction(entries(bundle))
        what = f"a transaction at {shown(self.base)}"
        reply = self._write(what, "POST", self.vendor.writing.transaction_path, bundle, {}, is_repeatable=False)
        found = answers.resource_of(what, reply, "Bundle")
        if len(entries(found)) != len(entries(bundle)):
            raise UnreadableAnswer(what, "the answer has not as many entries as the transaction")
        return found

    def _idempotency_key(self, resource: JSONObject, condition: str) -> str:
        """What a vendor knows a create by that comes twice: the same resource on the same condition has the same."""
        if not (condition and self.vendor.writing.idempotency_header):
            return ""
        content = sha256(_encoded(resource)).hexdigest()
        return str(uuid5(NAMESPACE_URL, f"{self.base}?{condition}#{content}"))

    def _create_by_key(self, what: str, resource: JSONObject, key: str) -> Written:
        """A create that came before is answered 409, with what it made."""
        kind = _type_of(resource)
        sent = {**self._headers(), "Content-Type": FHIR_JSON, self.vendor.writing.idempotency_header: key}
        request = Request("POST", f"{self.base}/{kind}", sent, body=_encoded(resource))
        ask = Ask(what, request, is_repeatable=True, accepted=HTTPStatus.CONFLICT)
        reply = self.sender.send(ask, self.authorizer)
        if reply.status != HTTPStatus.CONFLICT:
            return answers.written(what, reply, kind)
        found = answers.resource_of(what, reply)
        if found["resourceType"] != kind:
            answers.check(what, reply)
        return Written(f"{kind}/{found.get('id', '')}", answers.own_version(found), False, found)

    def _meeting(self, resource_type: str, condition: str) -> Written | None:
        pairs = parse_qsl(condition, keep_blank_values=True)
        page = next(self.search(resource_type, pairs, count=2))
        if len(page.matches) > 1:
            raise SeveralMeet(self._what("create", resource_type))
        if not page.matches:
            return None
        [found] = page.matches
        return Written(f"{resource_type}/{found.get('id', '')}", answers.own_version(found), False, found)

    def _first(self, what: str, path: str, pairs: Pairs, *, post: bool) -> Reply:
        if post:
            headers = {**self._headers(), "Content-Type": "application/x-www-form-urlencoded"}
            request = Request("POST", f"{self.base}{path}/_search", headers, body=urlencode(pairs).encode())
            return self._send_to(what, request, is_repeatable=True)
        return self._send(what, "GET", f"{path}?{urlencode(pairs)}" if pairs else path, is_repeatable=True)

    def _next(self, what: str, reply: Reply, bundle: JSONObject, seen: set[str]) -> str | None:
        """The next page's URL, at the base's own origin: the token goes nowhere else."""
        import httpx

        from penstock.http.exchange import origin

        link = _next_link(bundle)
        if link is None:
            return None
        try:
            target = httpx.URL(reply.url).join(link)
        except (httpx.InvalidURL, ValueError):
            raise LinkRefused(what, "the link to the next page is not a URL") from None
        if origin(target) != origin(httpx.URL(self.base)) or target.userinfo:
            raise LinkRefused(what, "the next page lies at another origin")
        if str(target) in seen or len(str(target)) > LONGEST_URL:
            raise LinkRefused(what, "the link to the next page comes round again, or is too long")
        seen.add(str(target))
        return str(target)

    def _write(
        self, what: str, method: str, path: str, body: JSON, headers: dict[str, str], *, is_repeatable: bool
    ) -> Reply:
        sent = {**self._headers(), "Content-Type": FHIR_JSON, **headers}
        request = Request(method, self.base + path, sent, body=_encoded(body))
        return self._send_to(what, request, is_repeatable=is_repeatable)

    def _send(self, what: str, method: str, path: str, *, is_repeatable: bool) -> Reply:
        return self._send_to(what, Request(method, self.base + path, self._headers()), is_repeatable=is_repeatable)

    def _send_to(self, what: str, request: Request, *, is_repeatable: bool) -> Reply:
        return self.sender.send(Ask(what, request, is_repeatable), self.authorizer)

    def _headers(self) -> dict[str, str]:
        return {"Accept": FHIR_JSON, **self.vendor.headers}

    def _what(self, interaction: str, resource_type: str) -> str:
        return f"{interaction} of {_named(_TYPE, resource_type)} at {shown(self.base)}"


def entries(bundle: JSONObject) -> list[JSONObject]:
    """A Bundle's entries; none where it has no list of them."""
    found = bundle.get("entry")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _page(bundle: JSONObject, *, has_next: bool) -> Page:
    found: dict[str, list[JSONObject]] = {"match": [], "include": [], "outcome": []}
    for entry in entries(bundle):
        resource, search = entry.get("resource"), entry.get("search")
        if isinstance(resource, dict):
            is_outcome = resource.get("resourceType") == "OperationOutcome"
            mode = search.get("mode", "match") if isinstance(search, dict) else "match"
            found.get("outcome" if is_outcome else mode, found["match"]).append(resource)
    total = bundle.get("total")
    return Page(found["match"], found["include"], total if isinstance(total, int) else None, has_next)


def _next_link(bundle: JSONObject) -> str | None:
    links = bundle.get("link")
    named = [each for each in links if isinstance(each, dict)] if isinstance(links, list) else []
    found = next((each.get("url") for each in named if each.get("relation") == "next"), None)
    return found if isinstance(found, str) and found else None


def _if_match(version: str) -> dict[str, str]:
    return {"If-Match": f'W/"{_named(_VERSION, version)}"'} if version else {}


def _type_of(resource: JSONObject) -> str:
    return _named(_TYPE, str(resource.get("resourceType", "")))


def _path(resource_type: str, key: str) -> str:
    return f"/{_named(_TYPE, resource_type)}/{_named(_ID, key)}"


def _named(pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        part = {_TYPE: "resource type", _ID: "id", _VERSION: "version"}[pattern]
        raise BadName(f"this is no {part} as FHIR has them")
    return value


def _encoded(body: JSON) -> bytes:
    """Raises BadName for what JSON cannot hold."""
    try:
        return text.write(body).encode()
    except (TypeError, ValueError):
        raise BadName("this cannot be written as FHIR JSON") from None
