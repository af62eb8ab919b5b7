"""An AWS HealthLake data store on 127.0.0.1: it checks signatures by the standard, and behaves as its pages say."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import UUID

from botocore.credentials import Credentials

from penstock.aws.signing import SigV4
from tests.unit.healthcare.fhir.client.ehr import BASE, Ehr, fhir, outcome
from tests.unit.platform.nodes.http_server import Answer, Asked, serving

REGION = "eu-west-2"
KEY_ID, SECRET, SESSION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session-token-4711"
HOME = "/datastore/0123456789abcdef0123456789abcdef/r4"
MOST_RESOURCES = 160
_MINUTES = 5
_FORM = re.compile(r"AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})")


def signer(secret: str = SECRET) -> SigV4:
    return SigV4(lambda: Credentials(KEY_ID, secret, SESSION))


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(asked: Asked, scope: str, signed: str) -> str:
    """As AWS's "Create a signed AWS API request" has it, for a path without characters that need encoding."""
    parts = urlsplit(asked.target)
    pairs = sorted((quote(n, safe="-_.~"), quote(v, safe="-_.~")) for n, v in parse_qsl(parts.query, True))
    headers = "".join(f"{name}:{' '.join(asked.headers[name].split())}\n" for name in signed.split(";"))
    canonical = "\n".join(
        [
            asked.method,
            parts.path,
            "&".join(f"{name}={value}" for name, value in pairs),
            headers,
            signed,
            hashlib.sha256(asked.body).hexdigest(),
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return _hmac(key, f"AWS4-HMAC-SHA256\n{asked.headers['x-amz-date']}\n{scope}\n{digest}").hex()


def problem(asked: Asked) -> str | None:
    """What keeps a request out."""
    found = _FORM.fullmatch(asked.headers.get("authorization", ""))
    if not found:
        return "MissingAuthenticationTokenException"
    credential, signed, given = found.groups()
    key_id, _, scope = credential.partition("/")
    date = asked.headers["x-amz-date"]
    at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if scope != f"{date[:8]}/{REGION}/healthlake/aws4_request" or key_id != KEY_ID:
        return "IncompleteSignatureException"
    if abs((datetime.now(UTC) - at).total_seconds()) > _MINUTES * 60:
        return "RequestExpired"
    if not {"host", "x-amz-date"} <= {*signed.split(";")} or asked.headers.get("x-amz-security-token") != SESSION:
        return "UnrecognizedClientException"
    return None if hmac.compare_digest(signature(asked, scope, signed), given) else "InvalidSignatureException"


@dataclass
class HealthLake(Ehr):
    """A data store. `made` are creates by their idempotency key; `refused` says whom it kept out, and why."""

    conditional_create: bool = False
    page_size: int = 100
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        return self.server.url + HOME

    def answer(self, asked: Asked) -> Answer:
        path = urlsplit(asked.target).path
        if reason := problem(asked):
            self.refused.append(reason)
            told = {"__type": reason, "message": f"the signature does not match {asked.headers.get('authorization')}"}
            return Answer(403, json.dumps(told).encode(), {"Content-Type": "application/x-amz-json-1.0"})
        if not path.startswith(f"{HOME}/") or (asked.method == "POST" and path == HOME):
            return Answer(404, b'{"message": "no such resource"}')
        key = asked.headers.get("x-amz-fhir-idempotency-key")
        if key and asked.method == "POST" and str(UUID(key)) in self.made:
            return fhir(409, self.made[key])
        target = re.sub(r"(?<=[?&])page=", "_page=", asked.target.replace(HOME, BASE, 1))
        done = super().answer(replace(asked, target=target))
        if key and done.status == 201:
            self.made[key] = json.loads(done.body)
        return done

    def _transaction(self, bundle: dict[str, Any]) -> Answer:
        if len(bundle["entry"]) > MOST_RESOURCES:
            return outcome(400, "too-costly", "too many resources")
        return super()._transaction(bundle)


@contextmanager
def running() -> Iterator[HealthLake]:
    with serving() as server:
        lake = HealthLake(server, link=lambda url: url.replace("_page=", "page="))
        server.answer = lake.answer
        yield lake
