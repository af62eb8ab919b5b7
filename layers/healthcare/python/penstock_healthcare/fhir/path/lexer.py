"""FHIRPath text → tokens."""

import re
from dataclasses import dataclass

from penstock_healthcare.fhir.path.errors import BadExpression

LONGEST = 20_000
_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<temporal>@(?:T[0-9:.]+|[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?(?:T(?:[0-9:.]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?))
  | (?P<number>[0-9]+(?:\.[0-9]+)?)
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<delimited>`(?:[^`\\]|\\.)*`)
  | (?P<constant>%(?:[A-Za-z_][A-Za-z0-9_-]*|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`))
  | (?P<special>\$(?:this|index|total))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<symbol><=|>=|!=|!~|[.()\[\]{},|=~<>+\-*/&])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is a group's name of the pattern, or `end`."""

    kind: str
    text: str
    position: int


def tokens(text: str) -> list[Token]:
    """The tokens, and one `end`. Raises BadExpression."""
    if len(text) > LONGEST:
        raise BadExpression(f"an expression has at most {LONGEST} characters", LONGEST)
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise BadExpression("not part of FHIRPath", position)
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(Token(kind, match[0], position))
        position = match.end()
    found.append(Token("end", "", position))
    return found


def unquoted(text: str) -> str:
    """What stands between quotes, its escapes resolved."""
    return _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(match: "re.Match[str]") -> str:
    code = match[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED.get(code, code)
