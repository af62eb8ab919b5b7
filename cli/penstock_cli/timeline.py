"""An execution's timeline for people: one line an event, as the API and the engine's `timeline` tell it."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from penstock_cli.output import plain

_LONGEST = 200
_TEXTS = {
    ("ExecutionStarted", None): "execution started",
    ("ExecutionCompleted", None): "execution done",
    ("ExecutionFailed", None): "execution failed",
    ("ExecutionRetried", None): "execution tried again",
    ("NodeCompleted", None): "completed",
    ("NodeFailed", "stop"): "failed",
    ("NodeFailed", "retry"): "failed, will be tried again",
    ("NodeFailed", "pass"): "failed, goes on",
    ("NodeWaiting", "timer"): "waits",
    ("NodeWaiting", "callback"): "waits for an answer",
    ("NodeWaiting", "child"): "waits for its workflow",
    ("NodeResumed", "timer"): "goes on: its time has come",
    ("NodeResumed", "retry"): "is tried again",
    ("NodeResumed", "callback"): "goes on: it was answered",
    ("NodeResumed", "child"): "goes on: its workflow has ended",
}


def tell(entries: Iterable[Mapping[str, Any]]) -> None:
    """Lines on standard output."""
    for entry in entries:
        sys.stdout.write(line(entry) + "\n")
    sys.stdout.flush()


def line(entry: Mapping[str, Any]) -> str:
    """When, the event's version, the node's run, what happened, and how long it took."""
    node, run = entry.get("node") or "", entry.get("run")
    where = f"{node}#{run}" if run else node
    took = f"({entry['took']} ms)" if entry.get("took") is not None else ""
    clock = str(entry["time"]).partition("T")[2]
    return plain(f"{clock}  {entry['version']:>3}  {where:<32}  {text(entry)}  {took}").rstrip()


def text(entry: Mapping[str, Any]) -> str:
    """What happened, in words: with the error, or with how many items left by which port."""
    kind, reason = entry["type"], entry.get("reason")
    told = _TEXTS.get((kind, reason)) or f"{kind}{f': {reason}' if reason else ''}"
    if error := entry.get("error"):
        told += f": {error.get('type')}: {error.get('message')}"
    if sent := [f"{count} {port}" for port, count in entry.get("outputs", {}).items() if count]:
        told += f" → {', '.join(sent)}"
    return told[:_LONGEST]
