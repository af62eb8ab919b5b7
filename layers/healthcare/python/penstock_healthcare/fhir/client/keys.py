"""Key pairs of a backend service (SMART App Launch 2.2, "Client Authentication: Asymmetric").

A key's id is its thumbprint (RFC 7638), so that it says nothing and is never given twice.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from penstock.json import JSONObject, canonical, loads

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

Algorithm = Literal["RS384", "ES384"]
SMALLEST_RSA, LARGEST_RSA = 2_048, 8_192
ASSERTION_SECONDS = 300
"""The longest that SMART lets an assertion hold; ours hold for half of it."""
_MEMBERS: Mapping[str, tuple[str, ...]] = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}
_Private: TypeAlias = "RSAPrivateKey | EllipticCurvePrivateKey"


class UnusableKey(Exception):
    """It is no private key that SMART takes."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key as PEM (PKCS 8, not encrypted), how it signs, and the id of its public half."""

    id: str
    algorithm: Algorithm
    pem: str = field(repr=False)

    def sign(self, claims: JSONObject) -> str:
        """The claims as a JWT that names the key."""
        import jwt

        return jwt.encode(claims, self.pem, algorithm=self.algorithm, headers={"kid": self.id})


def new_key(algorithm: Algorithm) -> SigningKey:
    """A key pair that nobody had before."""
    return _of(_MAKE[algorithm](), algorithm)


def given_key(pem: str) -> SigningKey:
    """The key of a PEM text. Raises UnusableKey, which does not quote it."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise UnusableKey("must be a private key as PEM that is not encrypted") from None
    if isinstance(found, rsa.RSAPrivateKey) and SMALLEST_RSA <= found.key_size <= LARGEST_RSA:
        return _of(found, "RS384")
    if isinstance(found, ec.EllipticCurvePrivateKey) and found.curve.name == "secp384r1":
        return _of(found, "ES384")
    raise UnusableKey(f"must be RSA of {SMALLEST_RSA} to {LARGEST_RSA} bits, or EC on the curve P-384")


def public_jwk(key: SigningKey) -> JSONObject:
    """The public half as a JWK (RFC 7517) that says what it is for."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    private: Any = load_pem_private_key(key.pem.encode(), password=None)
    return {
        **_members(private, key.algorithm),
        "kid": key.id,
        "alg": key.algorithm,
        "use": "sig",
        "key_ops": ["verify"],
    }


def assertion(key: SigningKey, client_id: str, audience: str, now: int, unique: str) -> str:
    """What proves to a token endpoint, the audience, that the client has the key; `now` is in seconds of Unix time."""
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "jti": unique, "iat": now}
    return key.sign({**claims, "exp": now + ASSERTION_SECONDS // 2})


def _of(private: _Private, algorithm: Algorithm) -> SigningKey:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    digest = sha256(canonical(_members(private, algorithm))).digest()
    return SigningKey(urlsafe_b64encode(digest).decode().rstrip("="), algorithm, pem)


def _members(private: _Private, algorithm: Algorithm) -> JSONObject:
    """What makes up the public key, and nothing else."""
    from jwt.algorithms import ECAlgorithm, RSAAlgorithm

    public: Any = private.public_key()
    jwk: JSONObject = loads((RSAAlgorithm if algorithm == "RS384" else ECAlgorithm).to_jwk(public))
    return {name: jwk[name] for name in _MEMBERS[jwk["kty"]]}


def _new_rsa() -> _Private:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65_537, key_size=3_072)


def _new_ec() -> _Private:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP384R1())


_MAKE: Mapping[Algorithm, Callable[[], _Private]] = {"RS384": _new_rsa, "ES384": _new_ec}
