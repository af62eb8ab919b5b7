"""What a function is told about its surroundings, by environment variables that its grants add."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from penstock.events.nudges import Consumer
from penstock.json import loads

FIFO = ".fifo"


class MissingSetting(Exception):
    """An environment variable that the function needs is not set, or does not hold what it should."""

    def __init__(self, name: str, reason: str = "is not set: does function.toml grant it?") -> None:
        super().__init__(f"environment variable {name} {reason}")
        self.name = name


@dataclass(frozen=True)
class Settings:
    """Reading a setting that is not there raises MissingSetting, which names the variable."""

    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def stage(self) -> str:
        """The stage's name."""
        return self._text("PENSTOCK_STAGE")

    @property
    def events_table(self) -> str:
        """The table of the event store."""
        return self._text("PENSTOCK_EVENTS_TABLE")

    @property
    def keys_table(self) -> str:
        """The table of the keys that personal data is sealed with."""
        return self._text("PENSTOCK_KEYS_TABLE")

    @property
    def key_of_keys(self) -> str:
        """The ARN of the KMS key that opens the tenants' secrets."""
        return self._text("PENSTOCK_KEY_OF_KEYS")

    @property
    def views_table(self) -> str:
        """The table of read models, snapshots and checkpoints."""
        return self._text("PENSTOCK_VIEWS_TABLE")

    @property
    def payloads_bucket(self) -> str:
        """The bucket of large payloads."""
        return self._text("PENSTOCK_PAYLOADS_BUCKET")

    @property
    def archive_bucket(self) -> str:
        """The bucket of the archive."""
        return self._text("PENSTOCK_ARCHIVE_BUCKET")

    @property
    def retention_floor(self) -> int:
        """Days that the stage keeps every archived object for; 0 where it leaves that to the tenants."""
        return int(self._text("PENSTOCK_RETENTION_FLOOR"))

    @property
    def search_bucket(self) -> str:
        """The bucket of search indexes."""
        return self._text("PENSTOCK_SEARCH_BUCKET")

    @property
    def search_collections(self) -> Mapping[str, str]:
        """Endpoints of OpenSearch Serverless collections by the tenant that searches there; the rest use the bucket."""
        return self._names("PENSTOCK_SEARCH_COLLECTIONS") if self.environment.get("PENSTOCK_SEARCH_COLLECTIONS") else {}

    @property
    def bus(self) -> str:
        """The name of the EventBridge bus."""
        return self._text("PENSTOCK_BUS")

    @property
    def queues(self) -> Mapping[str, str]:
        """Queue URLs by the consumer's name."""
        return self._names("PENSTOCK_QUEUES")

    @property
    def queue_arns(self) -> Mapping[str, str]:
        """Queue ARNs by the consumer's name, for schedules."""
        return self._names("PENSTOCK_QUEUE_ARNS")

    @property
    def schedule_group(self) -> str:
        """The EventBridge Scheduler group."""
        return self._text("PENSTOCK_SCHEDULE_GROUP")

    @property
    def schedule_role_arn(self) -> str:
        """The role that schedules send as."""
        return self._text("PENSTOCK_SCHEDULE_ROLE_ARN")

    @property
    def node_runners(self) -> Mapping[str, str]:
        """Function names by wing; empty where no wing's function may be invoked."""
        return self._names("PENSTOCK_NODE_RUNNERS") if self.environment.get("PENSTOCK_NODE_RUNNERS") else {}

    @property
    def machines(self) -> Mapping[str, str]:
        """State machine ARNs by the id of their saga."""
        return self._names("PENSTOCK_MACHINES")

    @property
    def own_machines(self) -> Mapping[str, str]:
        """Where tenants' own state machines are made: `prefix` of their ARNs, and the ARNs of their `role`, of the
        `function` they call, and of their `log_group`; empty where none may be made."""
        return self._names("PENSTOCK_OWN_MACHINES") if self.environment.get("PENSTOCK_OWN_MACHINES") else {}

    @property
    def dead_letters(self) -> Mapping[str, Mapping[str, str]]:
        """By the consumer's name: the URLs of its `queue` and of its `dead_letters`."""
        known = self._json("PENSTOCK_DEAD_LETTERS")
        return {
            name: {
                "queue": self._queue(known["like"], name, is_ordered),
                "dead_letters": self._queue(known["like"], f"{name}-dead-letters", is_ordered),
            }
            for name, is_ordered in known["consumers"].items()
        }

    @property
    def own_dead_letters(self) -> str:
        """The URL of the function's own dead-letter queue."""
        return self._text("PENSTOCK_OWN_DEAD_LETTERS")

    @property
    def secrets_key(self) -> str:
        """The KMS key that seals secrets, by its ARN."""
        return self._text("PENSTOCK_SECRETS_KEY")

    @property
    def jwt(self) -> Mapping[str, str]:
        """The identity provider: `issuer`, `audience`, `public_key` (PEM) or `jwks_url`; empty when there is none."""
        return self._names("PENSTOCK_JWT") if self.environment.get("PENSTOCK_JWT") else {}

    @property
    def consumers(self) -> tuple[Consumer, ...]:
        """Whom the sequencer nudges."""
        known = self._json("PENSTOCK_CONSUMERS")
        return tuple(
            Consumer(
                name,
                self._queue(known["like"], name, each["ordered"]),
                frozenset(each["kinds"]),
                int(each["delay"]),
                each["ordered"],
            )
            for name, each in known["consumers"].items()
        )

    def _queue(self, like: str, name: str, is_ordered: bool) -> str:
        """The URL of a queue of the stage, by that of any other one: all of them would not fit into the environment."""
        return f"{like.rpartition('/')[0]}/penstock-{self.stage}-{name}{FIFO if is_ordered else ''}"

    def _text(self, name: str) -> str:
        if not self.environment.get(name):
            raise MissingSetting(name)
        return self.environment[name]

    def _names(self, name: str) -> Mapping[str, str]:
        return {str(key): str(value) for key, value in self._json(name).items()}

    def _json(self, name: str) -> dict[str, Any]:
        try:
            value = loads(self._text(name))
        except ValueError as error:
            raise MissingSetting(name, "is not JSON") from error
        if not isinstance(value, dict):
            raise MissingSetting(name, "is not a JSON object")
        return value
