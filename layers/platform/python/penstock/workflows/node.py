"""The kit for writing a node type. One type is one file in a `nodes` package; discovery does the rest.

    class Parameters(NodeParameters):
        keep: int = Field(default=1, ge=1, description="How many items to keep")

    @node_type("core.limit", kind=Kind.QUERY, parameters=Parameters)
    def limit(call: Call[Parameters]) -> Outcome:
        '''Keep the first items.'''
        return Emit.main(call.items[: call.parameters.keep])

The docstring is the description that users read; its first line is the title's sentence.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Literal, TypeAlias, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict

from penstock.events.feed import Feed, MemoryFeed
from penstock.events.keyring import Keyring, MemoryKeyring
from penstock.events.store import EventStore
from penstock.events.views import MemoryViewStore, ViewStore
from penstock.http.signing import NoSigner, Signer
from penstock.json import JSON, JSONObject


class Kind(StrEnum):
    """What a node does. Only an `action` has effects outside: it runs between two commits."""

    TRIGGER = "trigger"
    ACTION = "action"
    QUERY = "query"
    COMPLIANCE = "compliance"
    CONTROL = "control"


class NodeParameters(BaseModel):
    """Base of every node type's parameters; its JSON Schema is the form and the documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NodeFailure(Exception):
    """A node could not do its work. `kind` is a stable word for people; a `permanent` one is never retried."""

    def __init__(self, kind: str, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.kind, self.message, self.permanent = kind, message, permanent


@dataclass(frozen=True, slots=True)
class Response:
    """What a webhook's caller is answered."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: JSON = None


@dataclass(frozen=True, slots=True)
class Emit:
    """The node is done: items by output port. `memory` is kept for the node's next run in this execution."""

    outputs: Mapping[str, Sequence[JSONObject]]
    memory: JSON = None
    response: Response | None = None

    @classmethod
    def main(cls, items: Sequence[JSONObject]) -> "Emit":
        """All items out of the port `main`."""
        return cls({"main": items})


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Resume the node at a time (UTC)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class AwaitCallback:
    """Resume the node when its callback is called, or at `until`. `details` are shown to who is asked."""

    until: datetime | None = None
    details: JSONObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StartWorkflow:
    """Run another workflow of the tenant on the items, and resume the node when it has ended."""

    workflow: str
    items: Sequence[JSONObject]


Outcome: TypeAlias = Emit | WaitUntil | AwaitCallback | StartWorkflow


@dataclass(frozen=True, slots=True)
class Signal:
    """Why a waiting node is resumed, and what came with it."""

    kind: Literal["timer", "callback", "child"]
    payload: JSON = None


@dataclass(frozen=True, slots=True)
class Services:
    """What a node may reach besides its items.

    `views` lag behind `store`; `keyring` holds the tenant's keys; `signer` signs requests as who runs the node.
    """

    store: EventStore
    feed: Feed = field(default_factory=MemoryFeed)
    views: ViewStore = field(default_factory=MemoryViewStore)
    keyring: Keyring = field(default_factory=MemoryKeyring)
    signer: Signer = field(default_factory=NoSigner)


P = TypeVar("P", bound=NodeParameters)


@dataclass(frozen=True, slots=True)
class Call(Generic[P]):
    """One run of a node. `key` is the same when a crash makes it run again: hand it to whatever can honour it."""

    inputs: Mapping[str, Sequence[JSONObject]]
    resolved: Sequence[P]
    key: str
    attempt: int
    now: datetime
    tenant: str
    workflow: str
    execution: str
    memory: JSON
    services: Services

    @property
    def items(self) -> Sequence[JSONObject]:
        """The items of the first input port."""
        return next(iter(self.inputs.values()), ())

    @property
    def parameters(self) -> P:
        """The parameters as the first item resolves them."""
        return self.resolved[0]

    def id_for(self, *place: int) -> UUID:
        """An id for what the run makes at a place, as of an item: the same when it runs again under its key."""
        return uuid5(NAMESPACE_URL, "/".join([self.tenant, self.key, *map(str, place)]))

    def each(self) -> Iterator[tuple[JSONObject, P]]:
        """Every item of the first input port with the parameters as it resolves them."""
        if len(self.resolved) == 1:
            return ((item, self.resolved[0]) for item in self.items)
        return zip(self.items, self.resolved, strict=True)


_ABBREVIATIONS = frozenset({"ehr", "fhir", "hl7", "http", "mllp", "x12"})
Run: TypeAlias = Callable[[Call[Any]], Outcome]
Resume: TypeAlias = Callable[[Call[Any], Signal], Outcome]
Ports: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listens:
    """The events that a wing's trigger starts on: of these types, from streams of this kind.

    `match` maps a dotted path in the event to the parameter that holds the values allowed there; none allows all.
    Where more is to be weighed than values, the wing has a consumer of its own that starts what `is_wings`.
    """

    kind: str
    types: tuple[str, ...]
    match: Mapping[str, str] = field(default_factory=dict)
    is_wings: bool = False


@dataclass(frozen=True, slots=True)
class NodeType:
    """One entry of the catalogue.

    `join` says when a node with several inputs runs: on `any` delivery, or when `all` connected inputs have one
    (or can no longer get one); a `loop` gets its first input and, each time its batch has come round, all that came
    back by `next` so far, until it keeps no memory. `ports` computes inputs and outputs from the
    parameters where they depend on them. `per_item` says whether expressions are resolved for every item or once.
    `parameters` and `run` are None for a type whose code is elsewhere. `listens` is for a wing's triggers.
    """

    name: str
    kind: Kind
    title: str
    description: str
    schema: JSONObject
    parameters: type[NodeParameters] | None
    run: Run | None
    resume: Resume | None = None
    inputs: Ports = ("main",)
    outputs: Ports = ("main",)
    join: Literal["any", "all", "loop"] = "any"
    per_item: bool = True
    ports: Callable[[JSONObject], tuple[Ports, Ports]] | None = None
    listens: Listens | None = None

    @property
    def wing(self) -> str:
        """The part before the first dot: `core`, `healthcare` …"""
        return self.name.partition(".")[0]

    def ports_for(self, parameters: JSONObject) -> tuple[Ports, Ports]:
        """Inputs and outputs of a node with these (unresolved) parameters."""
        return self.ports(parameters) if self.ports else (self.inputs, self.outputs)


def node_type(
    name: str,
    *,
    kind: Kind,
    parameters: type[NodeParameters] = NodeParameters,
    inputs: Ports | None = None,
    outputs: Ports = ("main",),
    join: Literal["any", "all", "loop"] = "any",
    per_item: bool = True,
    ports: Callable[[JSONObject], tuple[Ports, Ports]] | None = None,
    resume: Resume | None = None,
    listens: Listens | None = None,
) -> Callable[[Run], NodeType]:
    """Make a node type of the function that runs it. A trigger has no inputs unless it says so."""

    def make(run: Run) -> NodeType:
        text = inspect.getdoc(run) or ""
        title = " ".join(_word(word) for word in run.__name__.split("_"))
        title = title[:1].upper() + title[1:]
        default_inputs = () if kind is Kind.TRIGGER else ("main",)
        return NodeType(
            name=name,
            kind=kind,
            title=title,
            description=text,
            schema=parameters.model_json_schema(),
            parameters=parameters,
            run=run,
            resume=resume,
            inputs=default_inputs if inputs is None else inputs,
            outputs=outputs,
            join=join,
            per_item=per_item,
            ports=ports,
            listens=listens,
        )

    return make


def _word(word: str) -> str:
    return word.upper() if word in _ABBREVIATIONS else word
