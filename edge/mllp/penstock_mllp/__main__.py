"""Command line: `python -m penstock_mllp --listen 127.0.0.1:2575 --url URL --api-key-file FILE --outbox DIR`."""

import argparse
import asyncio
import logging
import os
import sys
from dataclasses import fields
from pathlib import Path

from penstock_mllp.errors import BadSetting, MllpError
from penstock_mllp.run import run
from penstock_mllp.settings import PREFIX, Settings, load

_WRONG_USE = 2


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 stopped as asked, 1 could not run, 2 wrong settings."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    flags = vars(_parser().parse_args(arguments))
    file, restore_refused = flags.pop("config"), flags.pop("restore_refused")
    try:
        asyncio.run(run(load(file, os.environ, flags), restore_refused=restore_refused))
    except BadSetting as error:
        sys.stderr.write(f"{error}\n")
        return _WRONG_USE
    except (MllpError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m penstock_mllp",
        description="Take HL7 v2 messages by MLLP and hand them to the Penstock platform.",
        epilog=f"Every setting may also stand in the file or in the environment as {PREFIX}NAME.",
    )
    parser.add_argument("--config", type=Path, help="TOML or JSON file with settings")
    parser.add_argument("--restore-refused", action="store_true", help="try again what the platform refused")
    for field in fields(Settings):
        parser.add_argument(f"--{field.name.replace('_', '-')}", dest=field.name, metavar="VALUE")
    return parser


if __name__ == "__main__":
    sys.exit(main())
