"""What AWS bills for requests: units by their sizes, and list prices.

Sizes are DynamoDB's own: the bytes of names and values of an item (Developer Guide, "Item sizes and formats").
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

LISTED = "us-east-1, list prices of 2025, without free tiers, discounts and taxes"
GB = 1024**3
_WRITE, _READ, _CHUNK = 1_024, 4_096, 64 * 1_024
_NUMBER_DIGITS_A_BYTE = 2


@dataclass(frozen=True)
class Price:
    """USD for so many units."""

    name: str
    usd: float
    units: float


PRICES: Mapping[str, Price] = {
    "api": Price("API Gateway requests (REST)", 3.50, 1e6),
    "invocations": Price("Lambda requests", 0.20, 1e6),
    "gb_s": Price("Lambda GB-s (arm64)", 13.3334, 1e6),
    "events_writes": Price("DynamoDB write units: events", 0.625, 1e6),
    "views_writes": Price("DynamoDB write units: views, checkpoints, feed, keys", 0.625, 1e6),
    "index_writes": Price("DynamoDB write units: the views' index", 0.625, 1e6),
    "reads": Price("DynamoDB read units", 0.125, 1e6),
    "sqs": Price("SQS requests", 0.40, 1e6),
    "sqs_fifo": Price("SQS requests, FIFO", 0.50, 1e6),
    "bus": Price("EventBridge events", 1.00, 1e6),
    "bus_gb": Price("EventBridge archive, GB", 0.10, 1),
    "s3_put": Price("S3 PUT requests", 5.00, 1e6),
    "s3_get": Price("S3 GET requests", 0.40, 1e6),
    "kms": Price("KMS requests", 3.00, 1e6),
}
Units = defaultdict[str, float]
"""Units by the names of PRICES."""


def cost(units: Mapping[str, float]) -> dict[str, float]:
    """USD by the names of PRICES."""
    return {name: units.get(name, 0) * price.usd / price.units for name, price in PRICES.items()}


def item_size(item: Mapping[str, Any]) -> int:
    """The bytes of an item as DynamoDB's low-level API has it."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: Mapping[str, Any]) -> int:
    """The bytes of one attribute's value."""
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "B":
            return len(held)
        case "N":
            return ceil(len(held.strip("-0.")) / _NUMBER_DIGITS_A_BYTE) + 1
        case "L":
            return 3 + sum(1 + value_size(each) for each in held)
        case "M":
            return 3 + sum(1 + len(name.encode()) + value_size(each) for name, each in held.items())
        case "SS" | "NS" | "BS":
            return sum(value_size({kind[0]: each}) for each in held)
        case _:
            return 1


def write_units(size: int) -> int:
    """What writing an item costs; a delete, or a condition that did not hold, by the item that it met."""
    return max(1, ceil(size / _WRITE))


def read_units(sizes: Iterable[int], *, is_consistent: bool) -> float:
    """What one read costs, of what it went over together; nothing found costs as much as the smallest item."""
    units = max(1, ceil(sum(sizes) / _READ))
    return float(units) if is_consistent else units / 2


def chunks(size: int) -> int:
    """How many requests or events SQS and EventBridge count for a payload."""
    return max(1, ceil(size / _CHUNK))
