"""What differs between stages: how long things are kept, how soon they are retried, how hard the door is held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import aws_cdk as cdk
from aws_cdk import aws_logs as logs

from infra.stage_names import LOCAL, PRODUCTION


@dataclass(frozen=True)
class ArchiveSettings:
    """In days: how long nobody may change an archived object, whatever its tenant's rules say (None: only those say
    it), and after how many it moves to a colder class of storage."""

    retention: int | None = None
    tiers: Mapping[str, int] = field(default_factory=dict)


KEPT_ARCHIVE = ArchiveSettings(
    retention=7 * 365 + 2,  # seven years hold at most two leap days
    tiers={"GLACIER_IR": 90, "DEEP_ARCHIVE": 365},
)


@dataclass(frozen=True)
class StageSettings:
    """`visibility_factor` multiplies a function's timeout; the API's rate is in requests/s.

    `http_allow` names hosts, or hosts with a port, that HTTP nodes and webhooks reach though they are not public.
    `identity_provider` is whose JWTs the API takes: `issuer`, `audience`, and `jwks_url` or `public_key` (PEM).
    """

    name: str
    keep_data: bool = False
    log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH
    visibility_factor: int = 6  # what AWS recommends, so that a throttled batch is not delivered twice
    max_receives: int = 5
    stream_retries: int = 10
    max_concurrency: int = 10
    api_rate: int = 200
    api_burst: int = 400
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
    bus_retention: int = 14  # days that what was on the bus can be sent again
    identity_provider: Mapping[str, str] = field(default_factory=dict)
    http_allow: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        return f"penstock-{self.name}"

    @property
    def removal(self) -> cdk.RemovalPolicy:
        return cdk.RemovalPolicy.RETAIN if self.keep_data else cdk.RemovalPolicy.DESTROY


def settings_for(
    stage: str, identity_provider: Mapping[str, str] | None = None, http_allow: Sequence[str] = ()
) -> StageSettings:
    """The settings of a stage by name; a stage that is neither production nor local is a development stage."""
    known = _settings(stage)
    allowed = (*known.http_allow, *http_allow)
    return replace(known, identity_provider=identity_provider or {}, http_allow=allowed)


def _settings(stage: str) -> StageSettings:
    if stage == PRODUCTION:
        return StageSettings(
            PRODUCTION,
            keep_data=True,
            archive=KEPT_ARCHIVE,
            bus_retention=90,
            log_retention=logs.RetentionDays.ONE_YEAR,
            max_concurrency=50,
            api_rate=1_000,
            api_burst=2_000,
        )
    if stage == LOCAL:
        # A person waits for the retries of a broken message here, and a worker process costs 60 to 100 MB.
        return StageSettings(
            LOCAL,
            log_retention=logs.RetentionDays.ONE_DAY,
            visibility_factor=1,
            max_receives=3,
            stream_retries=3,
            max_concurrency=2,
            api_rate=10_000,
            api_burst=20_000,
            http_allow=("127.0.0.1",),
        )
    return StageSettings(stage)
