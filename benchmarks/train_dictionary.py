"""Trains the dictionary that commits are compressed with, and says what it is worth.

    python -m benchmarks.train_dictionary            measure what is shipped
    python -m benchmarks.train_dictionary --write    train the next one: dictionaries/<number>.zdict

Trained on synthetic histories, measured on others of another seed. *Held out* is a dictionary that has never seen
the domain it is measured on: what a customer's own data, unlike ours, can expect.

A dictionary is never changed or removed once events are stored with it; `--write` adds a file. Its id is 32768 and
its number: RFC 8878, section 5, leaves the ids from 32768 to 2³¹-1 to private use.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import zstandard

import penstock.events
from benchmarks.synthetic import DOMAINS, histories
from penstock.clock import iso
from penstock.events import Commit, Event, Position
from penstock.events.codec import Codec, newest_dictionary
from penstock.events.model import record
from penstock.events.store import START
from penstock.json import dumps

SIZE = 32 * 1024
FIRST_ID = 32768
LEVEL = 3
TRAINING, MEASURING = (1500, 5), (300, 99)  # streams of a domain, seed

Dictionary = zstandard.ZstdCompressionDict


@dataclass(frozen=True)
class Sample:
    """A commit: the JSON that is compressed, how many events, and their bytes as one JSON item each."""

    text: bytes
    events: int
    items: int


def samples(domain: str, count: int, seed: int) -> list[Sample]:
    """The commits of `count` streams."""
    codec = Codec()
    plain = zstandard.ZstdDecompressor(dict_data=newest_dictionary())
    found = []
    for history in histories(count, seed, [domain]):
        position = START
        for drafts in history.commits:
            events = record(history.stream, position, drafts, history.origin)
            position = Position(position.commit + 1, events[-1].version)
            packed = codec.pack(Commit(history.stream, position.commit, "c", events))
            found.append(Sample(plain.decompress(packed.blob), len(events), sum(map(item_bytes, events))))
    return found


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
    return zstandard.train_dictionary(SIZE, [each.text for part in found for each in part], dict_id=dictionary_id)


def stored_bytes(found: Sequence[Sample], dictionary: Dictionary | None) -> int:
    """What the commits take."""
    compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=dictionary)
    return sum(len(compressor.compress(each.text)) for each in found)


def report(dictionary: Dictionary | None, training: Mapping[str, Sequence[Sample]]) -> None:
    """Bytes an event, and how many times smaller than one JSON item an event."""
    print(f"{'bytes an event':12}  one item   no dictionary      dictionary        held out")
    for domain in DOMAINS:
        measured = samples(domain, *MEASURING)
        others = [part for name, part in training.items() if name != domain]
        events, items = sum(each.events for each in measured), sum(each.items for each in measured)
        sizes = [stored_bytes(measured, each) for each in (None, dictionary, train(others, 0))]
        columns = "".join(f"{size / events:9.0f} ({items / size:4.1f}×)" for size in sizes)
        print(f"{domain:14}{items / events:10.0f}{columns}")


def next_file() -> tuple[Path, int]:
    """Where the next dictionary goes, and its id."""
    folder = Path(str(resources.files(penstock.events))) / "dictionaries"
    number = max((int(file.stem) for file in folder.glob("*.zdict")), default=0) + 1
    return folder / f"{number:04}.zdict", FIRST_ID + number


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="train and keep the next dictionary")
    write = parser.parse_args().write
    training = {domain: samples(domain, *TRAINING) for domain in DOMAINS}
    dictionary = newest_dictionary()
    if write:
        file, dictionary_id = next_file()
        dictionary = train(training.values(), dictionary_id)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(dictionary.as_bytes())
        print(f"{file.name}: id {dictionary_id}, {len(dictionary)} bytes")
    report(dictionary, training)


if __name__ == "__main__":
    main()
