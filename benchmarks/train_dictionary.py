"""Trains the dictionary that commits are compressed with, and says what it is worth.

    python -m benchmarks.train_dictionary            measure what is shipped (as `stored_size` does)
    python -m benchmarks.train_dictionary --write    train the next one: dictionaries/<number>.zdict

Trained on synthetic histories as they are stored, the sealed parts among them, and measured on others of another seed.

A dictionary is never changed or removed once events are stored with it; `--write` adds a file. Its id is 32768 and
its number: RFC 8878, section 5, leaves the ids from 32768 to 2³¹-1 to private use.
"""

import argparse
from importlib import resources
from pathlib import Path

import penstock.events
from benchmarks.stored_size import report, train, training
from penstock.events.codec import newest_dictionary

FIRST_ID = 32768


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
    found, dictionary = training(), newest_dictionary()
    if write:
        file, dictionary_id = next_file()
        dictionary = train(found.values(), dictionary_id)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(dictionary.as_bytes())
        print(f"{file.name}: id {dictionary_id}, {len(dictionary)} bytes")
    report(dictionary, found)


if __name__ == "__main__":
    main()
