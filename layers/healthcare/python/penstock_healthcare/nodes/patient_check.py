"""healthcare.patient.check"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from penstock.json import Items, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.hl7 import NULL, BadValue, Segment, parse_timestamp
from penstock_healthcare.messages.errors import NoMessage
from penstock_healthcare.messages.sources import message_in

Rule = Literal["identifier", "name", "birth_date", "sex"]
_LONGEST_LIFE = 130


class Parameters(NodeParameters):
    """What must be known of the patient."""

    message: str | None = Field(
        default=None, description="The message, base64 or text; the item's `raw` when left out", max_length=6_000_000
    )
    require: tuple[Rule, ...] = Field(
        default=("identifier", "name", "birth_date"),
        min_length=1,
        description="identifier: PID-3 names one; name: PID-5 has a family or given name; birth_date: PID-7 is a date "
        "that a living person can have; sex: PID-8 is given",
    )


@node_type("healthcare.patient.check", kind=Kind.QUERY, parameters=Parameters, outputs=("ok", "problem"))
def check_patient(call: Call[Parameters]) -> Outcome:
    """Check that an HL7 v2 message says whose it is.

    Items leave by `ok` unchanged, or by `problem` with `reasons`: each with `path`, `rule` and `message`, none of which
    quotes the message. Fails when the message cannot be read.
    """
    ports: dict[str, Items] = {"ok": [], "problem": []}
    for index, (item, parameters) in enumerate(call.each()):
        if reasons := _reasons(index, item, parameters, call.now):
            ports["problem"].append({**item, "reasons": reasons})
        else:
            ports["ok"].append(item)
    return Emit(ports)


def _reasons(index: int, item: JSONObject, parameters: Parameters, now: datetime) -> list[JSONObject]:
    try:
        patients = message_in(item, parameters.message).segments("PID")
    except NoMessage as error:
        raise NodeFailure("NoMessage", f"item {index}: {error}", permanent=True) from error
    if not patients:
        return [{"path": "PID", "rule": "patient", "message": "the message has no PID segment"}]
    return [
        {"path": path, "rule": rule, "message": message}
        for rule in parameters.require
        for path, message in _RULES[rule](patients[0], now)
    ]


Found = Iterator[tuple[str, str]]


def _identifier(pid: Segment, _: datetime) -> Found:
    if not any(_is_given(repetition[1].value) for repetition in pid[3]):
        yield "PID-3", "no patient identifier"


def _name(pid: Segment, _: datetime) -> Found:
    if not any(_is_given(name[part].value) for name in pid[5] for part in (1, 2)):
        yield "PID-5", "neither a family name nor a given name"


def _birth_date(pid: Segment, now: datetime) -> Found:
    text = pid.value(7)
    if not _is_given(text):
        yield "PID-7", "no date of birth"
        return
    try:
        born = parse_timestamp(text).value.date()
    except BadValue as error:
        yield "PID-7", f"not a date: expected {error.expected}"
        return
    if born > now.date():
        yield "PID-7", "a date of birth in the future"
    elif now.year - born.year > _LONGEST_LIFE:
        yield "PID-7", f"a date of birth more than {_LONGEST_LIFE} years ago"


def _sex(pid: Segment, _: datetime) -> Found:
    if not _is_given(pid.value(8)):
        yield "PID-8", "no administrative sex"


def _is_given(text: str) -> bool:
    return text.strip() not in ("", NULL)


_RULES: Mapping[Rule, Callable[[Segment, datetime], Found]] = {
    "identifier": _identifier,
    "name": _name,
    "birth_date": _birth_date,
    "sex": _sex,
}
