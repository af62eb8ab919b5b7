"""Where to look and what to try while the local stack stays up."""

from collections.abc import Iterator

from penstock_cli.demo.flow import Shown

SAMPLE = "events/messages/hl7v2_oru_r01_normal.hl7"


def lines(api: str, key: str, endpoint: str, mllp: str, shown: Shown) -> list[str]:
    """The addresses, the key, and three curl lines that work when pasted in the checkout."""
    places = {"REST API": api, "MLLP": mllp, "local AWS": endpoint, "API key": key}
    return [
        "",
        "Penstock is up; Ctrl-C stops it.",
        *(f"  {name:<10} {place}" for name, place in places.items()),
        "",
        "Try:",
        *(f"  {line}" for line in _curls(api, key, shown)),
        "",
        "Or the command line, in another terminal:",
        "  penstock execution list",
        f"  penstock hl7 send 127.0.0.1:{mllp.rpartition(':')[2]} {SAMPLE}",
    ]


def _curls(api: str, key: str, shown: Shown) -> Iterator[str]:
    curl = f"curl -s -H 'X-API-Key: {key}'"
    asked = next((each for each in shown.outcome.ran if each.asked), None)
    execution = f"/{asked.execution['id']}/timeline" if asked else ""
    yield f"{curl} '{api}/v1/executions{execution}'"
    yield f"{curl} '{api}/v1/healthcare/fhir/DiagnosticReport'"
    encoded = f"$(base64 < {SAMPLE} | tr -d '\\n')"
    body = f'"{{\\"raw\\": \\"{encoded}\\"}}"'
    yield f"{curl} -H 'Content-Type: application/json' -d {body} '{api}/v1/healthcare/messages'"
