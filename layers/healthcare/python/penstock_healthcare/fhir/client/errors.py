"""What can go wrong with another server; the tree is drawn in `penstock_healthcare.fhir.client`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """What an OperationOutcome says, as far as it can hold no patient's data: codes, and places in a resource."""

    severity: str
    code: str
    places: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.code} at {', '.join(self.places)}" if self.places else self.code


class ClientError(Exception):
    """Root of the tree. `permanent`: the same request will fail again."""

    permanent = True


class Unreachable(ClientError):
    """No whole reply."""

    def __init__(self, what: str, reason: str, *, permanent: bool) -> None:
        super().__init__(f"{what}: {reason}")
        self.permanent = permanent


class _Answered(ClientError):
    """The server answered, and not as was wanted."""

    def __init__(self, what: str, status: int, issues: tuple[Issue, ...] = ()) -> None:
        told = f" ({'; '.join(map(str, issues))})" if issues else ""
        super().__init__(f"{what} was answered {status}{told}")
        self.status, self.issues = status, issues


class Busy(_Answered):
    """The server has too much to do."""

    permanent = False

    def __init__(
        self, what: str, status: int, issues: tuple[Issue, ...] = (), retry_after: float | None = None
    ) -> None:
        super().__init__(what, status, issues)
        self.retry_after = retry_after


class ServerFailed(_Answered):
    """The server is at fault."""

    permanent = False


class NotAuthorized(_Answered):
    """The credentials do not hold, or not for this."""


class NotThere(_Answered):
    """There is no such resource, or no longer."""


class ChangedMeanwhile(_Answered):
    """The resource stands at another version than was meant."""


class Refused(_Answered):
    """The server will not do this."""


class NotSigned(ClientError):
    """There is nothing to sign with; what was meant was not sent."""

    permanent = False

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")


class TokenRefused(ClientError):
    """No token is given; `code` is OAuth's error where it is one of those."""

    def __init__(self, what: str, reason: str, code: str = "") -> None:
        super().__init__(f"{what}: {reason}")
        self.code = code


class NoDiscovery(ClientError):
    """It is not said where tokens are given, or not for such clients."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")


class SeveralMeet(ClientError):
    """More than one resource meets a condition that is meant for one."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: more than one resource meets the condition")


class UnreadableAnswer(ClientError):
    """What came is not what was asked for."""

    permanent = False

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")


class LinkRefused(ClientError):
    """The next page is not followed."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")


class NotSupported(ClientError):
    """The vendor is known not to serve this."""

    def __init__(self, vendor: str, reason: str) -> None:
        super().__init__(f"{vendor}: {reason}")
