"""What a line of a map cannot say: the lines of type `@…`, which read several fields of a segment together."""

import base64
from collections.abc import Callable, Mapping

from penstock.json import JSONObject
from penstock_healthcare.hl7 import NULL, BadValue, Segment
from penstock_healthcare.mapping import primitives as to
from penstock_healthcare.mapping.datatypes import minutes
from penstock_healthcare.mapping.observed import content_type, fill_value
from penstock_healthcare.mapping.part import Part
from penstock_healthcare.mapping.run import Run, cleaned

_BASE64_MOST = 8_000_000


def duration(segment: Segment, run: Run, place: str, obj: JSONObject) -> None:
    """SCH-9 and SCH-10 → minutesDuration."""
    if not segment.value(9):
        return
    try:
        length = minutes(segment.value(9), segment.value(10))
    except BadValue as error:
        run.note(f"{place}-9", f"datatype-{error.datatype}", f"left out: expected {error.expected}")
        return
    if length is None or length < 1 or length != int(length) or length > 2_147_483_647:
        run.note(f"{place}-9", "duration", "left out: FHIR wants whole minutes")
    else:
        obj.setdefault("minutesDuration", int(length))


def comment(segment: Segment, run: Run, _: str, obj: JSONObject) -> None:
    """NTE-3 → a line of the appointment's comment."""
    sent = segment.fields[3].split(segment.separators.repetition) if len(segment) >= 3 else []
    texts = [to.text(Part(raw, segment.separators, segment.codec), run) for raw in sent if raw != NULL]
    lines = [obj["comment"]] if "comment" in obj else []
    if found := [*lines, *(text for text in texts if text)]:
        obj["comment"] = "\n".join(found)


def document(segment: Segment, run: Run, place: str, obj: JSONObject) -> None:
    """OBX-5 → an attachment: data in Base64 (ED), a pointer (RP), or text."""
    sent = segment.fields[5].split(segment.separators.repetition) if len(segment) >= 5 else []
    parts = [Part(raw, segment.separators, segment.codec) for raw in sent if raw and raw != NULL]
    if not parts:
        return
    kind = segment.value(2).upper()
    if kind in _ATTACHMENTS:
        found = _ATTACHMENTS[kind](parts[0], run, f"{place}-5")
    else:
        found = _words("\n".join(text for part in parts if (text := to.text(part, run))))
    if found:
        obj["attachment"] = {**found, **obj.get("attachment", {})}


def _data(part: Part, run: Run, path: str) -> JSONObject:
    kind, data = content_type(part.text(2), part.text(3)), part.text(5)
    try:
        if part.text(4).lower() != "base64" or len(data) > _BASE64_MOST:
            raise ValueError(path)
        base64.b64decode(data, validate=True)
    except ValueError:
        run.note(path, "datatype-ED", "kept as text: expected data in Base64")
        return _words(data)
    return cleaned(contentType=kind, data=data)


def _pointer(part: Part, _: Run, __: str) -> JSONObject:
    return cleaned(contentType=content_type(part.text(3), part.text(4)), url=part.text(1))


def _words(text: str) -> JSONObject:
    return {"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode()} if text else {}


_ATTACHMENTS: Mapping[str, Callable[[Part, Run, str], JSONObject]] = {"ED": _data, "RP": _pointer}
WHOLE: Mapping[str, Callable[[Segment, Run, str, JSONObject], None]] = {
    "@observed": fill_value,
    "@minutes": duration,
    "@comment": comment,
    "@document": document,
}
