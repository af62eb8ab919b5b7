"""Sealed fields: they open for their tenant and purpose, and for nobody else."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from penstock.aws.keyring import DynamoKeyring
from penstock.events.keyring import MemoryKeyring, family_of
from penstock_healthcare.phi import NotOpened
from penstock_healthcare.phi.sealing import LARGEST_FIELD, FieldSeal
from tests.contract.conftest import ON_MOTO

SSN = "987-65-4320"


def _memory(_: Callable[..., None]) -> Iterator[FieldSeal]:
    yield FieldSeal(MemoryKeyring())


def _moto(create_tables: Callable[..., None]) -> Iterator[FieldSeal]:
    with mock_aws():
        dynamodb, kms = boto3.client("dynamodb", **ON_MOTO), boto3.client("kms", **ON_MOTO)
        create_tables(dynamodb, "events", "views", "keys")
        yield FieldSeal(DynamoKeyring(dynamodb, "keys", lambda: kms, kms.create_key()["KeyMetadata"]["Arn"]))


@pytest.fixture(params=[_memory, _moto], ids=["memory", "moto"])
def seal(request: pytest.FixtureRequest, create_tables: Callable[..., None]) -> Iterator[FieldSeal]:
    yield from request.param(create_tables)


def test_a_field_opens_as_it_was(seal: FieldSeal) -> None:
    sealed = seal.seal("acme", "billing", SSN)
    assert SSN not in sealed
    assert seal.open("acme", "billing", sealed) == SSN
    assert seal.seal("acme", "billing", SSN) != sealed, "equal fields must not look alike"
    assert seal.seal("acme", "billing", sealed) == sealed


@pytest.mark.parametrize(("tenant", "purpose"), [("other", "billing"), ("acme", "research")])
def test_it_opens_for_no_other_tenant_and_purpose(seal: FieldSeal, tenant: str, purpose: str) -> None:
    sealed = seal.seal("acme", "billing", SSN)
    seal.seal(tenant, purpose, "so that it has a key")
    with pytest.raises(NotOpened) as caught:
        seal.open(tenant, purpose, sealed)
    assert SSN not in str(caught.value)


@pytest.mark.parametrize(
    "change", [lambda text: text[:-6] + "AAAA" + text[-2:], lambda _: SSN, lambda _: "sealed:1:x:y"]
)
def test_what_was_changed_does_not_open(seal: FieldSeal, change: object) -> None:
    assert callable(change)
    with pytest.raises(NotOpened):
        seal.open("acme", "billing", change(seal.seal("acme", "billing", SSN)))


def test_ending_the_purposes_keys_shreds_its_fields_alone() -> None:
    keyring = MemoryKeyring()
    seal = FieldSeal(keyring)
    billing, research = (seal.seal("acme", purpose, SSN) for purpose in ("billing", "research"))
    keyring.end("acme", family_of(keyring, "acme", "phi field billing"))
    with pytest.raises(NotOpened):
        seal.open("acme", "billing", billing)
    assert seal.open("acme", "research", research) == SSN
    assert seal.open("acme", "billing", seal.seal("acme", "billing", SSN)) == SSN, "a new key follows the ended one"


def test_a_field_has_a_limit(seal: FieldSeal) -> None:
    with pytest.raises(ValueError, match="at most"):
        seal.seal("acme", "billing", "x" * (LARGEST_FIELD + 1))
