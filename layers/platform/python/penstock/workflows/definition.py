"""The workflow document that users write, store, export and import."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f#]+$")]
MAX_NODES = 500
MAX_CONNECTIONS = 2_000


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Retry(_Document):
    """Try a failed node again, waiting `delay_seconds`, then `backoff` times as long each time, up to a cap."""

    attempts: int = Field(default=3, ge=1, le=50, description="How often the node is tried in all")
    delay_seconds: float = Field(default=1, ge=0, le=86_400)
    backoff: float = Field(default=2, ge=1, le=10)
    max_delay_seconds: float = Field(default=300, ge=0, le=86_400)


class Node(_Document):
    """One node: a type of the catalogue with its parameters."""

    name: Name
    type: str = Field(min_length=1, max_length=120)
    parameters: dict[str, Any] = Field(default_factory=dict)
    retry: Retry | None = None
    on_error: Literal["stop", "continue", "error_output"] = Field(
        default="stop",
        description="What a final failure does: ends the execution, passes the items on with an `error`, "
        "or sends them out of the port `error`",
    )
    timeout_seconds: float | None = Field(default=None, gt=0, le=900)
    disabled: bool = Field(default=False, description="Items pass through unchanged")
    notes: str | None = Field(default=None, max_length=4_000)
    position: tuple[float, float] | None = Field(default=None, description="Where an editor draws it")


class Connection(_Document):
    """Items leave `source` by the port `output` and enter `target` by the port `input`."""

    source: Name = Field(alias="from")
    target: Name = Field(alias="to")
    output: str | None = Field(default=None, description="The source's first port when left out")
    input: str | None = Field(default=None, description="The target's first port when left out")


class Settings(_Document):
    """What holds for the workflow as a whole."""

    timeout_seconds: float | None = Field(default=None, gt=0, le=31_622_400, description="Ends an execution as failed")
    concurrency: int | None = Field(default=None, ge=1, le=1_000, description="How many executions run at once")
    error_workflow: str | None = Field(default=None, description="Id of the workflow that is started on failure")
    variables: dict[str, Any] = Field(default_factory=dict, description="Read in expressions as $vars")


class WorkflowDefinition(_Document):
    """A named graph of nodes and connections."""

    name: Name
    description: str = Field(default="", max_length=4_000)
    nodes: tuple[Node, ...] = Field(min_length=1, max_length=MAX_NODES)
    connections: tuple[Connection, ...] = Field(default=(), max_length=MAX_CONNECTIONS)
    settings: Settings = Settings()
