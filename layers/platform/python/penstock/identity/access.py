"""Who is asking, from a request's headers: an API key or a JWT."""

from collections.abc import Mapping
from dataclasses import dataclass

from penstock.identity.keys import Keys
from penstock.identity.model import Principal, Unauthenticated
from penstock.identity.tokens import Tokens


@dataclass(frozen=True)
class Access:
    """Authenticates requests. `tokens` is None where no identity provider is set up."""

    keys: Keys
    tokens: Tokens | None

    def authenticate(self, headers: Mapping[str, str]) -> Principal:
        """The principal of `X-API-Key`, or of `Authorization: Bearer`. Header names in lower case.

        Raises Unauthenticated.
        """
        if key := headers.get("x-api-key"):
            return self.keys.authenticate(key)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token and self.tokens:
            return self.tokens.authenticate(token)
        raise Unauthenticated("give an API key in X-API-Key, or a bearer token")
