"""What a trial's waiting nodes are answered: as the options say, or as the person at the terminal does."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import typer

from penstock.json import JSON, loads
from penstock.nodes.approval import decision
from penstock.workflows.execution.state import Waiting
from penstock.workflows.node import NodeFailure
from penstock_cli.errors import WrongUse
from penstock_cli.output import plain

APPROVAL = "core.approval"
SHORT = {"approve": True, "reject": False}


@dataclass
class Answers:
    """Answers by the node's name. `asks` says whether somebody is there; who leaves a question open is asked once."""

    given: Mapping[str, JSON]
    asks: bool
    left: set[str] = field(default_factory=set)

    @classmethod
    def parse(cls, texts: Mapping[str, str], types: Mapping[str, str], *, asks: bool | None = None) -> "Answers":
        """Answers of `--answer`; `types` are the nodes' types by name. Raises WrongUse."""
        given = {node: parsed(node, text, is_approval=types.get(node) == APPROVAL) for node, text in texts.items()}
        return cls(given, sys.stdin.isatty() if asks is None else asks)

    def __call__(self, waiting: Waiting) -> JSON | None:
        """The answer, or None to let it wait."""
        node = waiting.run.node
        if node in self.given:
            return self.given[node]
        if not self.asks or waiting.run.key in self.left:
            return None
        return self._ask(waiting)

    def _ask(self, waiting: Waiting) -> JSON | None:
        node, is_approval = waiting.run.node, waiting.details.get("kind") == "approval"
        typer.echo(plain(f"{node} waits: {waiting.details.get('message') or 'for an answer'}"), err=True)
        choices = "approve, reject" if is_approval else "JSON"
        while True:
            text = typer.prompt(
                f"Your answer ({choices}; empty leaves it waiting)", default="", show_default=False, err=True
            )
            if not text:
                self.left.add(waiting.run.key)
                return None
            try:
                return parsed(node, text, is_approval=is_approval)
            except WrongUse as error:
                typer.echo(str(error), err=True)


def parsed(node: str, text: str, *, is_approval: bool) -> JSON:
    """An answer: `approve`, `reject`, or JSON. Raises WrongUse."""
    if is_approval and text in SHORT:
        return {"approved": SHORT[text], "by": "cli"}
    try:
        payload = loads(text)
    except ValueError as error:
        allowed = "approve, reject or JSON" if is_approval else "JSON"
        raise WrongUse(f"answer of {node}: must be {allowed}") from error
    if is_approval:
        _check_decision(node, payload)
    return payload


def _check_decision(node: str, payload: JSON) -> None:
    try:
        decision(payload)
    except NodeFailure as failure:
        raise WrongUse(f"answer of {node}: {failure}") from failure
