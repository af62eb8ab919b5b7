"""How long `POST /v1/executions?wait=10` takes for a five-node workflow, through API Gateway, under k6.

    python -m local during python -m benchmarks.start_and_wait [--clients 8] [--seconds 20]

The answer comes when the execution has ended and every event of it is stored.
"""

import argparse
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.deployed import Deployed, settle
from benchmarks.measuring import machine
from penstock.json import JSONObject

SCRIPT = Path(__file__).with_suffix(".js")
K6 = Path(sys.executable).with_name("k6")
WARM_UP = 4  # seconds
GOAL = 500  # milliseconds at the 95th percentile; told, not enforced


def definition() -> JSONObject:
    """Five nodes in a row: a condition, a computed field and a sort among them."""
    nodes: list[tuple[str, str, JSONObject]] = [
        ("start", "core.trigger.manual", {}),
        ("label", "core.set", {"fields": [{"name": "label", "value": "{{ $json.name }}: {{ $json.value }}"}]}),
        ("outside", "core.filter", {"condition": "{{ $json.value < $json.low || $json.value > $json.high }}"}),
        ("sort", "core.sort", {"by": [{"field": "name"}]}),
        ("mark", "core.set", {"fields": [{"name": "abnormal", "value": True}]}),
    ]
    return {
        "name": "Five nodes",
        "nodes": [{"name": name, "type": kind, "parameters": given} for name, kind, given in nodes],
        "connections": [{"from": here[0], "to": there[0]} for here, there in pairwise(nodes)],
    }


def load(deployed: Deployed, workflow: str, clients: int, seconds: int) -> dict[str, Any]:
    """What k6 measured: milliseconds `p50`, `p95`, `max`; `a_second`; how many were `done` and how many `failed`."""
    environment = os.environ | {
        "PENSTOCK_API_URL": deployed.url,
        "PENSTOCK_API_KEY": deployed.key,
        "WORKFLOW": workflow,
        "CLIENTS": str(clients),
        "SECONDS": str(seconds),
    }
    ran = subprocess.run(
        [str(K6), "run", "--quiet", "--no-usage-report", "--address", "127.0.0.1:0", str(SCRIPT)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 60,
    )
    if ran.returncode:
        raise SystemExit(f"k6 ended with exit code {ran.returncode}:\n{ran.stderr[-2_000:]}")
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def main() -> None:
    """Print one line a run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    deployed = Deployed.from_environment()
    workflow = deployed.publish(definition())
    try:
        load(deployed, workflow, options.clients, WARM_UP)
        settle()
        print("| start and wait, five nodes | p50, ms | p95, ms | max, ms | executions/s | done | failed |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        for clients in (1, options.clients):
            print(line(clients, load(deployed, workflow, clients, options.seconds)))
    finally:
        deployed.archive(workflow)
    print(f"\nThe goal for p95 is {GOAL} ms. {machine()}")


def line(clients: int, found: dict[str, Any]) -> str:
    """One line of the table."""
    times = " | ".join(f"{found[name]:,.0f}" for name in ("p50", "p95", "max"))
    counts = f"{found['a_second']:.0f} | {found['done']} | {found['failed']}"
    return f"| {clients} client{'s' * (clients > 1)} | {times} | {counts} |"


if __name__ == "__main__":
    main()
