"""The life of a tenant's own saga: draft → published → archived, as events of kind `saga_definition`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from penstock.documents import lifecycle
from penstock.documents.lifecycle import Archive, Change, Create, Document, Kind, Publish
from penstock.events.aggregate import Aggregate
from penstock.events.commands import Decisions
from penstock.events.types import EventTypes
from penstock.sagas.errors import UnknownSaga
from penstock.workflows.errors import WrongState

EVENTS = EventTypes("saga_definition")
MOST_VERSIONS = 200
"""Of one saga: each is a state machine, of which an account holds a limited number, and deletes a few a second."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class DefinitionDrafted(lifecycle.Drafted):
    """A draft began."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class DefinitionChanged(lifecycle.Drafted):
    """The draft was replaced."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class DefinitionPublished(lifecycle.Published):
    """The draft became a version, with a state machine of its own; runs start from it."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class DefinitionArchived(lifecycle.Archived):
    """No run starts from it any more; those under way go on. It can be published again."""


@dataclass(frozen=True, slots=True)
class OwnSaga(Document):
    """The state of one own saga. `definition` is the draft."""

    kind: ClassVar = Kind("saga", UnknownSaga, WrongState)


_OF_EVERY_KIND = lifecycle.decisions(
    {Create: DefinitionDrafted, Change: DefinitionChanged, Publish: DefinitionPublished, Archive: DefinitionArchived}
)


def _publish(saga: OwnSaga, command: Publish) -> Sequence[Any]:
    if len(saga.versions) >= MOST_VERSIONS:
        raise saga.kind.refused("publish", saga.name, f"at version {MOST_VERSIONS}, the last there can be")
    return _OF_EVERY_KIND[Publish](saga, command)


DECISIONS: Decisions[OwnSaga] = {**_OF_EVERY_KIND, Publish: _publish}
AGGREGATE = Aggregate(EVENTS, OwnSaga, lifecycle.evolve)
