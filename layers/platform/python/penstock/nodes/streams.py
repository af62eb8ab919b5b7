"""What nodes that look at streams of events have in common."""

from pydantic import Field

from penstock.events import InvalidStreamId, StreamId
from penstock.identity.model import Scope
from penstock.identity.streams import reading
from penstock.workflows.node import NodeFailure, NodeParameters


class StreamParameters(NodeParameters):
    """Which stream."""

    kind: str = Field(min_length=1, max_length=200, description="The kind of stream: workflow, execution, event …")
    key: str = Field(min_length=1, max_length=200, description="What it is the stream of: an execution's id …")

    def stream(self, tenant: str) -> StreamId:
        """The tenant's stream, of a kind that everybody may read. Raises NodeFailure."""
        if reading(self.kind) is not Scope.READ:
            raise NodeFailure("Forbidden", f"streams of kind {self.kind} are not for workflows to read", permanent=True)
        try:
            return StreamId(tenant, self.kind, self.key)
        except InvalidStreamId as error:
            raise NodeFailure("InvalidStream", str(error), permanent=True) from None
