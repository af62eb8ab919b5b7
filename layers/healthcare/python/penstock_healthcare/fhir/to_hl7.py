"""FHIR R4 resources → an HL7 v2 message: ADT, ORU and SIU, by the maps that read those."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir.definitions import r4
from penstock_healthcare.fhir.errors import InvalidResource, NotMapped
from penstock_healthcare.hl7 import Message, Separators, format_timestamp, parse
from penstock_healthcare.hl7.escapes import escape
from penstock_healthcare.hl7.standard import structure_name
from penstock_healthcare.mapping import shape, tables
from penstock_healthcare.mapping.backward import Tree
from penstock_healthcare.mapping.outlines import OUTLINES, Resources, Told
from penstock_healthcare.mapping.writing import Fields, write

MARKS = Separators()
_NUMBERED = frozenset(
    ["PID", "NK1", "PV1", "OBX", "AL1", "DG1", "PR1", "IN1", "OBR", "SPM", "NTE", "RGS", "AIS", "AIG", "AIL", "AIP"]
)
"""Segments whose first field counts them."""
_RENUMBERED = MappingProxyType({"OBR": ("OBX", "NTE", "SPM"), "OBX": ("NTE",), "SCH": ("NTE",)})
"""Segments after which these count from 1 again."""
_DEFAULTS: MappingProxyType[str, Fields] = MappingProxyType(
    {"ORC": {1: ["RE"]}, "AIS": {2: ["A"]}, "AIG": {2: ["A"]}, "AIL": {2: ["A"]}, "AIP": {2: ["A"]}}
)
"""What the standard requires and FHIR has no element for."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Who sends the message to whom, and how it is written. Parties are MSH-3 … MSH-6, encoded."""

    sending_application: str = "PENSTOCK"
    sending_facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    version: str = "2.5.1"
    processing: str = "P"


def to_hl7(
    resources: JSONObject | Iterable[JSONObject],
    message_type: str,
    *,
    control_id: str,
    timestamp: datetime,
    profile: Profile = Profile(),
) -> Message:
    """A message of `message_type` (`ADT_A01`, `ORU^R01`) that says what a Bundle or a set of resources says.

    What the type has no segment for stays behind. Raises NotMapped for a type that is not written, InvalidResource for
    a document that is neither a Bundle nor resources, NoDefinitions where R4's are not built.
    """
    kind, _, event = message_type.replace("_", "^").partition("^")
    if kind not in OUTLINES or not event:
        raise NotMapped(message_type, tuple(f"{name}_…" for name in OUTLINES))
    found = _resources(resources)
    header = _header(kind, event, control_id, timestamp, profile)
    told = list(OUTLINES[kind](found, event))
    lines = [header, *_lines(told, found, event, timestamp)]
    return parse("\r".join(lines) + "\r")


def _resources(given: JSONObject | Iterable[JSONObject]) -> Resources:
    listed = _entries(given) if isinstance(given, dict) else [("", each) for each in given]
    known: dict[str, JSONObject] = {}
    for url, resource in listed:
        if not isinstance(resource, dict):
            raise InvalidResource("resource", "must be an object")
        shape.check(resource, r4())
        known |= {name: resource for name in (url, f"{resource['resourceType']}/{resource.get('id', '')}") if name}

    def resolve(reference: JSON) -> JSONObject | None:
        return known.get(str(reference.get("reference", ""))) if isinstance(reference, dict) else None

    return Resources(tuple(resource for _, resource in listed), resolve)


def _entries(given: JSONObject) -> list[tuple[str, JSONObject]]:
    if given.get("resourceType") != "Bundle":
        return [("", given)]
    entries = given.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise InvalidResource("entry", "must be a list of entries")
    return [(str(each.get("fullUrl", "")), each["resource"]) for each in entries if "resource" in each]


def _header(kind: str, event: str, control_id: str, timestamp: datetime, profile: Profile) -> str:
    structure = structure_name(kind, event, "", profile.version) or f"{kind}_{event}"
    parties = (
        profile.sending_application,
        profile.sending_facility,
        profile.receiving_application,
        profile.receiving_facility,
    )
    written = (format_timestamp(timestamp), "", f"{kind}^{event}^{structure}", _leaf(control_id))
    tail = (profile.processing, profile.version, "", "", "", "", "", "UNICODE UTF-8")
    return "|".join(("MSH", MARKS.encoding_characters, *parties, *written, *tail))


def _lines(told: Sequence[Told], resources: Resources, event: str, timestamp: datetime) -> list[str]:
    counts: Counter[str] = Counter()
    lines = []
    for name, maps in told:
        fields: Fields = {}
        if name in _NUMBERED:
            counts[name] += 1
            fields[1] = [str(counts[name])]
        if name == "EVN":
            fields |= {1: [event], 2: [format_timestamp(timestamp)]}
        fields |= _DEFAULTS.get(name, {})
        own = len(fields)
        for map_name, obj in maps:
            write(tables.segment(map_name), obj, resources.resolve, fields)
        if len(fields) == own and maps and name in _OPTIONAL:
            counts[name] -= 1
            continue
        for after in _RENUMBERED.get(name, ()):
            counts[after] = 0
        lines.append(_segment(name, fields))
    return lines


def _segment(name: str, fields: Fields) -> str:
    numbers = range(1, max(fields, default=0) + 1)
    texts = [MARKS.repetition.join(_encoded(each, 0) for each in fields.get(number, ())) for number in numbers]
    return "|".join((name, *texts)).rstrip("|")


def _encoded(tree: Tree, depth: int) -> str:
    """Encoded text of a repetition (depth 0), a component (1) or a subcomponent (2)."""
    if not isinstance(tree, dict):
        return _leaf(tree)
    if depth == 2:
        return next((_encoded(part, 2) for _, part in sorted(tree.items())), "")
    mark = MARKS.component if depth == 0 else MARKS.subcomponent
    parts = [_encoded(tree.get(number, ""), depth + 1) for number in range(1, max(tree, default=0) + 1)]
    return mark.join(parts).rstrip(mark)


def _leaf(text: str) -> str:
    return escape(str(text), MARKS)


_OPTIONAL = frozenset({"PD1", "PV2", "MRG", "NTE", "NK1"})
"""Segments that are left out when they would say nothing."""
