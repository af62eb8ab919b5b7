"""HL7's simple data types → FHIR's: what a map's type column names in small letters.

Each takes a part and the run and returns the value, None where there is nothing to say. Raises BadValue.
"""

from collections.abc import Callable, Mapping
from datetime import time

from penstock.json import JSON, JSONObject
from penstock_healthcare.hl7 import BadValue, Timestamp, parse_number, parse_timestamp
from penstock_healthcare.mapping import codes
from penstock_healthcare.mapping.part import Part
from penstock_healthcare.mapping.run import Run, cleaned

Reader = Callable[[Part, Run], JSON]
DAY_OR_LESS = ("year", "month", "day")
_TIME_DIGITS = (4, 6)
_YES_NO = {"Y": True, "N": False}
_LARGEST_INTEGER = 2_147_483_647
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"


def string(part: Part, _: Run) -> str | None:
    """ST, IS, ID … as they are."""
    return part.value.strip() or None


def text(part: Part, _: Run) -> str | None:
    """TX, FT: line breaks of formatted text become line breaks."""
    return part.value.replace("\\.br\\", "\n").strip() or None


def surname(part: Part, _: Run) -> str | None:
    """XPN → its family name."""
    return part.text(1) or None


def street(part: Part, _: Run) -> str | None:
    """SAD, or an ST in its place: number and name of a street."""
    parts = [part.text(number) for number in ((3, 1, 2) if part.depth == 1 and len(part) > 1 else (1,))]
    return " ".join(text for text in parts if text) or None


def words(part: Part, _: Run) -> list[str]:
    """Names that blanks part."""
    return [word for word in part.value.split(" ") if word]


def date_time(part: Part, run: Run) -> str | None:
    """DTM → dateTime, as exact as it was sent; a time without an offset is in the run's zone."""
    stamp = _stamp(part)
    if stamp is None:
        return None
    return stamp.isoformat() if stamp.precision in DAY_OR_LESS else _instant(stamp, run)


def instant(part: Part, run: Run) -> str | None:
    """DTM → instant; None for one that is not exact enough to be one."""
    stamp = _stamp(part)
    return None if stamp is None or stamp.precision in DAY_OR_LESS else _instant(stamp, run)


def birth_time(part: Part, run: Run) -> str | None:
    """DTM → dateTime, where it tells more than the day."""
    return instant(part, run)


def date(part: Part, _: Run) -> str | None:
    """DT, DTM → date."""
    stamp = _stamp(part)
    return stamp.isoformat()[:10] if stamp else None


def clock_time(part: Part, __: Run) -> str:
    """TM → time."""
    digits, _, fraction = part.value.partition(".")
    try:
        if len(digits) not in _TIME_DIGITS or not digits.isdecimal() or not (fraction or "0").isdecimal():
            raise ValueError(digits)
        return time(int(digits[:2]), int(digits[2:4]), int(digits[4:] or 0)).isoformat() + (fraction and f".{fraction}")
    except ValueError:
        raise BadValue("TM", "HHMM[SS[.S]]") from None


def decimal(part: Part, _: Run) -> str | None:
    """NM as FHIR's decimal (`-?(0|[1-9]\\d*)(\\.\\d+)?`), every digit after the point kept."""
    return exact(part.value) if part.value else None


def exact(sent: str) -> str:
    """A decimal of FHIR's form for an NM's text. Raises BadValue."""
    return format(parse_number(sent), "f")


def integer(part: Part, _: Run) -> int | None:
    """NM → unsignedInt: a whole number."""
    if not part.value:
        return None
    number = parse_number(part.value)
    if number != int(number) or not 0 <= number <= _LARGEST_INTEGER:
        raise BadValue("NM", "a whole number")
    return int(number)


def positive(part: Part, run: Run) -> int | None:
    """NM → positiveInt."""
    found = integer(part, run)
    if found == 0:
        raise BadValue("NM", "a number from 1")
    return found


def boolean(part: Part, run: Run) -> bool | None:
    """ID of table 0136 → boolean."""
    value = part.value
    if value and value.upper() not in _YES_NO:
        run.note(run.at, "code-unknown", "left out: neither Y nor N")
    return _YES_NO.get(value.upper())


def type_code(part: Part, _: Run) -> JSONObject | None:
    """CX-5 and its like → an identifier's type (table 0203)."""
    return {"coding": [{"system": IDENTIFIER_TYPE, "code": part.value}]} if part.value else None


def issuer(part: Part, _: Run) -> JSONObject:
    """HD → an Identifier's `system` and `assigner`, for a dot as target."""
    namespace, universal = part.text(1), part.text(2)
    assigner = {"display": namespace} if namespace else None
    return cleaned(system=codes.authority(universal) if universal else None, assigner=assigner)


def entity_issuer(part: Part, _: Run) -> JSONObject:
    """EI-2 and EI-3 → as `issuer`; the part is the whole EI."""
    namespace, universal = part.text(2), part.text(3)
    assigner = {"display": namespace} if namespace else None
    return cleaned(system=codes.authority(universal) if universal else None, assigner=assigner)


def _stamp(part: Part) -> Timestamp | None:
    found = part.value.strip()
    return parse_timestamp(found) if found else None


def _instant(stamp: Timestamp, run: Run) -> str:
    """FHIR wants seconds and an offset wherever there is a time."""
    value = stamp.value if stamp.value.tzinfo else stamp.value.replace(tzinfo=run.zone)
    return value.isoformat(timespec="milliseconds" if stamp.precision == "fraction" else "seconds")


PLAIN: Mapping[str, Reader] = {
    "string": string,
    "text": text,
    "street": street,
    "surname": surname,
    "words": words,
    "dateTime": date_time,
    "instant": instant,
    "birthTime": birth_time,
    "date": date,
    "time": clock_time,
    "decimal": decimal,
    "integer": integer,
    "positive": positive,
    "boolean": boolean,
    "type": type_code,
    "issuer": issuer,
    "entityIssuer": entity_issuer,
}
