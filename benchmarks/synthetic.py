"""Synthetic histories: executions, workflows and messages as Penstock stores them, made up, from a seed.

Benchmarks measure with them and the compression dictionary is trained on them. Nobody's data is in them.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from benchmarks.payloads import (
    GOODS,
    T0,
    Dice,
    definition,
    headers,
    millis,
    new_id,
    observation,
    order,
    oru,
    patient,
    payment,
    timestamp,
)
from penstock.events import Draft, Origin, StreamId
from penstock.json import JSONObject
from penstock.sagas import events as saga
from penstock.sagas.library import built_in
from penstock.workflows import lifecycle
from penstock.workflows.execution import events as execution
from penstock_healthcare.messages import events as hl7


@dataclass(frozen=True, slots=True)
class History:
    """One stream: what each commit holds, in order."""

    stream: StreamId
    origin: Origin
    commits: Sequence[Sequence[Draft]]


def histories(count: int, seed: int = 7, domains: Sequence[str] = ()) -> Iterator[History]:
    """`count` streams of the domains (all of them when none is named), taking turns."""
    dice = Dice(seed)
    makers = [DOMAINS[name] for name in domains or DOMAINS]
    for number in range(count):
        kind, commits = makers[number % len(makers)](dice)
        origin = Origin(dice.choice(["api", "mllp", "schedule"]) + f":{new_id(dice)[:8]}", new_id(dice), new_id(dice))
        yield History(StreamId("lakeside", kind, new_id(dice)), origin, _timed(commits, dice))


def payments(dice: Dice) -> tuple[str, list[list[Any]]]:
    """A payment file comes in, is checked, split and booked."""
    items = [payment(dice) for _ in range(dice.randint(1, 6))]
    results = [
        {"EndToEndId": item["EndToEndId"], "status": dice.choice(["ACCP", "ACSC", "RJCT"]), "score": dice.random()}
        for item in items
    ]
    return "execution", _run(
        dice,
        [{"headers": headers(dice), "query": {}, "body": {"GrpHdr": {"NbOfTxs": len(items)}, "CdtTrfTxInf": items}}],
        [
            ("Read payments", {"out": items}),
            ("Screen names", {"pass": {"from": "in"}, "hit": []}),
            ("Book", {"out": results}),
            ("Booked?", {"true": {"from": "in", "pick": [0]}, "false": []}),
            ("Answer", {"out": {"from": "in"}}),
        ],
    )


def labs(dice: Dice) -> tuple[str, list[list[Any]]]:
    """A lab result becomes FHIR resources; a critical one waits for a clinician."""
    subject = patient(dice)
    observations = [observation(dice, subject) for _ in range(dice.randint(1, 7))]
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "subject": {"reference": f"Patient/{subject['id']}"},
        "effectiveDateTime": timestamp(dice),
        "result": [{"reference": f"Observation/{each['id']}"} for each in observations],
    }
    waiting = execution.NodeWaiting(
        "Acknowledge", 0, "callback", millis(dice), new_id(dice), {"message": "Critical result", "group": "icu"}
    )
    resumed = execution.NodeResumed("Acknowledge", 0, "callback", {"by": f"dr.{subject['name'][0]['family'].lower()}"})
    return "execution", _run(
        dice,
        [{"message": oru(dice, subject), "source": "LIS", "received": timestamp(dice)}],
        [
            ("Parse", {"out": [{"type": "ORU^R01", "controlId": new_id(dice)[:12], "patient": subject}]}),
            ("Known patient?", {"true": {"from": "in"}, "false": []}),
            ("Map to FHIR", {"out": [*observations, report]}),
            ("Critical?", {"true": {"from": "in", "pick": [1]}, "false": {"from": "in", "pick": [0, 2]}}),
            ("Acknowledge", {"out": {"from": "in"}}),
            ("Tell the ward", {"out": [{"event": "lab.result.critical", "id": new_id(dice)}]}),
        ],
        pause=(4, [waiting], [resumed]),
    )


def orders(dice: Dice) -> tuple[str, list[list[Any]]]:
    """A web shop's order goes through ten nodes, one of which fails once."""
    placed = order(dice)
    price = sum(line["quantity"] * line["price"] for line in placed["lines"])
    failure = {"type": "HttpError", "message": f"the server answered {dice.choice([429, 502, 503])}", "retryable": True}
    failed = execution.NodeFailed("Check stock", 0, 1, failure, "retry", millis(dice))
    return "execution", _run(
        dice,
        [{"method": "POST", "path": "/orders", "headers": headers(dice), "query": {}, "body": placed}],
        [
            ("Order", {"out": [placed]}),
            ("Valid?", {"true": {"from": "in"}, "false": []}),
            ("Total", {"out": [{**placed, "total": round(price, 2), "currency": "EUR"}]}),
            ("Lines", {"out": placed["lines"]}),
            ("Check stock", {"out": [{**line, "stock": dice.randint(0, 500)} for line in placed["lines"]]}),
            ("In stock", {"kept": {"from": "in"}, "dropped": []}),
            ("Gather", {"out": [{"lines": placed["lines"]}]}),
            ("Big order?", {"true": [], "false": {"from": "in"}}),
            ("Respond", {"out": {"from": "in"}}),
        ],
        pause=(4, [failed], []),
    )


