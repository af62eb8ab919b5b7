"""What can go wrong with resources; the tree is drawn in `penstock_healthcare.fhir`."""

from penstock.json import JSONObject


class FhirError(Exception):
    """Root of the tree."""


class NotMapped(FhirError):
    """Messages of this type have no mapping."""

    def __init__(self, message_type: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"there is no mapping of {message_type[:40] or 'a message without a type'}; {', '.join(known)} have one"
        )
        self.message_type, self.known = message_type, known


class InvalidResource(FhirError):
    """`path` says which part of a resource does not hold."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


class UnknownResource(FhirError):
    """No such resource, or no such version of it."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"there is no {reference}")
        self.reference = reference


class DeletedResource(FhirError):
    """The resource is deleted, or the version is its deletion."""

    def __init__(self, reference: str, version: int) -> None:
        super().__init__(f"{reference} is deleted")
        self.reference, self.version = reference, version


class NotChangeable(FhirError):
    """Resources of this type are kept as they were made."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"a resource of type {kind} is a record: it is neither changed nor deleted")
        self.kind = kind


class VersionConflict(FhirError):
    """The resource does not stand at the version that the change was meant for."""

    def __init__(self, reference: str, expected: int) -> None:
        super().__init__(f"{reference} does not stand at version {expected}")
        self.reference, self.expected = reference, expected


class UnknownType(FhirError):
    """FHIR R4 has no such type of resources."""

    def __init__(self, name: str) -> None:
        super().__init__(f"FHIR R4 has no resources of type {name[:64]}")
        self.name = name


class Rejected(FhirError):
    """A resource is not accepted: `issues` are those of an OperationOutcome. Unreadable ones are not even JSON."""

    def __init__(self, issues: tuple[JSONObject, ...], *, is_readable: bool = True) -> None:
        super().__init__(f"the resource has {len(issues)} faults")
        self.issues, self.is_readable = issues, is_readable


class InvalidSearch(FhirError):
    """A search cannot be done as it is asked; `parameter` says by which part."""

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(f"{parameter[:100]}: {reason}")
        self.parameter, self.reason = parameter[:100], reason


class SearchTooCostly(FhirError):
    """A search that must see all that it finds would read more resources than it may; `limit` is how many."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"the search would read more than {limit} resources: say more of what is wanted, as the patient"
        )
        self.limit = limit


class SeveralFound(FhirError):
    """A condition that may be met by one resource is met by several."""

    def __init__(self, condition: str) -> None:
        super().__init__(f"several resources meet the condition on {condition[:100]}")
        self.condition = condition


class InvalidBundle(FhirError):
    """A batch or transaction cannot be done as it is; `path` is a FHIRPath."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


class InvalidPatch(FhirError):
    """A patch cannot be applied; `path` says which operation, and which part of it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


class TimeTaken(FhirError):
    """Somebody who is needed is in another appointment then; `participant` is their reference."""

    def __init__(self, participant: str) -> None:
        super().__init__("a participant is in another appointment at that time")
        self.participant = participant


class WrongStatus(FhirError):
    """What is asked cannot be done with a resource in its status; `allowed` are those that it can be done in."""

    def __init__(self, status: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"its status is {status}; it must be {' or '.join(allowed)}")
        self.status, self.allowed = status, allowed


class NoDefinitions(FhirError):
    """The artifact of FHIR R4's definitions was not built, or is not one."""
