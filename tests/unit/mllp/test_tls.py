"""TLS on the listener, with and without client certificates."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from penstock_healthcare.hl7 import parse
from penstock_mllp.errors import BadSetting, NoAcknowledgment
from penstock_mllp.run import serving
from penstock_mllp.sender import send_messages
from penstock_mllp.settings import Settings
from penstock_mllp.tls import names_of, tls_context
from tests.unit.mllp.cloud import FakeCloud

MESSAGE = b"MSH|^~\\&|LAB|HOSP|||20260101||ORU^R01|1|P|2.5.1\r"

SettingsFor = Callable[..., Settings]


class Hospital:
    """A certificate authority, the gateway's certificate, and contexts for senders."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.folder = folder
        certificate = self.authority.issue_cert("127.0.0.1")
        certificate.private_key_pem.write_to_path(folder / "key.pem")
        for pem in certificate.cert_chain_pems:
            pem.write_to_path(folder / "cert.pem", append=True)
        self.authority.cert_pem.write_to_path(folder / "ca.pem")

    @property
    def settings(self) -> dict[str, Any]:
        return {"tls_certificate": self.folder / "cert.pem", "tls_key": self.folder / "key.pem"}

    def sender(self, issuer: trustme.CA | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if issuer:
            issuer.issue_cert("lab@hospital.example").configure_cert(context)
        return context


@pytest.fixture
def hospital(tmp_path: Path) -> Hospital:
    return Hospital(tmp_path)


def send_to_gateway(cloud: FakeCloud, settings: Callable[[str], Settings], tls: ssl.SSLContext | None) -> list[bytes]:
    async def run() -> list[bytes]:
        async with asyncio.timeout(20), cloud.running(), serving(settings(cloud.url)) as (host, port):
            return await send_messages(host, port, [MESSAGE], tls, timeout=3)

    return asyncio.run(run())


def test_a_message_travels_over_tls(cloud: FakeCloud, settings_for: SettingsFor, hospital: Hospital) -> None:
    (answer,) = send_to_gateway(cloud, lambda url: settings_for(url, **hospital.settings), hospital.sender())
    assert parse(answer)["MSA-1"] == "AA"
    assert cloud.messages == [MESSAGE]


def test_plain_text_gets_nowhere_on_a_tls_listener(
    cloud: FakeCloud, settings_for: SettingsFor, hospital: Hospital
) -> None:
    with pytest.raises((NoAcknowledgment, OSError)):
        send_to_gateway(cloud, lambda url: settings_for(url, **hospital.settings), None)
    assert cloud.messages == []


def test_a_sender_with_a_certificate_of_the_authority_is_let_in(
    cloud: FakeCloud, settings_for: SettingsFor, hospital: Hospital
) -> None:
    settings = hospital.settings | {"tls_client_ca": hospital.folder / "ca.pem"}
    tls = hospital.sender(hospital.authority)
    (answer,) = send_to_gateway(cloud, lambda url: settings_for(url, **settings), tls)
    assert parse(answer)["MSA-1"] == "AA"


@pytest.mark.parametrize("issuer", [None, trustme.CA()], ids=["no certificate", "a stranger's certificate"])
def test_other_senders_are_turned_away(
    cloud: FakeCloud, settings_for: SettingsFor, hospital: Hospital, issuer: trustme.CA | None
) -> None:
    settings = hospital.settings | {"tls_client_ca": hospital.folder / "ca.pem"}
    with pytest.raises((NoAcknowledgment, OSError)):
        send_to_gateway(cloud, lambda url: settings_for(url, **settings), hospital.sender(issuer))
    assert cloud.messages == []


def test_where_certificates_are_optional_a_sender_without_one_is_let_in_and_a_strangers_is_not(
    cloud: FakeCloud, settings_for: SettingsFor, hospital: Hospital
) -> None:
    settings = hospital.settings | {"tls_client_ca": hospital.folder / "ca.pem", "tls_client_auth": "optional"}
    (answer,) = send_to_gateway(cloud, lambda url: settings_for(url, **settings), hospital.sender())
    assert parse(answer)["MSA-1"] == "AA"
    with pytest.raises((NoAcknowledgment, OSError)):
        send_to_gateway(cloud, lambda url: settings_for(url, **settings), hospital.sender(trustme.CA()))


@pytest.mark.parametrize(
    ("names", "is_let_in"), [(("LAB@hospital.example",), True), (("pharmacy@hospital.example", "x"), False)]
)
def test_a_certificate_must_name_a_sender_that_is_allowed(
    cloud: FakeCloud, settings_for: SettingsFor, hospital: Hospital, names: tuple[str, ...], is_let_in: bool
) -> None:
    settings = hospital.settings | {"tls_client_ca": hospital.folder / "ca.pem", "tls_client_names": names}
    tls = hospital.sender(hospital.authority)
    if is_let_in:
        (answer,) = send_to_gateway(cloud, lambda url: settings_for(url, **settings), tls)
        assert parse(answer)["MSA-1"] == "AA"
        return
    with pytest.raises((NoAcknowledgment, OSError)):
        send_to_gateway(cloud, lambda url: settings_for(url, **settings), tls)
    assert cloud.messages == []


def test_tls_older_than_1_2_is_refused(cloud: FakeCloud, settings_for: SettingsFor, hospital: Hospital) -> None:
    context = tls_context(settings_for("http://x", **hospital.settings))
    assert context
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_certificate_names_its_common_name_and_its_alternatives() -> None:
    certificate = {
        "subject": ((("organizationName", "Lakeside"),), (("commonName", "LAB"),)),
        "subjectAltName": (("DNS", "lab.example"), ("email", "Lab@hospital.example")),
    }
    assert names_of(certificate) == {"lab", "lab.example", "lab@hospital.example"}
    assert names_of(None) == frozenset()


def test_a_sender_does_not_trust_a_gateway_of_another_authority(
    cloud: FakeCloud, settings_for: SettingsFor, hospital: Hospital
) -> None:
    stranger = ssl.create_default_context()
    trustme.CA().configure_trust(stranger)
    with pytest.raises(ssl.SSLCertVerificationError):
        send_to_gateway(cloud, lambda url: settings_for(url, **hospital.settings), stranger)


def test_a_certificate_that_cannot_be_loaded_stops_the_start(settings_for: SettingsFor, tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("not a certificate")
    settings = settings_for("http://x", tls_certificate=tmp_path / "cert.pem", tls_key=tmp_path / "cert.pem")
    with pytest.raises(BadSetting) as caught:
        tls_context(settings)
    assert caught.value.name == "tls_certificate"
