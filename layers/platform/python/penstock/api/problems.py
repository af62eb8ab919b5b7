"""Which error is which HTTP status: the one table. Answers are problem details (RFC 9457)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import ServiceError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestUnsupportedContentType, RequestValidationError
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyValidationError,
)
from pydantic import ValidationError

from penstock.documents.errors import RevisionConflict
from penstock.events.errors import BadCursor, CommitTooLarge, Conflict, InvalidStreamId, NotCaughtUp
from penstock.identity.model import Forbidden, Unauthenticated, UnknownKey
from penstock.json import JSONObject, dumps
from penstock.letters.errors import InvalidLetter, Settled, UnknownConsumer, UnknownLetter
from penstock.metrics.errors import TooMuch
from penstock.privacy.errors import UnknownSubject
from penstock.processes.errors import InvalidProcess, UnknownProcess, WrongStatus
from penstock.rebuilds.errors import NoRebuild, RebuildRunning, UnknownProjection
from penstock.retention.errors import InvalidHold, InvalidRule, UnknownHold
from penstock.routing.errors import InvalidWebhook, TooManyWebhooks, UnknownWebhook
from penstock.sagas.errors import InvalidInput, InvalidSaga, NotResumable, UnknownSaga
from penstock.search.errors import DamagedIndex, InvalidQuery, QueryTooSlow
from penstock.subscriptions.errors import LeaseLost, SubscriptionExists, UnknownSubscription
from penstock.workflows.errors import (
    InvalidWorkflow,
    UnknownCallback,
    UnknownExecution,
    UnknownWorkflow,
    WrongState,
)
from penstock.workflows.errors import Problem as Finding

MEDIA_TYPE = "application/problem+json"


class NotFound(Exception):
    """There is no such thing; `what` says which."""

    def __init__(self, what: str) -> None:
        super().__init__(f"there is no {what}")
        self.what = what


class InvalidRequest(Exception):
    """Parts of the request do not hold; `problems` name each and say why."""

    def __init__(self, path: str, message: str, *more: tuple[str, str]) -> None:
        self.problems = ((path, message), *more)
        super().__init__("; ".join(f"{path}: {message}" for path, message in self.problems))

    @classmethod
    def of(cls, invalid: ValidationError) -> "InvalidRequest":
        """What pydantic found, without the input that caused it."""
        found = [(".".join(map(str, error["loc"])) or "body", error["msg"]) for error in invalid.errors()]
        return cls(*found[0], *found[1:])


class TooLarge(Exception):
    """The request is over a size limit, in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the request is over {limit} bytes")


class AnswerTooLarge(Exception):
    """The answer is over what can be sent, in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the answer is over {limit} bytes: ask for less at a time")


class ExecutionDidNotAnswer(Exception):
    """A webhook's caller was to get what its execution comes to, and that is nothing good; `execution` is its id."""

    def __init__(self, execution: str, status: str) -> None:
        super().__init__(f"execution {execution} is {status}")
        self.execution = execution


Details = Callable[[Any], JSONObject]


def _nothing(_: Exception) -> JSONObject:
    return {}


def told(problems: Iterable[Finding]) -> list[dict[str, str]]:
    """What is wrong with a document, as it is answered."""
    return [{"path": each.path, "rule": each.rule, "message": each.message} for each in problems]


def _problems(error: InvalidWorkflow | InvalidSaga | InvalidInput | InvalidWebhook | InvalidProcess) -> JSONObject:
    return {"problems": told(error.problems)}


def _values(*problems: tuple[str, str]) -> JSONObject:
    """Values that may not be: each by its path, and why."""
    return {"problems": [{"path": path, "rule": "value", "message": reason} for path, reason in problems]}


def _status_found(error: WrongStatus | NotResumable | Settled | WrongState) -> JSONObject:
    return {"status_found": error.status}


def _validation(error: RequestValidationError) -> JSONObject:
    return {"problems": [_finding(found) for found in error.errors()]}


