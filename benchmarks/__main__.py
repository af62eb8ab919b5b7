"""Everything that is measured, one part after the other, as one document of tables.

    python -m benchmarks [PART …]

Parts that go through the local AWS find it running, or start it and stop it again.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.deployed import settle
from benchmarks.measuring import machine
from local import stack

LONGEST = 900  # seconds a part


@dataclass(frozen=True)
class Part:
    """A module with a `main`, under a heading. `is_plain` output is set as it is."""

    module: str
    title: str
    is_plain: bool = False
    needs_stack: bool = False


PARTS = (
    Part("start_and_wait", "Start and wait through API Gateway on the local stack", needs_stack=True),
    Part("local_stack", "Executions a second, in process and through the local stack", needs_stack=True),
    Part("event_store", "Events appended and replayed, a second", is_plain=True, needs_stack=True),
    Part("sustained_append", "Events appended for a minute, and what AWS would bill", needs_stack=True),
    Part("aws_cost", "What AWS bills for a million events"),
    Part("projection_lag", "From an event to its read model, through the local stack", needs_stack=True),
    Part("rebuild", "All projections rebuilt from a million events"),
    Part("aggregates", "Aggregates saved and loaded, against eventsourcing"),
    Part("replay_aggregate", "An aggregate of ten thousand events loaded", needs_stack=True),
    Part("umadb_store", "Events appended and replayed by sixteen clients, beside UmaDB", needs_stack=True),
    Part("stored_size", "What events take, against one JSON item an event"),
    Part("hl7_parse", "HL7 v2 messages parsed, a second"),
    Part("fhir_validate", "FHIR R4 resources validated, a second"),
    Part("mllp", "HL7 v2 messages taken and sent by MLLP, a second"),
    Part("search", "Documents indexed and found, against tantivy"),
    Part("cold_import", "Cold import of each function"),
)


@contextmanager
def stack_for(parts: Sequence[Part]) -> Iterator[None]:
    """The local stack, named in this process's environment, when a part needs it."""
    if not any(part.needs_stack for part in parts):
        yield
        return
    was_running = stack.status() is not None
    try:
        os.environ.update(stack.up().environment())
        yield
    finally:
        if not was_running:
            stack.down()


def measure(part: Part) -> str:
    """The part's section of the document, also when it could not be measured."""
    if part.needs_stack:
        settle()
    command = [sys.executable, "-m", f"benchmarks.{part.module}"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return f"## {part.title}\n\nNot measured: it did not end within {LONGEST} s.\n"
    if ran.returncode:
        return f"## {part.title}\n\nNot measured: {ran.stderr.strip()[-500:]}\n"
    body = ran.stdout.strip()
    return f"## {part.title}\n\n{f'```{chr(10)}{body}{chr(10)}```' if part.is_plain else body}\n"


def main() -> int:
    """Exit code 1 when a part could not be measured."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [part.module for part in PARTS]
    parser.add_argument("part", nargs="*", metavar="PART", help=f"{', '.join(names)}; all when left out")
    wanted = parser.parse_args().part
    if unknown := set(wanted) - set(names):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    parts = [part for part in PARTS if not wanted or part.module in wanted]
    print(f"# Measured\n\n{machine()}\n", flush=True)
    failed = False
    with stack_for(parts):
        for part in parts:
            print(f"measuring {part.module} …", file=sys.stderr, flush=True)
            section = measure(part)
            failed = failed or "\nNot measured: " in section
            print(section, flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
