"""What the nodes that call outside FHIR servers share: the connection they name, and failures as nodes tell them."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from penstock.http.guard import Guard
from penstock.json import JSONObject
from penstock.workflows.node import Call, NodeFailure, NodeParameters
from penstock_healthcare.fhir.connections.errors import DatastoreNotAllowed, UnknownConnection
from penstock_healthcare.phi.errors import NotOpened

if TYPE_CHECKING:
    from penstock_healthcare.fhir.client.answers import Written
    from penstock_healthcare.fhir.client.client import FhirClient
    from penstock_healthcare.fhir.client.transport import Sender

CONNECTION_NAME = r"^[a-z][a-z0-9_-]{0,62}$"
TYPE_NAME = r"^[A-Z][A-Za-z]{1,63}$"
REFERENCE = r"^[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.-]{1,256}$"
WHOLE_SECONDS = 30.0
"""For all items of a run: less than the function that runs it has."""


class EhrParameters(NodeParameters):
    """Which server, and how long one answer may take."""

    connection: str = Field(pattern=CONNECTION_NAME, description="The FHIR connection's name, as it was set up")
    timeout_seconds: float = Field(
        default=20, gt=0, le=WHOLE_SECONDS, description="For one answer; all items together have 30 s"
    )


class WritingParameters(EhrParameters):
    """Whether it may be written twice when nobody can tell whether it was written once."""

    duplicates: Literal["refuse", "accept"] = Field(
        default="refuse",
        description="refuse: what a run that is done again could make twice is not sent; accept: it is",
    )


@dataclass
class Servers:
    """The clients of one run, by connection. Use `servers` to make them."""

    call: Call[Any]
    sender: "Sender"
    guard: Guard
    _clients: dict[str, "FhirClient"] = field(default_factory=dict)

    def client(self, name: str) -> "FhirClient":
        """The client of a connection. Raises UnknownConnection, DatastoreNotAllowed, NotOpened."""
        from penstock_healthcare.fhir.connections.datastores import Datastores
        from penstock_healthcare.fhir.connections.service import Connections

        if name not in self._clients:
            have = self.call.services
            allowed = Datastores.from_environment(os.environ)
            known = Connections(have.store, have.keyring, self.guard, signer=have.signer, datastores=allowed)
            self._clients[name] = known.open(self.call.tenant, name, self.sender)
        return self._clients[name]


@contextmanager
def servers(call: Call[Any]) -> Iterator[Servers]:
    """What lets the items of a run reach their servers, over connections that they share."""
    from penstock.http.exchange import Session
    from penstock_healthcare.fhir.client.transport import Bounds, Sender

    guard = Guard.from_environment(os.environ)
    seconds = max((each.timeout_seconds for each in call.resolved), default=WHOLE_SECONDS)
    with ExitStack() as stack:
        session = stack.enter_context(Session(guard))
        yield Servers(call, Sender(session, Bounds(seconds=seconds, whole=WHOLE_SECONDS)), guard)


@contextmanager
def told(index: int) -> Iterator[None]:
    """What goes wrong with an item's call, as a node tells it: with the item's number, and no patient's data."""
    from penstock_healthcare.fhir.client.client import BadName
    from penstock_healthcare.fhir.client.errors import ClientError

    try:
        yield
    except ClientError as failed:
        raise NodeFailure(type(failed).__name__, f"item {index}: {failed}", permanent=failed.permanent) from None
    except BadName as bad:
        raise NodeFailure("InvalidResource", f"item {index}: {bad}", permanent=True) from None
    except (UnknownConnection, DatastoreNotAllowed, NotOpened) as unknown:
        reason = f"item {index}: connection: {unknown}"
        raise NodeFailure(type(unknown).__name__, reason, permanent=True) from None


def given(index: int, item: JSONObject, name: str, parameter: JSONObject | None) -> JSONObject:
    """The parameter, or the item's field of that name. Raises NodeFailure when neither is a FHIR resource."""
    found = item.get(name) if parameter is None else parameter
    if not isinstance(found, dict) or not isinstance(found.get("resourceType"), str):
        raise NodeFailure("NoResource", f"item {index}: {name}: must be a FHIR resource", permanent=True)
    return found


def shown(done: "Written") -> JSONObject:
    """What became of a write, as items tell it."""
    return {"reference": done.reference, "version": done.version, "created": done.is_created}
