"""A local AWS that runs: where it answers, and what another process needs to reach it."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.stage_names import LOCAL
from local.home import CREDENTIALS, REGION, State

ENVIRONMENT_OF_OUTPUTS = {
    "EventsTable": "PENSTOCK_EVENTS_TABLE",
    "KeysTable": "PENSTOCK_KEYS_TABLE",
    "KeyOfKeysArn": "PENSTOCK_KEY_OF_KEYS",
    "ViewsTable": "PENSTOCK_VIEWS_TABLE",
    "PayloadsBucket": "PENSTOCK_PAYLOADS_BUCKET",
    "ArchiveBucket": "PENSTOCK_ARCHIVE_BUCKET",
    "BusName": "PENSTOCK_BUS",
}


@dataclass(frozen=True)
class Running:
    """`api_url` is empty before the first deploy; `outputs` are those of all stacks; `api_key` is a tenant's."""

    pid: int
    endpoint: str
    region: str
    stage: str
    api_url: str
    outputs: Mapping[str, str]
    api_key: str

    def environment(self) -> dict[str, str]:
        """Variables with which boto3, `penstock.aws` and callers of the API reach this stack from another process."""
        named = {variable: self.outputs[key] for key, variable in ENVIRONMENT_OF_OUTPUTS.items() if key in self.outputs}
        return named | {
            "PENSTOCK_STAGE": self.stage,
            "PENSTOCK_API_URL": self.api_url,
            "PENSTOCK_API_KEY": self.api_key,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": CREDENTIALS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": CREDENTIALS["aws_secret_access_key"],
        }


def running_from(state: State) -> Running:
    """What the noted state says to those who use the stack."""
    api = state.outputs.get("ApiId")
    # The emulator serves a REST API under a path; on AWS it has a host name of its own.
    api_url = f"{state.endpoint}/_aws/execute-api/{api}/{LOCAL}" if api else ""
    return Running(state.pid, state.endpoint, REGION, LOCAL, api_url, state.outputs, state.api_key)
