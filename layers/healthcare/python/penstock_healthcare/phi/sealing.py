"""Single fields, sealed for one tenant and purpose with the platform's own keyring.

A sealed field is text: `sealed:1:<key>:<base64url of nonce and AES-256-GCM's ciphertext>`. Tenant, purpose and key are
bound to it: it opens for no other. Its key is one of the tenant's data keys, which lie under the tenant's secret, which
KMS opens for that tenant only; ending the purpose's keys shreds every field that was sealed for it.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass

from penstock.events.errors import UnknownKey
from penstock.events.keyring import Keyring
from penstock.events.model import StreamId
from penstock.events.sealing import cipher
from penstock.json import canonical
from penstock_healthcare.phi.errors import NotOpened

PREFIX = "sealed:1:"
LARGEST_FIELD = 100_000
_NONCE = 12


@dataclass(frozen=True)
class FieldSeal:
    """Seals and opens fields. `random` makes that many bytes. Raises what the keyring raises."""

    keyring: Keyring
    random: Callable[[int], bytes] = os.urandom

    def seal(self, tenant: str, purpose: str, text: str) -> str:
        """The text as only this tenant and purpose read it; another one each time. Sealed text stays as it is.

        Raises ValueError for text over 100,000 characters.
        """
        if text.startswith(PREFIX):
            return text
        if len(text) > LARGEST_FIELD:
            raise ValueError(f"a field has at most {LARGEST_FIELD} characters")
        key = self.keyring.seal_key(tenant, _correlation(purpose), StreamId(tenant, "phi_field", purpose))
        nonce = self.random(_NONCE)
        sealed = nonce + cipher(key.secret).encrypt(nonce, text.encode(), _context(tenant, purpose, key.id))
        return f"{PREFIX}{key.id}:{urlsafe_b64encode(sealed).decode()}"

    def open(self, tenant: str, purpose: str, sealed: str) -> str:
        """The inverse of `seal`. Raises NotOpened."""
        from cryptography.exceptions import InvalidTag

        key, _, coded = sealed.removeprefix(PREFIX).partition(":")
        try:
            secret = self.keyring.open_key(tenant, key) if sealed.startswith(PREFIX) else None
            if secret is None:
                raise NotOpened("the field is not sealed, or its key was ended")
            blob = urlsafe_b64decode(coded)
            return cipher(secret).decrypt(blob[:_NONCE], blob[_NONCE:], _context(tenant, purpose, key)).decode()
        except (InvalidTag, ValueError, UnknownKey):
            raise NotOpened("the field was sealed for another tenant or purpose, or was changed since") from None


def _correlation(purpose: str) -> str:
    return f"phi field {purpose}"


def _context(tenant: str, purpose: str, key: str) -> bytes:
    """What a field is bound to: the encryption context."""
    return canonical({"key": key, "purpose": purpose, "tenant": tenant})
