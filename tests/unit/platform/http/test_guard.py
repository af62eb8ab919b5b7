"""The guard's table of addresses, and what a name may resolve to."""

import pytest

from penstock.http.errors import AddressRefused, HostNotFound
from penstock.http.guard import Guard, resolve_host

PUBLIC = ["8.8.8.8", "2606:4700:4700::1111", "::ffff:808:808", "64:ff9b::808:808"]
INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:a00:1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::808:808",
    "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
]
AMBIGUOUS = [
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.1",
    "127.0.0.01",
    "127.0.0.1.",
    "1.2.3.4.5",
    "017700000001",
    "0X7F.1",
]


def resolving(*addresses: str) -> Guard:
    return Guard(resolve=lambda host, port: addresses)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_let_through(address: str) -> None:
    assert resolving().addresses("https", address, None) == [address]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        resolving().addresses("http", address, 80)


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_of_an_address_inside_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused, match=r"^innocent\.example"):
        resolving(address).addresses("http", "innocent.example", 80)


def test_one_address_inside_spoils_a_name_with_public_ones() -> None:
    with pytest.raises(AddressRefused):
        resolving("8.8.8.8", "10.0.0.1").addresses("https", "mixed.example", None)


def test_a_public_name_gives_its_checked_addresses_in_order() -> None:
    assert resolving("8.8.8.8", "1.1.1.1").addresses("https", "dns.example", None) == ("8.8.8.8", "1.1.1.1")


@pytest.mark.parametrize("host", AMBIGUOUS)
def test_an_address_in_another_notation_is_refused_before_it_is_resolved(host: str) -> None:
    def never(name: str, port: int) -> list[str]:
        raise AssertionError(f"{name} was resolved")

    with pytest.raises(AddressRefused, match="four decimal numbers"):
        Guard(resolve=never).addresses("http", host, 80)


@pytest.mark.parametrize("scheme", ["ftp", "file", "gopher", "unix", "", "HTTP+unix"])
def test_other_schemes_are_refused(scheme: str) -> None:
    with pytest.raises(AddressRefused, match="only http and https"):
        resolving("8.8.8.8").addresses(scheme, "dns.example", None)


@pytest.mark.parametrize(
    ("allowed", "host", "port", "passes"),
    [
        ("erp.internal", "erp.internal", 8443, True),
        ("erp.internal:8443", "ERP.internal", 8443, True),
        ("erp.internal:443", "erp.internal", None, True),
        ("erp.internal:8443", "erp.internal", 8080, False),
        ("other, erp.internal ,", "erp.internal", 80, True),
        ("internal", "erp.internal", 80, False),
        ("", "erp.internal", 80, False),
    ],
)
def test_the_operator_may_allow_hosts(allowed: str, host: str, port: int | None, passes: bool) -> None:
    fromenv = Guard.from_environment({"PENSTOCK_HTTP_ALLOW": allowed})
    guard = Guard(fromenv.allowed, lambda name, number: ["10.0.0.5"])
    if passes:
        assert guard.addresses("https", host, port) == ["10.0.0.5"]
    else:
        with pytest.raises(AddressRefused):
            guard.addresses("https", host, port)


@pytest.mark.parametrize("entry", ["::1", "[::1]:8080", "[::1]"])
def test_an_allowed_ipv6_host_may_be_written_either_way(entry: str) -> None:
    assert Guard(frozenset({entry})).addresses("http", "::1", 8080) == ["::1"]


def test_a_name_without_an_address_is_not_found() -> None:
    with pytest.raises(HostNotFound, match=r"no-such-host\.invalid"):
        Guard().addresses("https", "no-such-host.invalid", None)


def test_this_machines_own_name_resolves_to_an_address_inside() -> None:
    assert "127.0.0.1" in resolve_host("localhost", 80)
    with pytest.raises(AddressRefused):
        Guard().addresses("http", "localhost", 80)
