"""Metrics of workflows and sagas: counts, error rates, durations, by the hour and by the node."""

from typing import Any

from penstock.api.application import Api
from penstock.api.problems import NotFound
from penstock.api.resources.metrics import Detail, From, SagaId, Summaries, To, WorkflowId, span_of
from penstock.api.wiring import authenticate
from penstock.aws import wiring
from penstock.clock import utc_now
from penstock.events import StreamId
from penstock.identity.model import Scope
from penstock.metrics.reading import series, totals
from penstock.metrics.subjects import SAGAS, WORKFLOWS
from penstock.sagas import lifecycle as saga_lifecycle
from penstock.sagas.library import built_in
from penstock.workflows import lifecycle

api = Api("Metrics", authenticate=authenticate)


@api.get("/v1/metrics/workflows", summary="Read the metrics of all workflows")
def workflows(start: From = None, to: To = None) -> Summaries:
    """Every workflow that ran in the time. What happens shows here some moments later."""
    return _summaries(WORKFLOWS.name, start, to)


@api.get("/v1/metrics/workflows/<workflow>", summary="Read a workflow's metrics")
def workflow(workflow: WorkflowId, start: From = None, to: To = None) -> Detail:
    """The whole time, hour by hour, and node by node."""
    return _detail(WORKFLOWS.name, workflow, start, to, lifecycle.EVENTS.kind)


@api.get("/v1/metrics/sagas", summary="Read the metrics of all sagas")
def sagas(start: From = None, to: To = None) -> Summaries:
    """Every saga that ran in the time. A run that was undone, or that needs a person, counts as failed."""
    return _summaries(SAGAS.name, start, to)


@api.get("/v1/metrics/sagas/<saga>", summary="Read a saga's metrics")
def saga(saga: SagaId, start: From = None, to: To = None) -> Detail:
    """The whole time, hour by hour, and step by step."""
    return _detail(SAGAS.name, saga, start, to, saga_lifecycle.EVENTS.kind)


def _summaries(subject: str, start: From, to: To) -> Summaries:
    who, span = api.require(Scope.READ), span_of(start, to, utc_now())
    return Summaries.of(totals(wiring.rows(), who.tenant, subject, span, _live(who.tenant)), span)


def _detail(subject: str, name: str, start: From, to: To, kind: str) -> Detail:
    """Nothing but zeros for what did not run; not found when no stream of the kind defines it either."""
    who, span = api.require(Scope.READ), span_of(start, to, utc_now())
    found = series(wiring.rows(), who.tenant, subject, name, span, _live(who.tenant))
    is_built_in = subject == SAGAS.name and name in built_in()
    if not found.hours and not is_built_in and not any(wiring.events().commits(StreamId(who.tenant, kind, name))):
        raise NotFound(f"{subject} {name}")
    return Detail.of_series(name, found, span)


def _live(tenant: str) -> int:
    return wiring.generations().live_generation(tenant, "metrics")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
