"""What events take in the store, against one JSON item an event: generated executions, and what else is stored.

    python -m benchmarks.stored_size

Commits as they are deployed: packed, compressed, what is personal sealed apart, with the id of its key. The items
beside them are neither compressed nor sealed. Both without what DynamoDB adds to each item, which packing saves too.

*Held out* is with a dictionary that has never seen the domain: what a customer's own data, unlike ours, can expect.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import zstandard

from benchmarks.synthetic import DOMAINS, EXECUTIONS, histories
from penstock.clock import iso
from penstock.events import Commit, Event, Position
from penstock.events.codec import Codec, PackedCommit, dictionaries, newest_dictionary
from penstock.events.keyring import DataKey, MemoryKeyring
from penstock.events.model import record
from penstock.events.sealing import unseal
from penstock.events.store import START
from penstock.json import dumps

SIZE = 64 * 1024
LEVEL = 3
TRAINING, MEASURING = (1500, 5), (300, 99)  # streams of a domain, seed

Dictionary = zstandard.ZstdCompressionDict


@dataclass(frozen=True)
class Sample:
    """A commit: the JSON texts that are compressed, and the bytes that sealing adds; how many events, and their bytes
    as one JSON item each."""

    texts: tuple[bytes, ...]
    sealing: int
    events: int
    items: int


def samples(domain: str, count: int, seed: int) -> list[Sample]:
    """The commits of `count` streams."""
    keyring = MemoryKeyring()
    codec = Codec(keyring=keyring)
    found = []
    for history in histories(count, seed, [domain]):
        position = START
        for drafts in history.commits:
            events = record(history.stream, position, drafts, history.origin)
            position = Position(position.commit + 1, events[-1].version)
            packed = codec.pack(Commit(history.stream, position.commit, "c", events))
            found.append(_sample(packed, keyring, events))
    return found


def _sample(packed: PackedCommit, keyring: MemoryKeyring, events: Sequence[Event]) -> Sample:
    blobs = [packed.blob]
    if packed.sealed:
        key = DataKey(packed.key, keyring.open_key(packed.stream.tenant, packed.key) or b"")
        blobs.append(unseal(key, packed.stream, packed.number, packed.sealed))
    sealing = len(packed.sealed) - sum(map(len, blobs[1:])) + len(packed.key)
    return Sample(tuple(map(_text, blobs)), sealing, len(events), sum(map(item_bytes, events)))


def _text(blob: bytes) -> bytes:
    dictionary = zstandard.get_frame_parameters(blob).dict_id
    return zstandard.ZstdDecompressor(dict_data=dictionaries().get(dictionary)).decompress(blob)


def item_bytes(event: Event) -> int:
    """The event as most event stores on DynamoDB keep it: one JSON item an event."""
    origin = event.origin
    return len(
        dumps(
            {
                "pk": str(event.stream),
                "version": event.version,
                "type": event.type,
                "schema": event.schema,
                "time": iso(event.time),
                "actor": origin.actor,
                "correlation": origin.correlation,
                "causation": origin.causation,
                "data": event.data,
            }
        )
    )


def train(found: Iterable[Sequence[Sample]], dictionary_id: int) -> Dictionary:
    """A dictionary of SIZE bytes."""
    texts: list[bytes | bytearray | memoryview] = [text for part in found for each in part for text in each.texts]
    return zstandard.train_dictionary(SIZE, texts, dict_id=dictionary_id)


def stored_bytes(found: Sequence[Sample], dictionary: Dictionary | None) -> int:
    """What the commits take."""
    compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=dictionary)
    return sum(each.sealing + sum(len(compressor.compress(text)) for text in each.texts) for each in found)


def training() -> Mapping[str, Sequence[Sample]]:
    """What dictionaries are trained on, by domain; other commits than are measured."""
    return {domain: samples(domain, *TRAINING) for domain in DOMAINS}


def report(dictionary: Dictionary | None, trained_on: Mapping[str, Sequence[Sample]]) -> None:
    """Print the table: bytes an event, and how many times smaller than one JSON item an event."""
    print("| bytes an event | events a commit | one item | stored | smaller | no dictionary | held out |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    measured = {domain: samples(domain, *MEASURING) for domain in DOMAINS}
    for domain in DOMAINS:
        others = train([part for name, part in trained_on.items() if name != domain], 0)
        print(row(domain, measured[domain], dictionary, None, others))
    print(row("all executions", [each for domain in EXECUTIONS for each in measured[domain]], dictionary, None))


def row(name: str, measured: Sequence[Sample], stored: Dictionary | None, *others: Dictionary | None) -> str:
    """A line of the table."""
    events, items = sum(each.events for each in measured), sum(each.items for each in measured)
    sizes = [stored_bytes(measured, each) for each in (stored, *others)]
    times = " | ".join(f"{items / size:.1f} ×" for size in sizes)
    return (
        f"| {name} | {events / len(measured):.1f} | {items / events:,.0f} | {sizes[0] / events:,.0f} | {times}"
        f"{' |' * (3 - len(sizes))} |"
    )


def main() -> None:
    """Print the table."""
    report(newest_dictionary(), training())


if __name__ == "__main__":
    main()
