"""What a sender has agreed to beside the standard, as data. Not imported by the package itself: it needs pydantic.

    {"name": "Ward lab", "senders": [{"application": "LAB", "facility": "HOSP"}], "messages": ["ORU^R01"],
     "rules": [{"path": "PID-7", "usage": "required"},
               {"path": "OBX-8", "values": ["L", "H", "LL", "HH"], "severity": "warning"},
               {"path": "OBX-5", "longest": 20, "when": {"path": "OBX-2", "values": ["ST"]}}],
     "ignore": [{"rule": "length"}, {"rule": "withdrawn", "path": "PID-2"}]}

A rule holds for each occurrence of its segment and each repetition of its field. Its findings name the profile, never
the message's content.
"""

from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from penstock_healthcare.hl7.errors import BadPath, BadProfile
from penstock_healthcare.hl7.finding import Finding, Level
from penstock_healthcare.hl7.message import Message
from penstock_healthcare.hl7.path import Path, parse_path
from penstock_healthcare.hl7.segment import Segment
from penstock_healthcare.hl7.separators import is_header

LARGEST = 1_000_000
"""Bytes of a profile."""

_ANY = "*"


def _is_path(text: str) -> str:
    try:
        path = parse_path(text)
    except BadPath as error:
        raise ValueError(error.reason) from error
    if path.occurrence:
        raise ValueError("a rule holds for every occurrence of its segment")
    return text


