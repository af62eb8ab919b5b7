"""What codes mean, in plain words. The words are ours; the standard's own stand in its code lists."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path


def meaning(table: str, code: str) -> str:
    """What a code of a table (EB01, AAA03, service …) means; for one that is not known, that it is not."""
    return tables().get(table, {}).get(code, f"code {code}" if code.isalnum() and len(code) <= 10 else "unknown code")


@cache
def tables() -> Mapping[str, Mapping[str, str]]:
    """All tables by name, each with the meaning by code."""
    found: dict[str, dict[str, str]] = {}
    name = ""
    for line in Path(__file__).with_name("codes.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            found[name] = {}
        elif line and not line.startswith("#"):
            code, _, text = line.partition("\t")
            found[name][code] = text
    return found
