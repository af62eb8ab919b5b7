"""healthcare.ehr.poll"""

from typing import Annotated

from pydantic import AwareDatetime, Field

from penstock.clock import iso
from penstock.events import Origin
from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, Outcome, node_type
from penstock_healthcare.fhir.polling.poll import Poll
from penstock_healthcare.nodes.ehr_calls import TYPE_NAME, EhrParameters, Servers, servers, told

POLL_NAME = r"^[a-z][a-z0-9_-]{0,62}$"
_Text = Annotated[str, Field(max_length=2_000)]


class Parameters(EhrParameters):
    """What is polled."""

    poll: str = Field(pattern=POLL_NAME, description="The poll's name, which `healthcare.trigger.ehr_poll` listens for")
    resource_type: str = Field(pattern=TYPE_NAME, description="The type: Observation")
    query: dict[str, _Text] = Field(
        default_factory=dict, max_length=50, description="What the resources must meet besides: category, patient …"
    )
    changed_by: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9_-]{0,64}$",
        description="The search parameter for the time of a change; else `_lastUpdated` where the vendor serves it",
    )
    since: AwareDatetime | None = Field(
        default=None, description="Where the very first poll begins; left out, when it runs"
    )
    overlap_seconds: int = Field(
        default=300, ge=0, le=86_400, description="How far each poll looks back behind the one before"
    )
    page_size: int = Field(default=100, ge=1, le=1_000, description="`_count`; less where the vendor gives less")
    max_pages: int = Field(
        default=20, ge=1, le=100, description="At most this many pages a search; more is asked for in shorter spans"
    )


@node_type("healthcare.ehr.poll", kind=Kind.ACTION, parameters=Parameters)
def poll_ehr(call: Call[Parameters]) -> Outcome:
    """Ask an outside FHIR server what is new or changed since the last poll, and tell each version once.

    Put it behind a schedule. What it finds starts the workflows whose `healthcare.trigger.ehr_poll` listens for the
    poll. When the server fails in between, the next poll goes on where this one was cut off. Adds `poll` to the item:
    versions `found`, those that are `new`, and `until` when all is told.
    """
    with servers(call) as known:
        return Emit.main([_polled(call, known, index, *each) for index, each in enumerate(call.each())])


def _polled(call: Call[Parameters], known: Servers, index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    from penstock_healthcare.fhir.polling.polling import Polling

    origin = Origin(f"workflow:{call.workflow}", call.execution)
    with told(index):
        polling = Polling(call.services.store, call.tenant, origin, call.now)
        done = polling.run(_poll(parameters), known.client(parameters.connection), parameters.since)
    return {**item, "poll": {"found": done.found, "new": done.new, "until": iso(done.until)}}


def _poll(parameters: Parameters) -> Poll:
    return Poll(
        name=parameters.poll,
        connection=parameters.connection,
        resource_type=parameters.resource_type,
        query=tuple(sorted(parameters.query.items())),
        by=parameters.changed_by,
        overlap_seconds=parameters.overlap_seconds,
        page_size=parameters.page_size,
        max_pages=parameters.max_pages,
    )
