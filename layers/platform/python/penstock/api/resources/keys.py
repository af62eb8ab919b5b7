"""API keys as the API shows them."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, ConfigDict, Field

from penstock.identity.model import Scope

KeyId = Annotated[str, Path(min_length=1, max_length=200, description="The key's id")]

Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class NewKey(BaseModel):
    """What a key is for."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=120, description="Who will use it")
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope), description="What it may do; admin is all of it")
    roles: list[Role] = Field(
        default=[], max_length=10, description="Roles that narrow it: it then reaches only endpoints that judge by them"
    )


class CreatedKey(BaseModel):
    """A key that was made."""

    id: str
    name: str
    scopes: list[Scope]
    roles: list[str]
    key: str = Field(description="Send it as `X-API-Key`. It is shown this once and kept nowhere")


class KeySummary(BaseModel):
    """A key as it is listed, without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    roles: list[str] = []
    created_at: str
    created_by: str
    revoked_at: str | None
