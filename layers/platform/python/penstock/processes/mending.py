"""What a person may decide of an instance: pure, as `deciding` is. Times are milliseconds UTC."""

from penstock.processes import events as happened
from penstock.processes.deciding import Events, deadline
from penstock.processes.errors import WrongStatus
from penstock.processes.state import Process, Status


def cancel(process: Process, reason: str) -> Events:
    """A person ends it: what has been done is undone. Raises WrongStatus."""
    if process.status not in (Status.RUNNING, Status.NEEDS_ATTENTION) or process.is_reversed:
        raise _wrong(process, "it is on its way to an end, or there")
    return [happened.ProcessReversed("cancelled", reason)]


def resume(process: Process, reason: str, now: int) -> Events:
    """A person sends it on, the way it was going; a deadline begins anew. Raises WrongStatus."""
    _require_attention(process)
    return [happened.ProcessResumed(reason), *([] if process.is_reversed else deadline(process, process.state, now))]


def resolve(process: Process, run: str, reason: str, now: int) -> Events:
    """A person has undone by hand what could not be undone; it goes on from there. Raises WrongStatus."""
    _require_attention(process)
    if run not in process.stuck:
        raise _wrong(process, f"{run} is not stuck; {', '.join(process.stuck) or 'nothing'} is")
    return [happened.ActionResolved(run, reason), *resume(process, reason, now)]


def _require_attention(process: Process) -> None:
    if process.status is not Status.NEEDS_ATTENTION:
        raise _wrong(process, "it does not wait for a person")


def _wrong(process: Process, reason: str) -> WrongStatus:
    return WrongStatus(f"instance {process.id.key}", process.status, reason)
