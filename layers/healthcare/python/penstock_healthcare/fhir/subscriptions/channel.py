"""A Subscription read: its criteria, its REST hook, and all that is wrong with it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from penstock.http.guard import Guard
from penstock.json import JSONObject
from penstock.routing.service import url_problems
from penstock_healthcare.fhir.errors import InvalidSearch
from penstock_healthcare.fhir.search.criteria import criteria
from penstock_healthcare.fhir.validation import Finding

TYPE = "Subscription"
MASK = "********"
"""What stands for a header's value wherever the Subscription is read; sent back, it means the value that is kept."""
REQUESTED, ACTIVE, ERROR = "requested", "active", "error"
PAYLOADS = ("application/fhir+json",)
MOST_HEADERS, LONGEST_HEADERS = 20, 3_000
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([\x20-\x7e]*)\Z")
_OWN_HEADERS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection", "webhook-id"})


@dataclass(frozen=True, slots=True)
class Header:
    """One header of a channel."""

    name: str
    value: str

    @property
    def is_masked(self) -> bool:
        """Whether it stands for the value that is kept."""
        return self.value == MASK


def headers_of(subscription: JSONObject) -> Sequence[Header]:
    """The headers of its channel, those that are ones."""
    found = (_HEADER.match(text) for text in _texts(subscription))
    return [Header(each[1], each[2].strip()) for each in found if each]


def masked(subscription: JSONObject) -> JSONObject:
    """The Subscription as it is kept: without its headers' values."""
    if not _texts(subscription):
        return subscription
    names = [f"{text.partition(':')[0]}: {MASK}" for text in _texts(subscription)]
    return {**subscription, "channel": {**subscription["channel"], "header": names}}


def faults(subscription: JSONObject, guard: Guard) -> Sequence[Finding]:
    """All that keeps it from being active; nothing quotes a value."""
    found = [*_criteria(subscription), *_channel(subscription["channel"], guard), *_headers(subscription)]
    return [
        Finding("error", "not-supported", "subscription", f"{TYPE}.{path}", f"{path} {text}.") for path, text in found
    ]


def _criteria(subscription: JSONObject) -> Iterator[tuple[str, str]]:
    try:
        criteria(subscription["criteria"])
    except InvalidSearch as error:
        yield "criteria", f"is no search that is served: {error}"


def _channel(channel: JSONObject, guard: Guard) -> Iterator[tuple[str, str]]:
    if channel.get("type") != "rest-hook":
        yield "channel.type", "must be rest-hook"
    if "endpoint" not in channel:
        yield "channel.endpoint", "must be there for a rest-hook"
    for problem in url_problems(channel.get("endpoint", "https://example.org"), guard):
        yield "channel.endpoint", problem
    if channel.get("payload", PAYLOADS[0]) not in PAYLOADS:
        yield "channel.payload", f"must be left out, or {PAYLOADS[0]}"


def _headers(subscription: JSONObject) -> Iterator[tuple[str, str]]:
    texts = _texts(subscription)
    if len(texts) > MOST_HEADERS or sum(map(len, texts)) > LONGEST_HEADERS:
        yield "channel.header", f"may have {MOST_HEADERS} headers of {LONGEST_HEADERS} characters together"
    if len(headers_of(subscription)) < len(texts):
        yield "channel.header", "must hold headers of printable ASCII as Name: value"
    if any(each.name.lower() in _OWN_HEADERS for each in headers_of(subscription)):
        yield "channel.header", f"must name none of {', '.join(sorted(_OWN_HEADERS))}"


def _texts(subscription: JSONObject) -> Sequence[str]:
    channel = subscription.get("channel")
    found = channel.get("header", ()) if isinstance(channel, dict) else ()
    return [str(each) for each in found] if isinstance(found, list) else []