def _finding(found: Mapping[str, Any]) -> JSONObject:
    """A pydantic error without the input that caused it."""
    path = ".".join(str(part) for part in found["loc"])
    return {"path": path, "rule": found["type"], "message": found.get("msg", found["type"])}


@dataclass(frozen=True, slots=True)
class Problem:
    """How an error is answered: `slug` names the kind of problem, `details` adds members of its own."""

    status: HTTPStatus
    slug: str
    title: str
    details: Details = _nothing


def _invalid_request(details: Details) -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "The request does not have the right shape", details
    )


def _wrong_state(details: Details) -> Problem:
    return Problem(HTTPStatus.CONFLICT, "wrong-state", "That does not fit its state", details)


PROBLEMS: Mapping[type[Exception], Problem] = {
    RequestValidationError: _invalid_request(_validation),
    InvalidRequest: _invalid_request(lambda error: _values(*error.problems)),
    InvalidWorkflow: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-workflow", "The workflow cannot run as it is", _problems
    ),
    RequestUnsupportedContentType: Problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "The body must be application/json"
    ),
    TooLarge: Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "The request is too large"),
    CommitTooLarge: Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "The request is too large"),
    BadCursor: Problem(HTTPStatus.BAD_REQUEST, "bad-cursor", "The cursor does not belong to this listing"),
    InvalidStreamId: Problem(HTTPStatus.BAD_REQUEST, "bad-id", "An id has the wrong form"),
    AnswerTooLarge: Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "answer-too-large", "The answer is too large"),
    ExecutionDidNotAnswer: Problem(
        HTTPStatus.BAD_GATEWAY,
        "no-answer",
        "The workflow gave no answer",
        lambda error: {"execution": error.execution},
    ),
    Unauthenticated: Problem(HTTPStatus.UNAUTHORIZED, "unauthenticated", "Who are you?"),
    Forbidden: Problem(
        HTTPStatus.FORBIDDEN, "forbidden", "You may not do this", lambda error: {"scope": str(error.scope)}
    ),
    NotFound: Problem(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing"),
    UnknownWorkflow: Problem(HTTPStatus.NOT_FOUND, "unknown-workflow", "There is no such workflow"),
    UnknownExecution: Problem(HTTPStatus.NOT_FOUND, "unknown-execution", "There is no such execution"),
    UnknownCallback: Problem(HTTPStatus.NOT_FOUND, "unknown-callback", "Nothing waits for this callback"),
    InvalidProcess: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-process", "The process cannot run as it is", _problems
    ),
    UnknownProcess: Problem(HTTPStatus.NOT_FOUND, "unknown-process", "There is no such process"),
    InvalidSaga: Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-saga", "The saga cannot run as it is", _problems),
    InvalidInput: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-input", "The saga cannot start with that", _problems
    ),
    UnknownSaga: Problem(HTTPStatus.NOT_FOUND, "unknown-saga", "There is no such saga"),
    **dict.fromkeys(
        (InvalidLetter, InvalidRule, InvalidHold, InvalidQuery),
        _invalid_request(lambda error: _values((error.path, error.reason))),
    ),
    UnknownHold: Problem(HTTPStatus.NOT_FOUND, "unknown-hold", "There is no such hold"),
    QueryTooSlow: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "too-slow", "The search took too long"),
    DamagedIndex: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "search-unavailable", "The search index cannot be read now"),
    UnknownSubscription: Problem(HTTPStatus.NOT_FOUND, "unknown-subscription", "There is no such subscription"),
    SubscriptionExists: Problem(HTTPStatus.CONFLICT, "subscription-exists", "The name is taken"),
    LeaseLost: Problem(HTTPStatus.CONFLICT, "lease-lost", "Somebody else has it by now"),
    UnknownProjection: Problem(HTTPStatus.NOT_FOUND, "unknown-projection", "There is no such projection"),
    **dict.fromkeys((RebuildRunning, NoRebuild), _wrong_state(_nothing)),
    **dict.fromkeys((WrongStatus, NotResumable, Settled, WrongState), _wrong_state(_status_found)),
    UnknownConsumer: Problem(HTTPStatus.NOT_FOUND, "unknown-consumer", "There is no such consumer"),
    UnknownLetter: Problem(HTTPStatus.NOT_FOUND, "unknown-letter", "There is no such dead letter"),
    InvalidWebhook: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-webhook", "The webhook cannot be as it is", _problems
    ),
    UnknownWebhook: Problem(HTTPStatus.NOT_FOUND, "unknown-webhook", "There is no such webhook"),
    TooManyWebhooks: Problem(HTTPStatus.CONFLICT, "too-many-webhooks", "There may be no more webhooks"),
    UnknownSubject: Problem(HTTPStatus.NOT_FOUND, "unknown-subject", "There is no such data subject"),
    UnknownKey: Problem(HTTPStatus.NOT_FOUND, "unknown-key", "There is no such API key"),
    RevisionConflict: Problem(
        HTTPStatus.PRECONDITION_FAILED,
        "revision-conflict",
        "Somebody else changed it first",
        lambda error: {"revision": error.found},
    ),
    Conflict: Problem(HTTPStatus.CONFLICT, "conflict", "Somebody else changed it first"),
    NotCaughtUp: Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "not-caught-up",
        "What you wrote does not show yet",
        lambda error: {"projection": error.projection, "version": error.found},
    ),
    TooMuch: _invalid_request(lambda error: _values(("from", str(error)))),
    IdempotencyAlreadyInProgressError: Problem(
        HTTPStatus.CONFLICT, "in-progress", "A request with this Idempotency-Key is under way"
    ),
    IdempotencyValidationError: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "key-reused", "This Idempotency-Key was used for another request"
    ),
}
_HIDDEN: Sequence[type[Exception]] = (
    RequestValidationError,
    RequestUnsupportedContentType,
    IdempotencyAlreadyInProgressError,
    IdempotencyValidationError,
)
"""Errors of libraries, whose messages are not for users."""


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """What an endpoint answers errors in: `schema` is a JSON Schema, `name` what the API's description calls it."""

    name: str
    media_type: str
    description: str
    schema: JSONObject


