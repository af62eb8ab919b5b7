"""The personal part of a commit: taken out of its columns, and put back.

What stays in the columns is the *skeleton*: the same events with blanks in their personal fields. What is taken out is
a list of columns by their place, so that putting it back needs no knowledge of types:

    [group, column, [value of each row]]        a personal field
    [group, null, [keys, rows]]                 all data of the group's events

Sealed, it is a nonce of 12 bytes and AES-256-GCM's ciphertext with its tag, bound to stream, commit and key.
"""

import os
from typing import TYPE_CHECKING, Any

from penstock.events.keyring import DataKey
from penstock.events.model import StreamId
from penstock.events.personal import blanks

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Columns = dict[str, Any]
_NONCE = 12


def taken_out(kind: str, columns: Columns) -> list[Any]:
    """Blanks the personal fields of the columns, in place; returns what stood there, empty when nothing did."""
    taken: list[Any] = []
    for place, group in enumerate(columns["groups"]):
        event_type, _, keys, rows = group
        fields = blanks(kind, event_type)
        if fields is None:
            if keys:
                taken.append([place, None, [keys, rows]])
                group[2], group[3] = (), [()] * len(rows)
            continue
        for column, key in enumerate(keys):
            if key in fields:
                values, blank = [row[column] for row in rows], fields[key]
                blanked = [blank(value) for value in values]
                if blanked != values:
                    taken.append([place, column, values])
                    for row, value in zip(rows, blanked, strict=True):
                        row[column] = value
    return taken


def put_back(columns: Columns, taken: list[Any]) -> None:
    """The inverse of `taken_out`, in place."""
    for place, column, values in taken:
        group = columns["groups"][place]
        if column is None:
            group[2], group[3] = values
            continue
        for row, value in zip(group[3], values, strict=True):
            row[column] = value


def seal(key: DataKey, stream: StreamId, number: int, text: bytes) -> bytes:
    """The text as only the key's holder reads it."""
    nonce = os.urandom(_NONCE)
    return nonce + cipher(key.secret).encrypt(nonce, text, _bound(stream, number, key.id))


def unseal(key: DataKey, stream: StreamId, number: int, sealed: bytes) -> bytes:
    """The inverse of `seal`. Raises ValueError when it was sealed otherwise, or changed since."""
    from cryptography.exceptions import InvalidTag

    try:
        return cipher(key.secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(stream, number, key.id))
    except (InvalidTag, ValueError):
        raise ValueError(f"stream {stream}: what commit {number} has sealed is not what was sealed there") from None


def cipher(secret: bytes) -> "AESGCM":
    """AES-256-GCM with the secret. The library takes 30 ms to import, which a process that seals nothing need not."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(secret)


def _bound(stream: StreamId, number: int, key: str) -> bytes:
    return f"{stream} {number} {key}".encode()
