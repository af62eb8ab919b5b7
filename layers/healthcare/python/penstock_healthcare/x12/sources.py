"""The interchange in a workflow's item."""

import base64

from penstock.json import JSONObject
from penstock_healthcare.x12.errors import NotX12
from penstock_healthcare.x12.interchange import Interchange
from penstock_healthcare.x12.parsing import parse

LARGEST_TEXT = 6_000_000
FIELDS = ("x12", "raw", "body")
"""Where an item holds an interchange: its text, or base64 of its bytes. `body` is what core.http.request puts."""


def interchange_in(item: JSONObject, given: str | None = None) -> Interchange:
    """The interchange that is given, else the item's. Raises Unparseable, which never quotes it."""
    text = given if given is not None else next((item[name] for name in FIELDS if item.get(name)), None)
    if not isinstance(text, str) or not text:
        raise NotX12(f"the item has no text in {' or '.join(map(repr, FIELDS))}")
    return parse(text if _is_plain(text) else _decoded(text))


def _is_plain(text: str) -> bool:
    """Whether it is the text itself: ISA and a separator, which base64 does not have there."""
    head = text.lstrip("\ufeff \t\r\n")[:4]
    return head[:3] == "ISA" and not head[3:].isalnum()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise NotX12("neither base64 nor the text of an X12 interchange") from None
