"""Where things lie: the repo, and `.local/` in it, which holds all that a run leaves behind."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".local"
STATE = HOME / "state.json"
LOG = HOME / "emulator.log"
ASSEMBLY = HOME / "cdk.out"
LAYERS = HOME / "layers"

REGION = "us-east-1"
ACCOUNT = "000000000000"
CREDENTIALS = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
"""Any credentials do: the emulator answers on loopback only and checks none."""


@dataclass(frozen=True)
class State:
    """What is running.

    `deployed` maps a stack's name to the hash of its template; `outputs` has all stacks' outputs. `api_key` opens this
    local stack only.
    """

    pid: int
    port: int
    deployed: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    api_key: str = ""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def save(self) -> None:
        HOME.mkdir(exist_ok=True)
        STATE.touch(mode=0o600)
        STATE.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")


def load_state() -> State | None:
    """The state that the last run left, whether or not it still runs."""
    try:
        return State(**json.loads(STATE.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
