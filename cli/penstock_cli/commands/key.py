"""penstock key: API keys made from the account's side, for a tenant that has none yet."""

from typing import Annotated

import typer

from penstock_cli.account import LOCAL, Stage, account, calls
from penstock_cli.errors import Failure, WrongUse
from penstock_cli.output import AsJson, say, show

app = typer.Typer(name="key", help="Make API keys for a tenant, with the rights of the AWS account.")


@app.callback()
def group() -> None:
    """Keep `create` a command of its own beside those to come."""


@app.command()
def create(
    tenant: Annotated[str, typer.Option(help="Whose key it is; a tenant begins with its first key")],
    stage: Stage = LOCAL,
    name: Annotated[str, typer.Option(help="What the key is for")] = "bootstrap",
    scope: Annotated[list[str] | None, typer.Option(help="What it may do; admin when left out")] = None,
    role: Annotated[list[str] | None, typer.Option(help="Roles that narrow it to what they may read")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key. It is shown once: the stage keeps only its hash."""
    from penstock.aws.bootstrap import bootstrap_tenant
    from penstock.aws.errors import AwsError
    from penstock.events import InvalidStreamId
    from penstock.identity.model import Scope

    known = [each.value for each in Scope]
    for each in scope or ():
        if each not in known:
            raise WrongUse(f"--scope {each}: must be one of {', '.join(known)}")
    owner = account(stage)
    outputs = owner.outputs("Data")
    try:
        with calls(stage):
            text = bootstrap_tenant(
                tenant,
                dynamodb=owner.client("dynamodb"),
                s3=owner.client("s3"),
                events_table=outputs["EventsTable"],
                payloads_bucket=outputs["PayloadsBucket"],
                name=name,
                scopes=[Scope(each) for each in scope or (Scope.ADMIN,)],
                roles=role or (),
            )
    except InvalidStreamId as error:
        raise WrongUse(f"--tenant {tenant}: {error}") from error
    except AwsError as error:
        raise Failure(f"stage {stage}: {error}") from error
    say("Keep this key: it is not shown again.")
    show({"tenant": tenant, "key": text}, as_json, lambda console: console.print(text, soft_wrap=True))