PROBLEM_SHAPE = ErrorShape(
    "Problem",
    MEDIA_TYPE,
    "A problem",
    {
        "type": "object",
        "description": "What went wrong (RFC 9457)",
        "required": ["type", "title", "status", "instance"],
        "properties": {
            "type": {
                "type": "string",
                "description": "Which kind of problem it is",
                "examples": ["urn:penstock:problem:not-found"],
            },
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "instance": {"type": "string", "description": "The request's id"},
            "detail": {"type": "string"},
            "problems": {
                "type": "array",
                "description": "All that is wrong with the request",
                "items": {
                    "type": "object",
                    "required": ["path", "rule", "message"],
                    "properties": {name: {"type": "string"} for name in ("path", "rule", "message")},
                },
            },
        },
    },
)

UNEXPECTED = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected", "Something went wrong here")


def problem_for(error: Exception) -> Problem:
    """The table's entry for an error: the nearest of its classes; UNEXPECTED when it has none."""
    return next((PROBLEMS[cls] for cls in type(error).__mro__ if cls in PROBLEMS), UNEXPECTED)


def answer(error: Exception, instance: str) -> Response[str]:
    """An error as an HTTP answer. `instance` is the request's id, to be found again in the logs."""
    if isinstance(error, ServiceError):
        status = HTTPStatus(error.status_code)
        return _response(Problem(status, status.phrase.lower().replace(" ", "-"), status.phrase), instance)
    problem = problem_for(error)
    is_public = problem is not UNEXPECTED and not isinstance(error, tuple(_HIDDEN))
    more = {"detail": str(error)} if is_public else {}
    return _response(problem, instance, {**more, **problem.details(error)})


def _response(problem: Problem, instance: str, more: JSONObject | None = None) -> Response[str]:
    body = {
        "type": f"urn:penstock:problem:{problem.slug}",
        "title": problem.title,
        "status": problem.status.value,
        "instance": instance,
        **(more or {}),
    }
    return Response(problem.status.value, MEDIA_TYPE, dumps(body).decode())
