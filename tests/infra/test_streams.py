"""The stream delivery that the local AWS lacks: nothing is passed over before it succeeded or was reported."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.emulator.streams import FOR_EVER, Cursor, Policy, first_failure, policy_of

NUMBERS = ["100", "101", "102", "103"]


def _reported(*numbers: str) -> dict[str, Any]:
    return {"body": {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}}


@pytest.mark.parametrize(
    ("result", "reports", "expected"),
    [
        pytest.param({"body": None}, True, None, id="no answer is success"),
        pytest.param({"body": {"batchItemFailures": []}}, True, None, id="no failure"),
        pytest.param(_reported("102"), True, 2, id="one failure"),
        pytest.param(_reported("103", "101"), True, 1, id="the earliest of two"),
        pytest.param(_reported("999"), True, 0, id="an unknown number fails the batch"),
        pytest.param({"body": '{"batchItemFailures": [{"itemIdentifier": "101"}]}'}, True, 1, id="answer as text"),
        pytest.param(_reported("102"), False, None, id="a mapping that does not ask for reports"),
        pytest.param({"error": True, "body": {}}, True, 0, id="raised"),
        pytest.param({"error": True}, False, 0, id="raised without reports"),
    ],
)
def test_the_first_failure_is_where_the_retry_begins(
    result: dict[str, Any], reports: bool, expected: int | None
) -> None:
    assert first_failure(result, NUMBERS, reports=reports) == expected


def test_a_mapping_without_a_limit_retries_for_ever() -> None:
    assert policy_of({}) == Policy(batch_size=100, retries=FOR_EVER, bisect=False)
    policy = policy_of({"BatchSize": "10", "MaximumRetryAttempts": 3, "BisectBatchOnFunctionError": "true"})
    assert policy == Policy(batch_size=10, retries=3, bisect=True)


def test_records_before_the_failed_one_are_not_sent_again() -> None:
    assert Policy(100, 3, bisect=False).after_failure(Cursor(7, 100), 4, 2) == Cursor(9, 2)


def test_a_batch_that_raises_is_halved_until_the_poison_is_alone() -> None:
    policy = Policy(8, 1, bisect=True)
    cursor: Cursor | None = Cursor(0, 8)
    limits = []
    while cursor is not None:
        limits.append((cursor.limit, cursor.attempts))
        cursor = policy.after_failure(cursor, cursor.limit, 0)
    assert limits == [(8, 0), (4, 0), (2, 0), (1, 0), (1, 1)]


@given(
    poison=st.sets(st.integers(0, 30)),
    total=st.integers(0, 31),
    batch_size=st.integers(1, 12),
    retries=st.integers(0, 3),
    reports=st.booleans(),
)
def test_every_record_succeeds_or_is_given_up_and_only_poison_is(
    poison: set[int], total: int, batch_size: int, retries: int, reports: bool
) -> None:
    policy = Policy(batch_size, retries, bisect=True)
    cursor = Cursor(0, batch_size)
    done: set[int] = set()
    given_up: set[int] = set()
    while cursor.position < total:
        batch = list(range(cursor.position, min(cursor.position + cursor.limit, total)))
        bad = [record for record in batch if record in poison]
        if not bad:
            done |= set(batch)
            cursor = policy.after_success(cursor, len(batch))
            continue
        failed_at = batch.index(bad[0]) if reports else 0
        done |= set(batch[:failed_at])
        after = policy.after_failure(cursor, len(batch), failed_at)
        if after is None:
            given_up |= set(batch)
            after = policy.after_success(cursor, len(batch))
        cursor = after
    assert given_up == {record for record in poison if record < total}
    assert done == set(range(total)) - given_up
