"""TLS 1.2 or later, in both directions: the listener's and a destination's contexts, and who a peer is."""

import ssl
from pathlib import Path
from typing import Any

from penstock_mllp.errors import BadSetting
from penstock_mllp.settings import ClientAuth, Settings

_VERIFY: dict[ClientAuth, ssl.VerifyMode] = {"required": ssl.CERT_REQUIRED, "optional": ssl.CERT_OPTIONAL}


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """The listener's; None without a certificate. With ``tls_client_ca`` it asks senders for theirs. `BadSetting`."""
    if settings.tls_certificate is None:
        return None
    context = _strict(ssl.create_default_context(ssl.Purpose.CLIENT_AUTH))
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
        if settings.tls_client_ca:
            context.load_verify_locations(settings.tls_client_ca)
            context.verify_mode = _VERIFY[settings.tls_client_auth]
    except OSError as error:
        raise BadSetting("tls_certificate", "the certificate, its key or the authority cannot be loaded") from error
    return context


def client_context(authority: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """A sender's: it trusts the authority, or the system's, and shows a certificate where it has one. OSError."""
    context = _strict(ssl.create_default_context(cafile=authority))
    if certificate:
        context.load_cert_chain(certificate, key)
    return context


def names_of(certificate: dict[str, Any] | None) -> frozenset[str]:
    """Whom a verified certificate names, in lower case: its common names and its alternative names."""
    if not certificate:
        return frozenset()
    subject = [pair for part in certificate.get("subject", ()) for pair in part if pair[0] == "commonName"]
    return frozenset(str(value).lower() for _, value in (*subject, *certificate.get("subjectAltName", ())))


def _strict(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
