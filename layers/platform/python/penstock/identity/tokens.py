"""JWTs (RFC 7519) of the tenant's identity provider: RS256 or ES256, with issuer, audience and expiry checked.

Claims: `sub` is the actor, `tenant` the tenant, `scope` the scopes with blanks between (RFC 8693, section 4.2),
`penstock_roles` a list of roles, or one text with blanks between.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from penstock.events import InvalidStreamId, StreamId
from penstock.identity.model import Principal, Scope, Unauthenticated

ALGORITHMS = ("RS256", "ES256")
_REFUSED = "the token does not hold"


@dataclass(frozen=True)
class Tokens:
    """Checks tokens of one issuer. `signing_key` finds the public key that a token names."""

    issuer: str
    audience: str
    signing_key: Callable[[str], Any]

    def authenticate(self, text: str) -> Principal:
        """Whose token it is. Raises Unauthenticated."""
        import jwt

        try:
            claims = jwt.decode(
                text,
                self.signing_key(text),
                algorithms=ALGORITHMS,
                issuer=self.issuer,
                audience=self.audience,
                options={"require": ["exp", "iss", "aud", "sub", "tenant"]},
            )
            StreamId(str(claims["tenant"]), "tenant", "name")
        except (jwt.PyJWTError, InvalidStreamId):
            raise Unauthenticated(_REFUSED) from None
        known = {scope.value for scope in Scope}
        scopes = frozenset(Scope(scope) for scope in str(claims.get("scope", "")).split() if scope in known)
        return Principal(claims["tenant"], f"user:{claims['sub']}", scopes, _roles(claims.get("penstock_roles")))


def _roles(claim: Any) -> frozenset[str]:
    """The roles. A claim that is there and names none binds all the same: its role is one that nobody knows."""
    if claim is None:
        return frozenset()
    found = claim.split() if isinstance(claim, str) else claim
    return frozenset(map(str, found)) if isinstance(found, list) and found else frozenset({"(none)"})
