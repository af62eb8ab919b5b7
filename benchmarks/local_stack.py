"""Executions a second of the ten-node webhook workflow through the deployed local stack, beside the in-process figure.

    python -m local during python -m benchmarks.local_stack [--clients 16] [--executions 300] [--runs 5]

The request goes to the emulated API Gateway, which invokes the function that runs the workflow and stores every event;
meanwhile the emulator delivers each commit to the read models and the bus, on the same cores.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from benchmarks.deployed import Deployed
from benchmarks.executions import N8N_A_SECOND, ORDER, definition, figures
from benchmarks.measuring import RUNS, Figure, machine, rate
from penstock.json import JSONObject

LISTENS_WITHIN = 30.0  # seconds
PATH = "bench/results"


def workflow() -> JSONObject:
    """The ten nodes, at a path of their own."""
    document: JSONObject = definition().model_dump(mode="json", by_alias=True, exclude_defaults=True)
    document["nodes"][0]["parameters"]["path"] = PATH
    return document


def call(client: httpx.Client, url: str) -> float:
    """Start one execution and have its answer; the milliseconds that took."""
    begun = time.perf_counter()
    client.post(url, json=ORDER).raise_for_status()
    return (time.perf_counter() - begun) * 1000


def await_listening(client: httpx.Client, url: str) -> None:
    """A webhook is found a moment after its workflow was published."""
    deadline = time.monotonic() + LISTENS_WITHIN
    while client.post(url, json=ORDER).status_code == 404:
        if time.monotonic() > deadline:
            raise SystemExit(f"the webhook was not there within {LISTENS_WITHIN:.0f} s")
        time.sleep(0.1)


def through_the_stack(
    client: httpx.Client, url: str, clients: int, count: int, times: list[float]
) -> Callable[[], int]:
    """A run of `count` executions at so many clients; the milliseconds of each are added to `times`."""

    def run() -> int:
        with ThreadPoolExecutor(clients) as pool:
            times.extend(pool.map(lambda _: call(client, url), range(count)))
        return count

    return run


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--executions", type=int, default=300)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    deployed = Deployed.from_environment()
    published = deployed.publish(workflow())
    times: list[float] = []
    alone = figures()
    try:
        with deployed.client(options.clients) as client:
            url = f"/v1/hooks/{deployed.tenant}/{PATH}"
            await_listening(client, url)
            run = through_the_stack(client, url, options.clients, options.executions, times)
            name = f"executions/s, ten nodes, local stack, {options.clients} clients"
            measured = rate(name, run, options.runs).beside("n8n 2.8.4", N8N_A_SECOND)
    finally:
        deployed.archive(published)
    print("| | a second (median) | range | peer | ratio |\n| --- | ---: | ---: | --- | ---: |")
    for figure in (*alone, measured):
        print(line(figure))
    late = statistics.quantiles(times, n=20)[-1]
    print(f"\nThrough the stack an answer takes {statistics.median(times):.0f} ms at the median, {late:.0f} ms at p95.")
    print(machine())


def line(figure: Figure) -> str:
    """One line of the table."""
    ratio = f"{figure.ratio:.1f} ×" if figure.ratio else ""
    span = f"{figure.lowest:,.0f}–{figure.highest:,.0f}"
    return f"| {figure.name} | {figure.median:,.0f} | {span} | {figure.peer}: {figure.peer_median:,.0f}/s | {ratio} |"


if __name__ == "__main__":
    main()
