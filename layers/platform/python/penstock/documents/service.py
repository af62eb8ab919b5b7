"""The documents of one kind: read, and changed by commands."""

from dataclasses import dataclass
from typing import Generic

from penstock.clock import Clock, utc_now
from penstock.documents.errors import RevisionConflict
from penstock.documents.lifecycle import Command, D
from penstock.events import Conflict, Origin
from penstock.events.aggregate import Repository
from penstock.events.commands import Commands, Decisions


@dataclass(frozen=True)
class Documents(Generic[D]):
    """The documents of one kind, of every tenant."""

    repository: Repository[D]
    decisions: Decisions[D]
    clock: Clock = utc_now

    def read(self, tenant: str, key: str) -> D:
        """A document as it stands. Raises the kind's error when there is none."""
        document = self.repository.load(self.repository.aggregate.stream(tenant, key)).state
        if not document.is_there:
            raise document.kind.unknown(document.name)
        return document

    def handle(
        self,
        tenant: str,
        key: str,
        command: Command,
        origin: Origin,
        revision: int | None = None,
        command_id: str | None = None,
    ) -> D:
        """The document that the command came to: now, or when a command of that id was first sent.

        Raises what the kind's decision does, RevisionConflict when it is meant for another revision, and Conflict when
        others were first again and again.
        """
        stream = self.repository.aggregate.stream(tenant, key)
        commands = Commands(self.repository, self.decisions, self.clock)
        try:
            return commands.handle(stream, command, origin, command_id=command_id, revision=revision).state
        except Conflict:
            if revision is None:
                raise
            found = self.read(tenant, key)
            raise RevisionConflict(found.kind.noun, revision, found.revision) from None
