"""Secrets sealed by a KMS key. What one is about is its encryption context: it opens for nothing else, and CloudTrail
tells who opened what.
"""

import base64
from collections import OrderedDict
from typing import Any

from penstock.aws.errors import Refused, translated
from penstock.events.model import StreamId
from penstock.routing.errors import BrokenSeal

REMEMBERED = 1_000
_BROKEN = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


class KmsSeal:
    """A Seal in KMS. What was opened stays open in this process: signing costs a call once. Also raises AwsError."""

    def __init__(self, client: Any, key: str) -> None:
        self._client, self._key = client, key
        self._opened: OrderedDict[tuple[StreamId, str], str] = OrderedDict()

    def seal(self, secret: str, about: StreamId) -> str:
        """See Seal.seal."""
        with translated():
            answer = self._client.encrypt(
                KeyId=self._key, Plaintext=secret.encode(), EncryptionContext={"stream": str(about)}
            )
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    def open(self, sealed: str, about: StreamId) -> str:
        """See Seal.open."""
        known = self._opened.get((about, sealed))
        if known is None:
            known = self._opened[about, sealed] = self._decrypt(sealed, about)
            if len(self._opened) > REMEMBERED:
                self._opened.popitem(last=False)
        return known

    def _decrypt(self, sealed: str, about: StreamId) -> str:
        try:
            with translated():
                answer = self._client.decrypt(
                    KeyId=self._key,
                    CiphertextBlob=base64.b64decode(sealed),
                    EncryptionContext={"stream": str(about)},
                )
        except Refused as refusal:
            if refusal.code in _BROKEN:
                raise BrokenSeal(str(about)) from refusal
            raise
        except ValueError as error:
            raise BrokenSeal(str(about)) from error
        text: str = answer["Plaintext"].decode()
        return text
