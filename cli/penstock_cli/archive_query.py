"""SQL over segments of the archive, by DuckDB, which is there when `penstock-cli[archive]` is installed."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from threading import Timer
from typing import Any

from penstock_cli.errors import Failure, WrongUse

COLUMNS = {
    "id": "VARCHAR",
    "tenant": "VARCHAR",
    "kind": "VARCHAR",
    "key": "VARCHAR",
    "version": "BIGINT",
    "type": "VARCHAR",
    "schema": "BIGINT",
    "time": "TIMESTAMP",
    "actor": "VARCHAR",
    "correlation": "VARCHAR",
    "causation": "VARCHAR",
    "data": "JSON",
}
LARGEST_LINE = 256 * 1024 * 1024


def rows(sql: str, files: Sequence[Path], limit: int, timeout: float) -> tuple[list[str], list[list[Any]]]:
    """The columns and at most `limit` rows of one SELECT from `events`, which may read those files and nothing else.

    Raises WrongUse when it is no such SELECT or DuckDB is not installed, Failure when it takes over `timeout` seconds
    or a file cannot be read.
    """
    duckdb = _duckdb()
    with duckdb.connect() as session:
        _open(session, files)
        timer = Timer(timeout, session.interrupt)
        timer.start()
        try:
            result = session.execute(_select(duckdb, session, sql))
            columns = [column[0] for column in result.description]
            is_json = [str(column[1]) == "JSON" for column in result.description]
            found = result.fetchmany(limit)
        except duckdb.InterruptException as error:
            raise Failure(f"the query took more than {timeout:g} s") from error
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise Failure(f"the archive could not be read: {error}") from error
        except duckdb.Error as error:
            raise WrongUse(f"the query: {error}") from error
        finally:
            timer.cancel()
    return columns, [[_cell(*cell) for cell in zip(row, is_json, strict=True)] for row in found]


def _duckdb() -> Any:
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise WrongUse("this needs DuckDB: pip install 'penstock-cli[archive]'") from error
    return duckdb


def _open(session: Any, files: Sequence[Path]) -> None:
    """Define `events`, then shut the session off from every other file and the network."""
    paths = [str(file.absolute()) for file in files]
    session.read_json(
        paths,
        columns=COLUMNS,
        format="newline_delimited",
        compression="zstd",
        hive_partitioning=False,
        maximum_object_size=LARGEST_LINE,
    ).create_view("events")
    session.execute("SET allowed_paths = $paths", {"paths": paths})
    session.execute("SET enable_external_access = false")
    session.execute("SET lock_configuration = true")


def _select(duckdb: Any, session: Any, sql: str) -> Any:
    statements = session.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise WrongUse("the query: must be one SELECT")
    return statements[0]


def _cell(value: Any, is_json: bool) -> Any:
    """A value as JSON has it; times are UTC."""
    if is_json and isinstance(value, str):
        import orjson

        return orjson.loads(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds") + ("" if value.tzinfo else "Z")
    return value if isinstance(value, str | int | float | list | dict | None) else str(value)
