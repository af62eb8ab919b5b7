"""AWS Signature Version 4 for requests over HTTP: signed by the role of the function that sends them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, quote

import boto3
import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError

from penstock.http.exchange import Request
from penstock.http.signing import NotSigned

# At DEBUG it writes down what it signs: queries, which name patients, the session's token, and the signature.
logging.getLogger("botocore.auth").setLevel(logging.INFO)

_UNSIGNED = frozenset({"accept", "accept-encoding", "connection", "user-agent"})
"""Headers that proxies on the way change."""


@dataclass(frozen=True)
class SigV4:
    """`credentials` are botocore's, asked for each time: they expire."""

    credentials: Callable[[], Any]

    def sign(self, request: Request, service: str, region: str, /) -> Request:
        """See Signer.sign. The query is written as the signature has it, so that both sides read the same."""
        url, body = _written(request), request.body or b""
        kept = {name: value for name, value in request.headers.items() if name.lower() not in _UNSIGNED}
        headers = {**kept, "X-Amz-Content-SHA256": sha256(body).hexdigest()}
        signed = AWSRequest(request.method, url, headers, body)
        SigV4Auth(self._frozen(), service, region).add_auth(signed)
        return Request(request.method, url, {**request.headers, **dict(signed.headers)}, body=request.body)

    def _frozen(self) -> Any:
        """Key, secret and token that belong together. Raises NotSigned."""
        try:
            found = self.credentials()
            frozen = found.get_frozen_credentials() if found else None
        except BotoCoreError as failed:
            raise NotSigned(f"the credentials of this function cannot be had ({type(failed).__name__})") from None
        if frozen is None:
            raise NotSigned("this function has no credentials")
        return frozen


def own_role() -> SigV4:
    """Signs as this function."""
    return SigV4(boto3.Session().get_credentials)


def _written(request: Request) -> str:
    """The whole URL, its query in RFC 3986's strict form: a space is %20, and of the reserved nothing stays."""
    url = httpx.URL(request.url)
    if request.query:
        url = url.copy_merge_params(dict(request.query))
    pairs = parse_qsl(url.query.decode("ascii"), keep_blank_values=True)
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    return str(url.copy_with(query=query.encode("ascii") if query else None, fragment=None))
