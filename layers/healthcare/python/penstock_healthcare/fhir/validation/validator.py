"""The whole, in order: R4's rules, and the profiles that are asked for."""

import threading
from collections.abc import Sequence

from penstock.json import JSONObject
from penstock_healthcare.fhir.definitions.registry import CORE, Definitions, r4
from penstock_healthcare.fhir.formats import read
from penstock_healthcare.fhir.node import Node, tree
from penstock_healthcare.fhir.validation import walk
from penstock_healthcare.fhir.validation.findings import ERROR, Finding
from penstock_healthcare.fhir.validation.session import Session, ordered
from penstock_healthcare.fhir.validation.terminology import Terminology


class Validator:
    """Keeps what it has compiled and expanded between resources. For one thread."""

    def __init__(self, definitions: Definitions | None = None) -> None:
        self.definitions = definitions or r4()
        self._terminology = Terminology(self.definitions)

    def validate(self, resource: JSONObject, profiles: Sequence[str] = ()) -> tuple[Finding, ...]:
        """All that is wrong with a resource, errors first, at most 500 findings. `profiles` are URLs."""
        root = tree(resource, self.definitions)
        if root is None:
            message = "resourceType must name a type of resource in FHIR R4."
            return (Finding(ERROR, "structure", "resource-type", "", message),)
        session = Session(self.definitions, self._terminology, root)
        walk.base(session, root)
        for url in profiles:
            self._apply(session, root, url)
        return ordered(tuple(session.findings))

    def validate_text(self, content: bytes, profiles: Sequence[str] = ()) -> tuple[Finding, ...]:
        """As `validate`, from JSON or XML."""
        found = read(content, self.definitions)
        faults = tuple(Finding(ERROR, "structure", each.rule, each.location, each.message) for each in found.faults)
        if found.resource is None:
            return faults
        return ordered(tuple(dict.fromkeys((*faults, *self.validate(found.resource, profiles)))))

    def _apply(self, session: Session, root: Node, url: str) -> None:
        profile = self.definitions.structure(url)
        if profile is None:
            session.error("not-found", "profile-unknown", root, f"The profile {url[:200]} is not known.")
        else:
            walk.apply(session, root, profile)


def is_valid(findings: Sequence[Finding]) -> bool:
    """Whether there is no error among them."""
    return all(each.severity != ERROR for each in findings)


class _OfThread(threading.local):
    """Each thread has a validator of its own: what it keeps is filled while it works."""

    validator: Validator | None = None


_OF_THREAD = _OfThread()


def _of_r4() -> Validator:
    if _OF_THREAD.validator is None:
        _OF_THREAD.validator = Validator()
    return _OF_THREAD.validator


def validate(resource: JSONObject, profiles: Sequence[str] = ()) -> tuple[Finding, ...]:
    """All that is wrong with a resource by R4's definitions. Raises NoDefinitions when they were not built."""
    return _of_r4().validate(resource, profiles)


def validate_text(content: bytes, profiles: Sequence[str] = ()) -> tuple[Finding, ...]:
    """As `validate`, from JSON or XML."""
    return _of_r4().validate_text(content, profiles)


__all__ = ["CORE", "Validator", "is_valid", "validate", "validate_text"]
