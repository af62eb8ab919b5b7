"""A server of somebody else's, and clients of it that neither wait nor leave this machine."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from penstock.http.exchange import Session
from penstock.http.guard import Guard
from penstock_healthcare.fhir.client.authorization import Nobody
from penstock_healthcare.fhir.client.client import FhirClient
from penstock_healthcare.fhir.client.transport import Bounds, Sender
from penstock_healthcare.fhir.client.vendor import vendors
from tests.unit.healthcare.fhir.client.ehr import Ehr, running

GUARD = Guard(frozenset({"127.0.0.1"}))
Connect = Callable[..., FhirClient]


@pytest.fixture
def ehr() -> Iterator[Ehr]:
    with running() as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    """How long clients would have waited."""
    return []


@pytest.fixture
def connect(ehr: Ehr, waits: list[float]) -> Iterator[Connect]:
    """`connect(vendor, authorizer=…, bounds=…)`: a client of the server."""
    with Session(GUARD) as session:

        def make(
            vendor: str = "generic", *, authorizer: Any = None, bounds: Bounds | None = None, **more: Any
        ) -> FhirClient:
            sender = Sender(session, bounds or Bounds(), sleep=waits.append, chance=lambda: 1.0, **more)
            return FhirClient(ehr.base, vendors()[vendor], authorizer or Nobody(), sender)

        yield make
