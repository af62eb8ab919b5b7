"""Access to health information: whether patients' consents are enforced. Each change is an event with its reason."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body

from penstock.api.application import Api
from penstock.api.wiring import authenticate
from penstock.aws import wiring
from penstock.identity.model import Scope
from penstock_healthcare.access.settings import AccessSettings
from penstock_healthcare.api.access import NewSettings, SettingsView

api = Api("Access to health information", authenticate=authenticate)


@api.get("/v1/healthcare/access", summary="Read how access to health information is set")
def read() -> SettingsView:
    """What holds now; consents are not enforced until somebody decides that they are."""
    who = api.require(Scope.READ)
    return SettingsView.of(AccessSettings(wiring.events()).get(who.tenant))


@api.put("/v1/healthcare/access", summary="Set whether patients' consents are enforced")
def change(wanted: Annotated[NewSettings, Body()]) -> SettingsView:
    """It counts from the next read on."""
    who = api.require(Scope.ADMIN)
    settings = AccessSettings(wiring.events())
    return SettingsView.of(settings.set_consent(who.tenant, wanted.consent, wanted.reason, api.origin()))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
