"""A dead letter: what a consumer's queue gave up on, and whose it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from penstock.events.errors import InvalidStreamId
from penstock.events.model import StreamId
from penstock.json import JSON, JSONObject, dumps, loads
from penstock.letters.errors import InvalidLetter

LARGEST_BODY = 256 * 1024  # bytes, SQS's own


class Status(StrEnum):
    """What has become of a letter."""

    WAITING = "waiting"
    REDRIVEN = "redriven"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in a consumer's dead-letter queue.

    `sent` and `first_received` are SQS's (UTC), None where it does not tell. `receives` counts every receive, also
    those by people who looked. `receipt` is what it is deleted by, while whoever received it holds it.
    """

    consumer: str
    id: str
    body: str
    receipt: str
    receives: int = 0
    sent: datetime | None = None
    first_received: datetime | None = None

    @property
    def stream(self) -> StreamId | None:
        """The stream that the body names; None when it names none, and then the letter is nobody's."""
        return address(self.body)


@dataclass(frozen=True, slots=True)
class Form:
    """One of the messages that consumers take: where it names its stream, and what else it must have."""

    stream: Callable[[JSONObject], StreamId]
    check: Callable[[JSONObject], None]


def _nudge(body: JSONObject) -> None:
    _number(body.get("commit", 0))


def _heard(body: JSONObject) -> None:
    _number(body["detail"]["version"])


def _fired(body: JSONObject) -> None:
    for name in ("node", "time"):
        if not isinstance(body["schedule"][name], str):
            raise ValueError("must be a text")


def _delivered(body: JSONObject) -> None:
    _number(body["delivery"]["version"])
    if not isinstance(body["delivery"]["webhook"], str):
        raise ValueError("must be a text")


def _number(value: JSON) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("must be a whole number")


FORMS: Mapping[str, Form] = {
    "stream": Form(lambda body: StreamId.parse(body["stream"]), _nudge),
    "detail": Form(lambda body: StreamId.parse(body["detail"]["stream"]), _heard),
    "delivery": Form(lambda body: StreamId.parse(body["delivery"]["stream"]), _delivered),
    "schedule": Form(
        lambda body: StreamId(body["schedule"]["tenant"], "workflow", body["schedule"]["workflow"]), _fired
    ),
}
"""A nudge, an event as the bus wraps it, a delivery to a webhook, a schedule that fired: each by the one member that
only it has."""

_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, InvalidStreamId)


def address(body: str) -> StreamId | None:
    """The stream that a message names, in whichever form; None as well when it could be read in two."""
    try:
        parsed = loads(body)
        return FORMS[_form(parsed)].stream(parsed)
    except _UNREADABLE:
        return None


def checked(body: JSONObject, letter: Letter) -> str:
    """A body that takes the place of the letter's, as text. Raises InvalidLetter unless its consumer can read it.

    It must be of the same form, and name a stream of the same tenant: nobody wakes another's.
    """
    text = dumps(body)
    if len(text) > LARGEST_BODY:
        raise InvalidLetter("body", f"is over {LARGEST_BODY} bytes")
    form = _form(loads(letter.body))
    if _form(body) != form:
        raise InvalidLetter("body", f"must be of the letter's own form: it has `{form}`, and no member of another form")
    try:
        stream = FORMS[form].stream(body)
        FORMS[form].check(body)
    except _UNREADABLE as error:
        raise InvalidLetter(
            f"body.{form}", "no consumer can read it: something is missing or of another type"
        ) from error
    if letter.stream is None or stream.tenant != letter.stream.tenant:
        raise InvalidLetter(f"body.{form}", "names a stream of another tenant")
    return text.decode()


def _form(body: JSON) -> str:
    """The form's name; "" for none and for more than one."""
    found = FORMS.keys() & body.keys()
    return next(iter(found)) if len(found) == 1 else ""
