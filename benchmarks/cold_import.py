"""Cold import of each function, in milliseconds: a new process imports its handler; a bare interpreter is taken off.

Bytecode is compiled and the files are in the page cache.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUNS = 5


def main() -> None:
    """Print one line a function."""
    print("| function | cold import, ms | range |\n| --- | ---: | ---: |")
    for folder in sorted(path.parent for path in (ROOT / "functions").glob("*/handler.py")):
        _milliseconds("import handler", folder)
        times = [_milliseconds("import handler", folder) - _milliseconds("pass", folder) for _ in range(RUNS)]
        print(f"| {folder.name} | {statistics.median(times):.0f} | {min(times):.0f}–{max(times):.0f} |")


def _milliseconds(code: str, folder: Path) -> float:
    begun = time.perf_counter()
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "PENSTOCK_STAGE": "bench", "AWS_DEFAULT_REGION": "eu-central-1"}
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True, timeout=60)
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
