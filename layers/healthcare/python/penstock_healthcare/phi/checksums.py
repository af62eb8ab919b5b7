"""Check digits of the numbers that free text is searched for: what fails its own arithmetic is not one."""

from collections.abc import Mapping
from ipaddress import ip_address

_VIN_VALUES: Mapping[str, int] = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    **{"P": 7, "R": 9},
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def is_vin(text: str) -> bool:
    """A vehicle identification number whose ninth place is right (49 CFR 565.15)."""
    values = [_VIN_VALUES.get(character, -1) for character in text.upper()]
    if len(values) != len(_VIN_WEIGHTS) or min(values) < 0:
        return False
    rest = sum(value * weight for value, weight in zip(values, _VIN_WEIGHTS, strict=True)) % 11
    return text[8].upper() == ("X" if rest == 10 else str(rest))


def is_luhn(text: str) -> bool:
    """Digits whose last one is right by ISO/IEC 7812-1; other characters are passed over."""
    digits = [int(character) for character in reversed(text) if character in "0123456789"]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return len(digits) > 1 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def is_npi(text: str) -> bool:
    """A National Provider Identifier: ten digits, Luhn with the prefix 80840."""
    return len(text) == 10 and text.isascii() and text.isdigit() and is_luhn(f"80840{text}")


def is_gtin(text: str) -> bool:
    """A GS1 key whose last digit is right: the device identifier of a UDI (GS1 General Specifications, 7.9)."""
    digits = [int(character) for character in reversed(text) if character in "0123456789"]
    return len(digits) > 1 and (3 * sum(digits[1::2]) + sum(digits[::2])) % 10 == 0


def is_dea(text: str) -> bool:
    """A DEA registration: two letters, six digits and their check digit."""
    digits = [int(character) for character in text[2:] if character in "0123456789"]
    return len(digits) == 7 and (sum(digits[0:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def is_iban(text: str) -> bool:
    """An account number of ISO 13616; spaces are passed over."""
    bare = text.replace(" ", "").upper()
    if not 15 <= len(bare) <= 34 or not bare.isascii() or not bare.isalnum():
        return False
    return int("".join(str(int(character, 36)) for character in bare[4:] + bare[:4])) % 97 == 1


def is_ip(text: str) -> bool:
    """An address of IPv4 or IPv6."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_ssn(text: str) -> bool:
    """Nine digits in an area, group and serial that are not all zeros; 900 and over are taxpayers' and test numbers."""
    digits = "".join(character for character in text if character in "0123456789")
    return len(digits) == 9 and digits[:3] not in ("000", "666") and digits[3:5] != "00" and digits[5:] != "0000"