def telemetry(dice: Dice) -> tuple[str, list[list[Any]]]:
    """A machine's values are filtered and summed up."""
    values = [
        {
            "NodeId": f"ns=2;s=Line{dice.randint(1, 4)}.{dice.choice(['Temperature', 'Pressure', 'Speed'])}",
            "Value": round(dice.gauss(60, 9), 3),
            "SourceTimestamp": timestamp(dice),
            "StatusCode": dice.choice(["Good", "Good", "Good", "Uncertain"]),
        }
        for _ in range(dice.randint(5, 30))
    ]
    mean = sum(float(str(each["Value"])) for each in values) / len(values)
    return "execution", _run(
        dice,
        [{"topic": f"plant/line/{dice.randint(1, 4)}", "values": values}],
        [
            ("Values", {"out": values}),
            ("Good only", {"kept": {"from": "in", "pick": list(range(len(values) - 2))}, "dropped": values[-2:]}),
            ("Mean", {"out": [{"count": len(values), "mean": round(mean, 4)}]}),
        ],
    )


def workflows(dice: Dice) -> tuple[str, list[list[Any]]]:
    """A workflow is drawn, changed and published."""
    first, second = definition(dice), definition(dice)
    return "workflow", [
        [lifecycle.WorkflowCreated(first)],
        [lifecycle.WorkflowUpdated({**first, "nodes": second["nodes"]})],
        [lifecycle.WorkflowPublished(1)],
    ]


def messages(dice: Dice) -> tuple[str, list[list[Any]]]:
    """An HL7 v2 message as it came in."""
    raw = oru(dice, patient(dice)).encode()
    stored = hl7.HL7MessageStored(
        raw=b64encode(raw).decode(),
        sha256=sha256(raw).hexdigest(),
        size=len(raw),
        received_at=timestamp(dice),
        source={"peer": f"10.20.{dice.randint(0, 9)}.{dice.randint(1, 254)}", "listener": "mllp:2575"},
    )
    accepted = hl7.HL7MessageAccepted(
        message_type="ORU^R01",
        structure="ORU_R01",
        control_id=new_id(dice)[:14].upper(),
        sending_application="LIS",
        sending_facility="LAB",
        version="2.5.1",
        charset="UTF-8",
        findings=[],
    )
    return hl7.EVENTS.kind, [[stored], [accepted]]


def sagas(dice: Dice) -> tuple[str, list[list[Any]]]:
    """An order is fulfilled; each step is on record before it is made, and after."""
    given = {
        "order": new_id(dice)[:12],
        "sku": f"{dice.choice(GOODS)}-{dice.randint(100, 999)}",
        "quantity": dice.randint(1, 40),
        "account": new_id(dice)[:12],
        "amount": dice.randint(100, 900_000),
        "currency": dice.choice(["EUR", "USD", "CHF"]),
    }
    definition = built_in()["order_fulfilment"].definition
    commits: list[list[Any]] = [[saga.SagaStarted("order_fulfilment", definition, given)]]
    for step in ("reserve_inventory", "charge_payment", "ship", "confirm"):
        commits += [[saga.StepStarted(step, 1)], [saga.StepSucceeded(step, {"reference": new_id(dice)})]]
    return saga.EVENTS.kind, [*commits, [saga.SagaCompleted()]]


Maker = Callable[[Dice], tuple[str, list[list[Any]]]]
DOMAINS: dict[str, Maker] = {
    "labs": labs,
    "orders": orders,
    "payments": payments,
    "telemetry": telemetry,
    "workflows": workflows,
    "messages": messages,
    "sagas": sagas,
}
EXECUTIONS = ("labs", "orders", "payments", "telemetry")


def _run(
    dice: Dice,
    items: list[JSONObject],
    nodes: Sequence[tuple[str, JSONObject]],
    pause: tuple[int, Sequence[Any], Sequence[Any]] | None = None,
) -> list[list[Any]]:
    """An execution's commits: one, or two when it pauses before a node."""
    trigger = dice.choice(["Webhook", "When called", "On message", "Every hour"])
    start = execution.ExecutionStarted(new_id(dice), dice.randint(1, 40), trigger, items, "inline", millis(dice))
    done: list[Any] = [execution.NodeCompleted(trigger, 0, {"out": {"from": "in"}})]
    done += [execution.NodeCompleted(name, 0, outputs, dice.randint(0, 90)) for name, outputs in nodes]
    end = execution.ExecutionCompleted()
    if pause is None:
        return [[start, *done, end]]
    at, before, after = pause
    return [[start, *done[: at + 1], *before], [*after, *done[at + 1 :], end]]


def _timed(commits: Sequence[Sequence[Any]], dice: Dice) -> list[list[Draft]]:
    now = T0 + timedelta(milliseconds=dice.randint(0, 10**10))
    timed = []
    for commit in commits:
        now += timedelta(milliseconds=dice.randint(1, 10**5))
        times = [now + timedelta(milliseconds=dice.randint(0, 3) * place) for place in range(len(commit))]
        timed.append([_draft(event, time) for event, time in zip(commit, times, strict=True)])
    return timed


def _draft(event: Any, time: datetime) -> Draft:
    data = {field.name: getattr(event, field.name) for field in fields(event)}
    return Draft(type(event).__name__, data, time)