Place = Annotated[str, StringConstraints(max_length=200), AfterValidator(_is_path)]
Text = Annotated[str, StringConstraints(max_length=200)]
Values = Annotated[frozenset[Text], Field(min_length=1, max_length=10_000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sender(_Part):
    """MSH-3 and MSH-4; what is left out is any."""

    application: Text = _ANY
    facility: Text = _ANY


class Condition(_Part):
    """A place in the same segment that has one of the values."""

    path: Place
    values: Values


class Rule(_Part):
    """What is asked of one segment, field, component or subcomponent."""

    path: Place
    usage: Literal["required", "optional", "forbidden"] = "optional"
    values: Values | None = None
    shortest: int = Field(default=0, ge=0, description="In characters of the plain text")
    longest: int | None = Field(default=None, ge=1, description="In characters of the plain text")
    most: int | None = Field(default=None, ge=1, description="Repetitions of a field, occurrences of a segment")
    when: Condition | None = None
    severity: Level = "error"


class Ignored(_Part):
    """Findings of the standard's that do not count: by rule, by rule and field, or all of a field."""

    rule: Text | None = None
    path: Place | None = None


class Profile(_Part):
    """One agreement. It applies to messages of its senders and types; an empty list is any."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    description: Annotated[str, StringConstraints(max_length=2_000)] = ""
    senders: tuple[Sender, ...] = Field(default=(), max_length=1_000)
    messages: tuple[Text, ...] = Field(default=(), max_length=1_000, description="ORU^R01, or ADT for all its events")
    rules: tuple[Rule, ...] = Field(default=(), max_length=1_000)
    ignore: tuple[Ignored, ...] = Field(default=(), max_length=1_000)

    def applies_to(self, message: Message) -> bool:
        """Whether sender and type are among those named."""
        return self._has_sender(message.value("MSH-3"), message.value("MSH-4")) and self._has_type(message.type)

    def keeps(self, finding: Finding) -> bool:
        """False for what is to be ignored."""
        places = {finding.path, _bare(finding.path)}
        return not any(
            each.rule in (None, finding.rule) and (each.path is None or each.path in places) for each in self.ignore
        )

    def check(self, message: Message) -> Iterator[Finding]:
        """Findings of all rules, in their order."""
        for rule, path in self._compiled:
            segments = message.segments(path.segment)
            yield from self._check_segments(rule, path, segments) if not path.field else ()
            for index, segment in enumerate(segments if path.field else ()):
                if rule.when is None or _holds(rule.when, segment):
                    place = f"{path.segment}[{index}]" if index else path.segment
                    yield from self._check_field(rule, path, segment, place)

    @cached_property
    def _compiled(self) -> tuple[tuple[Rule, Path], ...]:
        return tuple((rule, parse_path(rule.path)) for rule in self.rules)

    def _has_sender(self, application: str, facility: str) -> bool:
        return not self.senders or any(
            each.application in (_ANY, application) and each.facility in (_ANY, facility) for each in self.senders
        )

    def _has_type(self, name: str) -> bool:
        return not self.messages or name in self.messages or name.partition("^")[0] in self.messages

    def _check_segments(self, rule: Rule, path: Path, segments: list[Segment]) -> Iterator[Finding]:
        found = [segment for segment in segments if rule.when is None or _holds(rule.when, segment)]
        if rule.usage == "required" and not found:
            yield self._finding(rule, path.segment, "required", "asks for this segment", "100")
        if rule.usage == "forbidden" and found:
            yield self._finding(rule, path.segment, "forbidden", "does not allow this segment", "100")
        if rule.most and len(found) > rule.most:
            yield self._finding(
                rule, f"{path.segment}[{rule.most}]", "repetitions", f"allows it {rule.most} times", "100"
            )

    def _check_field(self, rule: Rule, path: Path, segment: Segment, place: str) -> Iterator[Finding]:
        where = f"{place}-{path.field}"
        if rule.most and len(segment[path.field]) > rule.most:
            yield self._finding(rule, where, "repetitions", f"allows it {rule.most} times", "199")
        tail = "".join(f".{number}" for number in (path.component, path.subcomponent)[: path.depth - 1])
        for index, value in _values(segment, path):
            spot = f"{where}[{index}]{tail}" if index else f"{where}{tail}"
            broken = next((each for each in _TESTS if each[1](rule, value)), None)
            if broken:
                name, _, text, code = broken
                yield self._finding(rule, spot, name, text(rule), code)

    def _finding(self, rule: Rule, path: str, name: str, text: str, code: str) -> Finding:
        return Finding(path, rule.severity, f"profile-{name}", f"the profile {self.name} {text}", code)


_TESTS: tuple[tuple[str, Callable[[Rule, str], bool], Callable[[Rule], str], str], ...] = (
    ("required", lambda rule, value: rule.usage == "required" and not value, lambda _: "asks for a value", "101"),
    ("forbidden", lambda rule, value: rule.usage == "forbidden" and bool(value), lambda _: "allows no value", "199"),
    (
        "values",
        lambda rule, value: bool(value) and rule.values is not None and value not in rule.values,
        lambda _: "does not have the code",
        "103",
    ),
    (
        "length",
        lambda rule, value: bool(value) and not rule.shortest <= len(value) <= (rule.longest or len(value)),
        lambda rule: f"asks for {rule.shortest} to {rule.longest or 'any number of'} characters",
        "104",
    ),
)
"""Name, whether a value breaks the rule, what is said then, the table 0357 code; the first that is broken is told."""


@lru_cache(maxsize=64)
def read_profile(content: bytes | str) -> Profile:
    """A profile from its JSON, compiled once for the same content; raises `BadProfile`."""
    if len(content) > LARGEST:
        raise BadProfile([f"a profile has at most {LARGEST} bytes"])
    try:
        return Profile.model_validate_json(content)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, each['loc'])) or '$'}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors()
        ]
        raise BadProfile(problems) from error


def _values(segment: Segment, path: Path) -> Iterator[tuple[int, str]]:
    """The leaf in each repetition, or in the one that the path names; "" where there is none."""
    if path.repeats or (path.field <= 2 and is_header(segment.id)):
        yield path.repetition, segment.value(path.field, path.repetition, path.component, path.subcomponent)
        return
    field = segment[path.field]
    if field.is_empty:
        yield 0, ""
    for index, each in enumerate(field):
        yield index, each[path.component][path.subcomponent].value


def _holds(condition: Condition, segment: Segment) -> bool:
    path = parse_path(condition.path)
    value = segment.value(path.field, path.repetition, path.component, path.subcomponent)
    return segment.id == path.segment and value in condition.values


def _bare(path: str) -> str:
    """`PID-3` of `PID[1]-3[2].4`."""
    segment, _, field = path.partition("-")
    number = field.replace("[", ".").partition(".")[0]
    return f"{segment[:3]}-{number}" if number else segment[:3]
