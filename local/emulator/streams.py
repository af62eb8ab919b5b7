"""DynamoDB Streams to Lambda as AWS does it: no record is passed over before it succeeded or was reported as failed.

A batch that fails is retried from its first failed record (`batchItemFailures`); one that raises is halved where the
mapping says so; a record that keeps failing goes to the on-failure destination, and only then the next one comes.
"""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

FIRST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 5.0
FOR_EVER = -1
"""MaximumRetryAttempts that means: until the record expires."""


@dataclass(frozen=True)
class Cursor:
    """Where a mapping stands: next position, how many records it takes, how often the first of them has failed."""

    position: int
    limit: int
    attempts: int = 0


@dataclass(frozen=True)
class Policy:
    """What a mapping does about failure."""

    batch_size: int
    retries: int
    bisect: bool

    def after_success(self, cursor: Cursor, size: int) -> Cursor:
        return Cursor(cursor.position + size, self.batch_size)

    def after_failure(self, cursor: Cursor, size: int, failed_at: int) -> Cursor | None:
        """The next try when the record `failed_at` of `size` was the first to fail; None when there is none left."""
        if failed_at > 0:
            return Cursor(cursor.position + failed_at, size - failed_at)
        if self.bisect and size > 1:
            return Cursor(cursor.position, size // 2)
        if self.retries != FOR_EVER and cursor.attempts >= self.retries:
            return None
        return replace(cursor, limit=size, attempts=cursor.attempts + 1)


def policy_of(mapping: dict[str, Any]) -> Policy:
    """The policy of an event source mapping as CloudFormation or the API gave it."""
    return Policy(
        batch_size=int(mapping.get("BatchSize", 100)),
        retries=int(mapping.get("MaximumRetryAttempts", FOR_EVER)),
        bisect=str(mapping.get("BisectBatchOnFunctionError", False)).lower() == "true",
    )


def first_failure(result: dict[str, Any], sequence_numbers: list[str], *, reports: bool) -> int | None:
    """Index of the first record that failed, None when all succeeded.

    An answer that is not understood counts as a failure of the whole batch, as on AWS.
    """
    if result.get("error"):
        return 0
    if not reports:
        return None
    body = result.get("body")
    body = _parsed(body) if isinstance(body, str) else body
    failures = body.get("batchItemFailures") if isinstance(body, dict) else None
    if not failures:
        return None
    failed = {failure.get("itemIdentifier") for failure in failures}
    return next((index for index, number in enumerate(sequence_numbers) if number in failed), 0)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


@dataclass
class StreamPoller:
    """Takes the place of MiniStack's own poller: one thread per mapping at work, so a slow one holds up no other."""

    lambda_svc: Any
    cursors: dict[str, Cursor] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)

    def poll(self) -> bool:
        """Starts every mapping that has records and is not at work; whether there was one."""
        started = [self._start(scope) for scope in list(self._idle())]
        return any(started)

    def _idle(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for account, region, mapping in self.lambda_svc._iter_all_esms():
            enabled = mapping.get("Enabled", True) and ":dynamodb:" in mapping.get("EventSourceArn", "")
            if enabled and mapping["UUID"] not in self.busy:
                yield account, region, mapping

    def _start(self, scope: tuple[str, str, dict[str, Any]]) -> bool:
        with Scope(self.lambda_svc, *scope[:2]):
            batch = self._batch(scope[2])
            if not batch:
                return False
            self.busy.add(scope[2]["UUID"])
            threading.Thread(target=self._work, args=scope, daemon=True, name="penstock-stream").start()
            return True

    def _work(self, account: str, region: str, mapping: dict[str, Any]) -> None:
        try:
            with Scope(self.lambda_svc, account, region):
                while mapping["UUID"] in self.lambda_svc._esms and (batch := self._batch(mapping)):
                    self._deliver(mapping, batch)
        finally:
            self.busy.discard(mapping["UUID"])
            self.lambda_svc._esm_wake.set()

    def _batch(self, mapping: dict[str, Any]) -> list[dict[str, Any]]:
        dynamodb = _dynamodb()
        table = _table(mapping)
        known = dynamodb._tables.get(table)
        if not known or known.get("LatestStreamArn") != mapping["EventSourceArn"]:
            return []
        horizon = dynamodb.stream_start_position(table)
        cursor = self.cursors.get(mapping["UUID"])
        if cursor is None:
            # MiniStack notes where a mapping starts when it is created, for LATEST and TRIM_HORIZON alike.
            start = self.lambda_svc._dynamodb_stream_positions.get(mapping["UUID"], horizon)
            cursor = Cursor(start, policy_of(mapping).batch_size)
        cursor = replace(cursor, position=max(cursor.position, horizon))
        self.cursors[mapping["UUID"]] = cursor
        records: list[dict[str, Any]] = dynamodb.stream_records_since(table, cursor.position, cursor.limit)
        return records

    def _deliver(self, mapping: dict[str, Any], batch: list[dict[str, Any]]) -> None:
        function, _ = self.lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
        wanted = self.lambda_svc._apply_filter_criteria(batch, mapping)
        cursor = self.cursors[mapping["UUID"]]
        policy = policy_of(mapping)
        if function is None:
            time.sleep(LONGEST_BACKOFF_SECONDS)
            return
        result = self.lambda_svc._execute_function(function, {"Records": wanted}) if wanted else {}
        if result.get("throttle"):
            time.sleep(FIRST_BACKOFF_SECONDS)
            return
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        reports = "ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", ())
        failed_at = first_failure(result, numbers, reports=reports)
        if failed_at is None:
            self.cursors[mapping["UUID"]] = policy.after_success(cursor, len(batch))
            return
        after = policy.after_failure(cursor, len(batch), failed_at)
        if after is None:
            self._give_up(mapping, function, batch, result)
            after = policy.after_success(cursor, len(batch))
        self.cursors[mapping["UUID"]] = after
        time.sleep(min(FIRST_BACKOFF_SECONDS * 2**after.attempts, LONGEST_BACKOFF_SECONDS))

    def _give_up(
        self, mapping: dict[str, Any], function: dict[str, Any], batch: list[dict[str, Any]], result: dict[str, Any]
    ) -> None:
        self.lambda_svc._send_ddb_stream_failure_record(
            mapping, function, batch, mapping["EventSourceArn"], result, "RetryAttemptsExhausted"
        )
        self.lambda_svc.logger.warning(
            "stream records given up by %s after all retries: %d", mapping["FunctionName"], len(batch)
        )


class Scope:
    """The account and region that MiniStack's stores are looked up in, for the length of a `with`."""

    def __init__(self, lambda_svc: Any, account: str, region: str) -> None:
        self._pairs = ((lambda_svc._request_account_id, account), (lambda_svc._request_region, region))
        self._tokens: list[tuple[Any, Any]] = []

    def __enter__(self) -> None:
        self._tokens = [(variable, variable.set(value)) for variable, value in self._pairs]

    def __exit__(self, *_: object) -> None:
        for variable, token in self._tokens:
            variable.reset(token)


def _dynamodb() -> Any:
    return import_module("ministack.services.dynamodb")


def _table(mapping: dict[str, Any]) -> str:
    name: str = mapping["EventSourceArn"].split("/stream/")[0].split("/")[-1]
    return name
