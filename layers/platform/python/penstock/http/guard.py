"""What workflows may connect to: public addresses, and the hosts that the operator allows.

A workflow's author chooses URLs, and the function that follows them stands inside the customer's network, beside the
metadata service that hands out its credentials. So a name is resolved here, every address that it has is checked, and
the connection goes to an address that was checked: a name that changes between the two gains nothing.
"""

import re
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from penstock.http.errors import AddressRefused, HostNotFound

ALLOW = "PENSTOCK_HTTP_ALLOW"
"""Environment: hosts (`erp.internal`) or hosts with a port (`10.0.0.5:8443`) that may be reached all the same."""

MOST_ADDRESSES = 8
DEFAULT_PORTS: Mapping[str, int] = {"http": 80, "https": 443}
_NUMBER_LABEL = re.compile(r"(?:0x[0-9a-f]*|\d+)\Z", re.IGNORECASE)
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as an IPv6-only network reaches them (RFC 6052)."""
_NOT_PUBLIC = tuple(map(ip_network, ("192.0.0.0/24", "2002::/16", "64:ff9b:1::/48", "fec0::/10")))
"""What the standard library's tables take for global, in one version or another."""

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]


def resolve_host(host: str, port: int) -> Sequence[str]:
    """The host's addresses, as the system knows them. Raises HostNotFound."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    except (OSError, UnicodeError):
        raise HostNotFound(host) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))[:MOST_ADDRESSES]


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides which addresses a URL's host may be reached at."""

    allowed: frozenset[str] = frozenset()
    resolve: Resolve = resolve_host

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Guard":
        """The guard with the operator's allow list, `PENSTOCK_HTTP_ALLOW`, separated by commas."""
        entries = environment.get(ALLOW, "").lower().split(",")
        return cls(frozenset(entry.strip() for entry in entries if entry.strip()))

    def addresses(self, scheme: str, host: str, port: int | None) -> Sequence[str]:
        """The addresses to connect to, the first one first. Raises AddressRefused, HostNotFound."""
        if scheme not in DEFAULT_PORTS:
            raise AddressRefused(host or "the URL", "only http and https are allowed")
        if not host:
            raise AddressRefused("the URL", "it names no host")
        number = port or DEFAULT_PORTS[scheme]
        literal = _literal(host)
        found = [str(literal)] if literal else self.resolve(host, number)
        if not self._is_allowed(host, number):
            _check(host, found)
        return found

    def takes(self, scheme: str, host: str, port: int | None) -> bool:
        """Whether something may be sent in the scheme: without TLS only to hosts that the operator allows."""
        return scheme == "https" or self._is_allowed(host, port or DEFAULT_PORTS[scheme])

    def refusal(self, scheme: str, host: str, port: int | None) -> str:
        """Why the address that a host is written as is not reached; empty where it is, and for every name.

        Names are resolved when something is sent, and checked then.
        """
        try:
            Guard(self.allowed, lambda _, __: ()).addresses(scheme, host, port)
        except AddressRefused as refused:
            return refused.reason
        return ""

    def _is_allowed(self, host: str, port: int) -> bool:
        name = host.lower()
        bracketed = f"[{name}]" if ":" in name else name
        return not self.allowed.isdisjoint({name, bracketed, f"{bracketed}:{port}"})


def _literal(host: str) -> Address | None:
    """The address that a host is written as. Raises AddressRefused on octal, hexadecimal and shortened ones."""
    try:
        return ip_address(host)
    except ValueError:
        labels = host.rstrip(".").split(".")
        if _NUMBER_LABEL.match(labels[-1]):
            raise AddressRefused(host, "write addresses as four decimal numbers without leading zeros") from None
        return None


def _check(host: str, addresses: Sequence[str]) -> None:
    """One address inside is enough to refuse a name that has several."""
    if not all(is_public(ip_address(text.partition("%")[0])) for text in addresses):
        raise AddressRefused(host, "it is at an address that is not public")


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet's: not private, shared, local, reserved or many at once."""
    meant = _meant(address)
    is_listed = any(meant in network for network in _NOT_PUBLIC)
    return meant.is_global and not (is_listed or meant.is_multicast or meant.is_reserved or meant.is_unspecified)


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if not isinstance(address, IPv6Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address
