"""The error tree, drawn in `penstock_cli`. What is raised here ends the command with `status`."""

from collections.abc import Mapping
from typing import Any


class CliError(Exception):
    """Root of the tree."""

    status = 1


class WrongUse(CliError):
    """An argument, a file or the place it was called from is not right."""

    status = 2


class Failure(CliError):
    """The command was right and what it did was not."""


class Unreachable(Failure):
    """A server did not answer, or hung up."""


class ApiProblem(Failure):
    """The API refused. `problem` is its problem detail (RFC 9457), `code` the HTTP status."""

    def __init__(self, code: int, problem: Mapping[str, Any]) -> None:
        super().__init__(_told(code, problem))
        self.code, self.problem = code, problem


def _told(code: int, problem: Mapping[str, Any]) -> str:
    title, detail = str(problem.get("title") or f"HTTP {code}"), str(problem.get("detail") or "")
    findings = [found for found in problem.get("problems") or () if isinstance(found, Mapping)]
    lines = [f"{title} (HTTP {code})" + (f": {detail}" if detail and not findings else "")]
    lines += [f"  {found.get('path') or '$'}: {found.get('message', '')}" for found in findings]
    if problem.get("instance"):
        lines.append(f"  request {problem['instance']}")
    return "\n".join(lines)
