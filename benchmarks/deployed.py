"""The deployed local stack, as a benchmark reaches it: the API's URL and a key, from the environment."""

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import httpx

from penstock.json import JSONObject

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

URL, KEY = "PENSTOCK_API_URL", "PENSTOCK_API_KEY"
STAGE = "PENSTOCK_STAGE"
TIMEOUT = 30.0
SETTLES_WITHIN = 240.0  # seconds
DEPTHS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True)
class Deployed:
    """`url` is the API's, without `/v1`; `key` an administrator's."""

    url: str
    key: str

    @classmethod
    def from_environment(cls) -> "Deployed":
        """What `python -m local during …` has set. Exits when it is not there."""
        if not (os.environ.get(URL) and os.environ.get(KEY)):
            raise SystemExit(f"no deployed stack: {URL} and {KEY} are not set (`python -m local during …` sets them)")
        return cls(os.environ[URL], os.environ[KEY])

    @property
    def tenant(self) -> str:
        """Whose key it is."""
        return self.key.removeprefix("pk_").split(".")[0]

    def client(self, connections: int = 1) -> httpx.Client:
        """A client that keeps so many connections."""
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        return httpx.Client(base_url=self.url, headers={"X-API-Key": self.key}, timeout=TIMEOUT, limits=limits)

    def publish(self, definition: JSONObject) -> str:
        """Create a workflow and publish it; its id."""
        with self.client() as client:
            created = client.post("/v1/workflows", json=definition).raise_for_status()
            workflow: str = created.json()["id"]
            client.post(f"/v1/workflows/{workflow}/publish").raise_for_status()
        return workflow

    def archive(self, workflow: str) -> None:
        """Stop it from starting."""
        with self.client() as client:
            client.post(f"/v1/workflows/{workflow}/archive").raise_for_status()


def settle() -> None:
    """Wait until the consumers have nothing left to do: what an earlier part caused is not to be measured in this one.

    Executions are looked at again a minute after each commit, so this takes a minute after any that ran.
    """
    sqs = boto3.client("sqs")
    names = sqs.list_queues(QueueNamePrefix=f"penstock-{os.environ[STAGE]}-").get("QueueUrls", [])
    urls = [url for url in names if not url.endswith(("-dead-letters", "-stream-failures"))]
    deadline = time.monotonic() + SETTLES_WITHIN
    while any(_depth(sqs, url) for url in urls) and time.monotonic() < deadline:
        time.sleep(0.5)


def _depth(sqs: "SQSClient", url: str) -> int:
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return sum(int(value) for name, value in found.items() if name in DEPTHS)
