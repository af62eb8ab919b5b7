"""Workflows as the API shows them."""

from collections.abc import Sequence
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, ConfigDict, Field

from penstock.api.problems import told
from penstock.clock import iso
from penstock.documents.lifecycle import Status, Version
from penstock.json import JSONObject
from penstock.workflows.errors import Problem
from penstock.workflows.lifecycle import Workflow

WorkflowId = Annotated[str, Path(min_length=1, max_length=200, description="The workflow's id")]


class WorkflowView(BaseModel):
    """A workflow with its draft."""

    id: str
    status: Status
    revision: int = Field(description="Rises with every change; give it as `If-Match` to change what you saw")
    version: int | None = Field(description="The number of the newest published version")
    definition: dict[str, Any]

    @classmethod
    def of(cls, workflow: Workflow) -> "WorkflowView":
        """The state as it is shown."""
        return cls(
            id=workflow.id.key,
            status=workflow.status,
            revision=workflow.revision,
            version=workflow.versions[-1].number if workflow.versions else None,
            definition=workflow.definition,
        )


class WorkflowSummary(BaseModel):
    """A workflow as it is listed."""

    model_config = ConfigDict(extra="ignore")

    id: str
    name: str
    description: str
    status: Status
    revision: int
    nodes: int = Field(description="How many nodes it has")
    created_at: str
    updated_at: str
    updated_by: str


class VersionView(BaseModel):
    """A published version."""

    number: int
    revision: int
    published_at: str
    definition: dict[str, Any]

    @classmethod
    def of(cls, version: Version) -> "VersionView":
        """The version as it is shown."""
        return cls(
            number=version.number,
            revision=version.revision,
            published_at=iso(version.published_at),
            definition=version.definition,
        )


class Export(BaseModel):
    """A workflow as a file: what it does, without the history of this account."""

    format: str = Field(default="penstock.workflow/1", pattern=r"^penstock\.workflow/1$")
    definition: JSONObject


class Verdict(BaseModel):
    """Whether a definition can run, and all that is wrong with it."""

    valid: bool
    problems: list[dict[str, str]]

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> "Verdict":
        """What validation found."""
        return cls(valid=not problems, problems=told(problems))
