"""The sample workflows on a platform: created and published by the public API, where they are not there yet."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.workflows.samples import Sample
from penstock_cli.api import Api
from penstock_cli.errors import Failure

PATH = "/v1/workflows"
SECONDS = 60.0
POLL_SECONDS = 0.3
MOST = 1_000


def publish(api: Api, samples: Sequence[Sample]) -> dict[str, str]:
    """The samples' names by the ids that they have there, once all of them can be started.

    Raises ApiProblem, Unreachable, and Failure when the read model does not show them within a minute.
    """
    known = {entry["name"]: entry for entry in api.pages(PATH, MOST, {"status": "published"})}
    ids = {_publish(api, sample, known): str(sample.definition["name"]) for sample in samples}
    end = time.monotonic() + SECONDS
    while missing := ids.keys() - {entry["id"] for entry in api.pages(PATH, MOST, {"status": "published"})}:
        if time.monotonic() > end:
            names = ", ".join(sorted(ids[each] for each in missing))
            raise Failure(f"published {SECONDS:.0f} s ago, and still not listed: {names}")
        time.sleep(POLL_SECONDS)
    return ids


def _publish(api: Api, sample: Sample, known: Mapping[str, Mapping[str, Any]]) -> str:
    entry = known.get(str(sample.definition["name"]))
    if entry is None:
        created = api.post(PATH, sample.definition)
        return str(api.post(f"{PATH}/{created['id']}/publish")["id"])
    workflow = api.get(f"{PATH}/{entry['id']}")
    if workflow["definition"] != sample.definition:
        api.put(f"{PATH}/{workflow['id']}", sample.definition)
        api.post(f"{PATH}/{workflow['id']}/publish")
    return str(workflow["id"])
