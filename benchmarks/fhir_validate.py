"""How many FHIR R4 resources a second are validated, on the official examples, beside fhir.resources.

    python -m benchmarks.fhir_validate [--runs 5]

One unit is one example, from its bytes to its findings. fhir.resources (R4B, for it has no R4) parses into its models
and checks what they say: no bindings, no invariants, no profiles. What each accepts is counted.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring import RUNS, machine, rate
from penstock_healthcare.fhir.validation import is_valid
from penstock_healthcare.fhir.validation.validator import Validator

EXAMPLES = Path(__file__).parent.parent / "node_modules" / "hl7.fhir.r4.examples"
LARGEST = 50_000
HOW_MANY = 600
DEFINITIONS = ("CodeSystem", "ValueSet", "SearchParameter", "StructureDefinition", "package")

Accepts = Callable[[bytes], bool]


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=RUNS)
    runs = parser.parse_args().runs
    contents = _contents()
    if not contents:
        print(f"no examples at {EXAMPLES}; `make setup` installs them")
        return
    print(f"{len(contents)} examples, {sum(map(len, contents)) // len(contents):,} bytes on average\n")
    print("| validate one resource from its bytes | resources/s (median) | range | accepts |")
    print("| --- | ---: | ---: | ---: |")
    for name, accepts in _validators():
        figure = rate(name, _passes(accepts, contents), runs)
        accepted = sum(map(accepts, contents))
        rates = f"{figure.median:,.0f} | {figure.lowest:,.0f}–{figure.highest:,.0f}"
        print(f"| {name} | {rates} | {accepted}/{len(contents)} |")
    print(f"\n{_cold()}\n\n{machine()}")


def _contents() -> list[bytes]:
    """Some of the clinical and administrative examples, the same every time."""
    files = [file for file in sorted(EXAMPLES.glob("*.json")) if not file.name.startswith(DEFINITIONS)]
    small = [file.read_bytes() for file in files if file.stat().st_size <= LARGEST]
    return random.Random(4).sample(small, min(HOW_MANY, len(small)))


def _passes(accepts: Accepts, contents: Sequence[bytes]) -> Callable[[], int]:
    def run() -> int:
        for content in contents:
            accepts(content)
        return len(contents)

    return run


def _validators() -> list[tuple[str, Accepts]]:
    validator = Validator()
    found: list[tuple[str, Accepts]] = [("Penstock", lambda content: is_valid(validator.validate_text(content)))]
    try:
        from fhir.resources.R4B import get_fhir_model_class  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        print("fhir.resources is not installed: no peer in this run", file=sys.stderr)
        return found

    def peer(content: bytes) -> bool:
        import orjson

        resource: dict[str, Any] = orjson.loads(content)
        try:
            get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        except (ValueError, TypeError, KeyError, LookupError):
            return False
        return True

    return [*found, ("fhir.resources 8, R4B models", peer)]


def _cold() -> str:
    """What the first validation of a process costs: definitions read, compiled, value sets expanded."""
    content = (EXAMPLES / "Patient-example.json").read_bytes()
    took = []
    for _ in range(3):
        start = time.perf_counter()
        from penstock_healthcare.fhir.definitions import r4

        r4.cache_clear()
        Validator().validate_text(content)
        took.append(time.perf_counter() - start)
    return f"The first validation of a process, definitions included: {median(took) * 1_000:.0f} ms."


if __name__ == "__main__":
    main()
