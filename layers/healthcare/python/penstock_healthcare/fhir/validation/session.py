"""What one validation knows, and what it has found: bounded in findings and in steps."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from penstock_healthcare.fhir.definitions.registry import Definitions
from penstock_healthcare.fhir.node import Node
from penstock_healthcare.fhir.resolving import Resolver
from penstock_healthcare.fhir.validation.findings import ERROR, INFORMATION, WARNING, Finding
from penstock_healthcare.fhir.validation.terminology import Terminology

MOST_FINDINGS = 500
MOST_STEPS = 5_000_000
STEPS_A_NODE = 500


@dataclass
class Session:
    """`trial` ones, made to see whether a node would conform, stop at the first error."""

    definitions: Definitions
    terminology: Terminology
    root: Node
    findings: dict[Finding, None] = field(default_factory=dict)
    seen: set[tuple[int, str]] = field(default_factory=set)
    steps: int = MOST_STEPS
    depth: int = 0

    def find(self, severity: str, code: str, rule: str, node: Node | str, message: str) -> None:
        """Keep a finding, once."""
        if len(self.findings) < MOST_FINDINGS:
            location = node if isinstance(node, str) else node.location()
            self.findings[Finding(severity, code, rule, location, message)] = None

    def error(self, code: str, rule: str, node: Node | str, message: str) -> None:
        """Keep an error."""
        self.find(ERROR, code, rule, node, message)

    def warn(self, code: str, rule: str, node: Node | str, message: str) -> None:
        """Keep a warning."""
        self.find(WARNING, code, rule, node, message)

    def note(self, code: str, rule: str, node: Node | str, message: str) -> None:
        """Keep what is worth knowing."""
        self.find(INFORMATION, code, rule, node, message)

    def once(self, node: Node, key: str) -> bool:
        """Whether this is the first time that a rule is held against a node."""
        mark = (id(node), key)
        if mark in self.seen:
            return False
        self.seen.add(mark)
        return True

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return sum(each.severity == ERROR for each in self.findings)

    def trial(self) -> "Session":
        """A session beside this one, to see whether a node conforms."""
        return Session(
            self.definitions, self.terminology, self.root, steps=min(self.steps, MOST_STEPS // 10), depth=self.depth + 1
        )

    @cached_property
    def resolver(self) -> Resolver:
        """Where references lead."""
        return Resolver(self.root)


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Errors first, each kind in the order of its finding."""
    rank = {ERROR: 0, WARNING: 1, INFORMATION: 2}
    return tuple(sorted(findings, key=lambda each: rank.get(each.severity, 0)))
