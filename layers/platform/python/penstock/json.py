"""JSON as the platform means it: the value type, and the one encoder.

Numbers are IEEE doubles or integers, as in RFC 8259. What needs exact decimals (money, FHIR decimals)
travels as text.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import orjson

JSON: TypeAlias = Any
JSONObject: TypeAlias = dict[str, Any]
Items: TypeAlias = list[JSONObject]
Ports: TypeAlias = Mapping[str, Sequence[JSONObject]]


def dumps(value: JSON) -> bytes:
    """Compact UTF-8 JSON; datetimes become RFC 3339 in UTC. Raises TypeError on what JSON cannot hold."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC)


def canonical(value: JSON) -> bytes:
    """As `dumps`, with sorted keys: equal values give equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_SORT_KEYS)


def loads(text: bytes | str) -> JSON:
    """Parse JSON text. Raises ValueError when it is not JSON."""
    return orjson.loads(text)
