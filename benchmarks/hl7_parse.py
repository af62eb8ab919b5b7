"""How many HL7 v2 messages a second are parsed and read, beside python-hl7 and hl7apy in the same run.

    python -m benchmarks.hl7_parse [--runs 5]

One unit is one message: parse it and read ten values of MSH and PID as text (hl7apy validated: of MSH, it hides PID in
groups). Each peer is timed on the messages that it can read, and Penstock on the same ones beside it; how many those
are is counted, and so is whether the same bytes come out again. Peers get text with CR line ends, made before the
clock starts; Penstock gets the bytes as they lie on disk.
"""

import argparse
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import RUNS, Figure, machine, rate
from penstock_healthcare.hl7 import check, parse, parse_path

ROOT = Path(__file__).parent.parent
SETS = {
    "our samples": ROOT / "events" / "messages",
    "public corpus": ROOT.parent / "shared" / "corpora" / "hl7v2" / "messages",
}
PATHS = (
    "MSH-3.1",
    "MSH-7.1",
    "MSH-9.1",
    "MSH-9.2",
    "MSH-10.1",
    "MSH-12.1",
    "PID-3.1",
    "PID-5.1",
    "PID-5.2",
    "PID-7.1",
)
PLACES = tuple((path.segment, path.field, path.component) for path in map(parse_path, PATHS))
SECONDS_A_RUN = 0.5

Reader = Callable[[Any], Sequence[str]]


@dataclass(frozen=True)
class Library:
    """How it reads a message and writes it again; ``text`` says whether it wants text with CR line ends."""

    name: str
    read: Reader
    again: Callable[[Any], bytes]
    text: bool = True


def main() -> None:
    """Print one table a set of messages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=RUNS)
    runs = parser.parse_args().runs
    for title, folder in SETS.items():
        raws = [path.read_bytes() for path in sorted(folder.glob("*.hl7")) if "malformed" not in path.name]
        if not raws:
            print(f"{title}: no messages at {folder}, skipped\n")
            continue
        print(f"{title}: {len(raws)} messages, {sum(map(len, raws)) // len(raws)} bytes on average")
        print(table(raws, runs))
    print(machine())


def table(raws: list[bytes], runs: int) -> str:
    """Markdown; below each figure of Penstock its peers', and how many times faster it is on the same messages."""
    lines = [
        "| parse and read ten values | messages/s | range | Penstock on the same | is | can read | same bytes again |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    ours: Library | None = None
    for library in libraries():
        inputs = [_text(raw) if library.text else raw for raw in raws]
        readable = [_reads(library, content) for content in inputs]
        figure = _rate(library, [content for content, can in zip(inputs, readable, strict=True) if can], runs)
        same = sum(_comes_back(library, content, raw) for content, raw in zip(inputs, raws, strict=True))
        if library.text and ours:
            beside = _rate(ours, [raw for raw, can in zip(raws, readable, strict=True) if can], runs)
            figure = figure.beside(ours.name, beside.median)
        else:
            ours = library
        lines.append(_row(figure, sum(readable), same, len(raws)))
    return "\n".join(lines) + "\n"


def _rate(library: Library, contents: Sequence[Any], runs: int) -> Figure:
    return rate(library.name, _passes(library.read, contents), runs)


def _row(figure: Figure, readable: int, same: int, total: int) -> str:
    times = f"{figure.peer_median / figure.median:.0f} ×" if figure.peer else ""
    beside = f"{figure.peer_median:,.0f}" if figure.peer else ""
    return (
        f"| {figure.name} | {figure.median:,.0f} | {figure.lowest:,.0f}–{figure.highest:,.0f} | {beside} | {times} "
        f"| {readable}/{total} | {same}/{total} |"
    )


def libraries() -> tuple[Library, ...]:
    """Penstock and its peers; importing them is not timed."""
    import hl7  # type: ignore[import-untyped]
    from hl7apy.consts import VALIDATION_LEVEL  # type: ignore[import-untyped]
    from hl7apy.parser import parse_message  # type: ignore[import-untyped]

    def ours(raw: bytes) -> list[str]:
        message = parse(raw)
        return [message.value(path) for path in PATHS]

    def ours_checked(raw: bytes) -> list[str]:
        message = parse(raw)
        check(message)
        return [message.value(path) for path in PATHS]

    def python_hl7(text: str) -> list[str]:
        message = hl7.parse(text)
        return [message.extract_field(name, 1, field, 1, component, 1) for name, field, component in PLACES]

    def hl7apy(text: str) -> list[str]:
        message = parse_message(text, find_groups=False)
        return [_leaf(message, name, field, component) for name, field, component in PLACES]

    def hl7apy_validated(text: str) -> list[str]:
        message = parse_message(text, validation_level=VALIDATION_LEVEL.STRICT)
        message.validate()
        return [_leaf(message, "MSH", field, 1) for field in range(3, 13)]

    def hl7apy_again(text: str) -> bytes:
        return str(parse_message(text, find_groups=False).to_er7()).encode()

    return (
        Library("Penstock", ours, lambda raw: bytes(parse(raw)), text=False),
        Library("python-hl7 0.4.5", python_hl7, lambda text: str(hl7.parse(text)).encode()),
        Library("hl7apy 1.3.5", hl7apy, hl7apy_again),
        Library("Penstock, with findings", ours_checked, lambda raw: bytes(parse(raw)), text=False),
        Library("hl7apy 1.3.5, validated", hl7apy_validated, hl7apy_again),
    )


def _leaf(message: Any, name: str, field: int, component: int) -> str:
    element = getattr(getattr(message, name.lower()), f"{name}_{field}".lower())
    children = element.children
    return str(children[component - 1].to_er7()) if len(children) >= component else ""


def _passes(read: Reader, contents: Sequence[Any]) -> Callable[[], int]:
    """Enough passes over the messages to fill a run."""
    begun = time.perf_counter()
    for content in contents:
        read(content)
    passes = max(1, int(SECONDS_A_RUN / max(time.perf_counter() - begun, 1e-9)))

    def run() -> int:
        for _ in range(passes):
            for content in contents:
                read(content)
        return passes * len(contents)

    return run


def _reads(library: Library, content: Any) -> bool:
    """Peers raise whatever they come upon."""
    with contextlib.suppress(Exception):
        return len(library.read(content)) == len(PATHS)
    return False


def _comes_back(library: Library, content: Any, raw: bytes) -> bool:
    """Whether writing what was read gives the input again, but for the line ends that a peer does not keep."""
    with contextlib.suppress(Exception):
        again = library.again(content)
        return again == raw if not library.text else again.rstrip() == _text(raw).encode().rstrip()
    return False


def _text(raw: bytes) -> str:
    message = parse(raw)
    return str(message)[len(message.prefix) :].replace("\r\n", "\r").replace("\n", "\r")


if __name__ == "__main__":
    main()
