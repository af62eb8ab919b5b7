"""The local AWS without the rest of the command line.

python -m local up | deploy | status | down
python -m local during COMMAND …     runs COMMAND with the local AWS up, then stops it if it was not up before
"""

import argparse
import os
import signal
import subprocess
import sys

from local import stack
from local.errors import LocalError
from local.running import Running


def _show(running: Running | None) -> int:
    if running is None:
        print("the local AWS is not running")
        return 1
    print(f"endpoint  {running.endpoint}\napi       {running.api_url or 'not deployed'}\npid       {running.pid}")
    return 0


def _down() -> int:
    print("stopped" if stack.down() else "the local AWS was not running")
    return 0


def during(command: list[str]) -> int:
    """The exit code of `command`, run with the local AWS up and deployed, and named in its environment."""
    was_running = stack.status() is not None
    try:
        environment = os.environ | stack.up().environment()
        return subprocess.run(command, check=False, env=environment).returncode
    finally:
        if not was_running:
            stack.down()


COMMANDS = {
    "up": lambda: _show(stack.up()),
    "deploy": lambda: _show(stack.deploy()),
    "status": lambda: _show(stack.status()),
    "down": _down,
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m local", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="name", required=True)
    for name in COMMANDS:
        commands.add_parser(name)
    commands.add_parser("during").add_argument("command", nargs=argparse.REMAINDER)
    chosen = parser.parse_args(arguments)
    # A stop from outside unwinds too, so that what was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return during(chosen.command) if chosen.name == "during" else COMMANDS[chosen.name]()
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
