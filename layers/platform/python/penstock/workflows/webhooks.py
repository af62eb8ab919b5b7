"""Webhooks: which published workflow a request is for."""

from collections.abc import Iterator
from dataclasses import dataclass

from penstock.events.views import ViewStore
from penstock.json import JSONObject
from penstock.nodes.webhook_trigger import Parameters, accepts
from penstock.projections.workflows import published_triggers
from penstock.workflows.errors import UnknownWorkflow
from penstock.workflows.execution.ports import Start
from penstock.workflows.triggers import WEBHOOK


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook trigger of a published workflow."""

    tenant: str
    workflow: str
    revision: int
    node: str
    parameters: Parameters

    def start(self, item: JSONObject) -> Start:
        """What a request to it starts; `item` as `webhook_trigger.request_item` makes it."""
        return Start(self.tenant, self.workflow, self.revision, [item], "webhook", self.node)


def find(views: ViewStore, tenant: str, method: str, path: str) -> Webhook:
    """The webhook that a request is for; of several at one path that of the workflow whose id comes first.

    Raises UnknownWorkflow when none takes the method at the path.
    """
    for webhook in _at(views, tenant, path.strip("/")):
        if accepts(webhook.parameters, method, path):
            return webhook
    raise UnknownWorkflow(f"webhook for {method} at {path[:120]}")


def _at(views: ViewStore, tenant: str, path: str) -> Iterator[Webhook]:
    for workflow in views.lookup(tenant, "webhook", path):
        view = views.get(tenant, "workflows", workflow)
        for trigger in published_triggers(view.document) if view else ():
            if view and trigger["type"] == WEBHOOK:
                revision = view.document["versions"][-1]["revision"]
                parameters = Parameters.model_validate(trigger["parameters"])
                yield Webhook(tenant, workflow, revision, trigger["node"], parameters)
