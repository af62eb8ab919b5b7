"""A session connects to the address that was checked, and still speaks to the host that was named."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import trustme

from penstock.http.errors import ConnectionFailed
from penstock.http.exchange import Limits, Request, Session, shown
from penstock.http.guard import Guard

HOST = "erp.penstock.test"


@dataclass
class Secure:
    port: int = 0
    names: list[str | None] = field(default_factory=list)
    hosts: list[str | None] = field(default_factory=list)
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def session(self, *addresses: str) -> Session:
        guard = Guard(frozenset({HOST, "other.penstock.test"}), lambda host, port: addresses or ("127.0.0.1",))
        return Session(guard, trust=lambda: self.trust)


class Listener(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """Clients that do not trust the certificate hang up."""


@pytest.fixture
def secure() -> Iterator[Secure]:
    state, authority = Secure(), trustme.CA()
    authority.configure_trust(state.trust)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.hosts.append(self.headers["Host"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"secure")

        def log_message(self, *_: object) -> None:
            """Tests are silent."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    context.sni_callback = lambda _, name, __: state.names.append(name)
    server = Listener(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    state.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_the_certificate_and_the_host_are_those_of_the_name_and_the_connection_goes_to_the_address(secure) -> None:
    with secure.session() as session:
        reply = session.exchange(Request("GET", f"https://{HOST}:{secure.port}/a"), Limits(5))
    assert reply.body == b"secure"
    assert (secure.names, secure.hosts) == ([HOST], [f"{HOST}:{secure.port}"])
    assert reply.url == f"https://{HOST}:{secure.port}/a"


def test_a_certificate_for_another_name_is_not_trusted(secure) -> None:
    with secure.session() as session, pytest.raises(ConnectionFailed, match="CERTIFICATE_VERIFY_FAILED"):
        session.exchange(Request("GET", f"https://other.penstock.test:{secure.port}/?token=s3cret"), Limits(5))
    assert secure.hosts == []


def test_the_next_address_is_tried_where_one_does_not_answer(secure) -> None:
    with secure.session("127.0.0.2", "127.0.0.1") as session:
        assert session.exchange(Request("GET", f"https://{HOST}:{secure.port}/"), Limits(5)).status == 200


def test_a_name_is_resolved_once_for_a_hop(secure) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.9"]

    guard = Guard(frozenset({HOST}), rebinding)
    with Session(guard, trust=lambda: secure.trust) as session:
        assert session.exchange(Request("GET", f"https://{HOST}:{secure.port}/"), Limits(5)).status == 200
    assert asked == [HOST]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://u:p@example.org:8443/a/b?token=x#y", "https://example.org:8443/a/b"),
        ("http://example.org", "http://example.org/"),
        ("http://[::1", "the URL"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, text: str) -> None:
    assert shown(url) == text
