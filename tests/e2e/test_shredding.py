"""A patient is forgotten on the deployed stack: by the API, through the queues, down to the tables."""

import base64
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import boto3
import zstandard

from penstock.events.codec import dictionaries
from tests.e2e.stack import Stack
from tests.e2e.tenant import Document, Tenant, eventually

NAME, MRN = "Zzyzxwick", "88412907"
RAW = (
    "MSH|^~\\&|LIS|LAKESIDE|PENSTOCK|INTEGRATION|20261123130201-0600||ORU^R01^ORU_R01|SHRED-1|P|2.5.1\r"
    f"PID|1||{MRN}^^^LAKESIDE^MR||{NAME}^Quentin||19610412|M\r"
    "OBR|1|ORD1|LAB1|2345-7^Glucose^LN|||20261123123000-0600|||||||||||||||||CH|F\r"
    "OBX|1|NM|2345-7^Glucose^LN||84|mg/dL|70-99|N|||F\r"
)
KEYS_ARE_FORGOTTEN = 75.0
"""Seconds after which no process remembers an ended key."""
COPIES_ARE_ERASED = 240.0
"""Seconds after which the erasure has heard of it, and done its work."""


def texts(value: Any) -> Iterator[bytes]:
    """All that an item says, blobs also as they are when they are unpacked."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, bytes):
        yield value
        try:
            dictionary = dictionaries().get(zstandard.get_frame_parameters(value).dict_id)
            yield zstandard.ZstdDecompressor(dict_data=dictionary).decompress(value, max_output_size=1 << 28)
        except zstandard.ZstdError:
            return
    else:
        yield str(value).encode()


def planted_in(stack: Stack, tenant: Tenant, table: str) -> set[str]:
    """Which of what was planted can be read in the tenant's items of a table."""
    found: set[str] = set()
    for page in stack.dynamodb.get_paginator("scan").paginate(TableName=table):
        mine = [item for item in page["Items"] if item["pk"]["S"].startswith(tenant.name)]
        found |= {text for text in (NAME, MRN) for each in texts(mine) if text.encode() in each}
    return found


def planted_objects(stack: Stack) -> set[str]:
    s3: Any = boto3.client("s3")
    keys = [
        found["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=stack.payloads_bucket)
        for found in page.get("Contents", ())
    ]
    blobs = {key: s3.get_object(Bucket=stack.payloads_bucket, Key=key)["Body"].read() for key in keys}
    return {key for key, blob in blobs.items() if any(NAME.encode() in each for each in texts(blob))}


def lab_results() -> Document:
    found: Document = json.loads(files("penstock_healthcare.workflows").joinpath("lab_results.json").read_text("utf-8"))
    return found


def test_a_forgotten_patient_is_gone_from_the_stack_and_its_streams_hold(stack: Stack, tenant: Tenant) -> None:
    lab = tenant.publish(lab_results())
    eventually("the workflow listens", lambda: tenant.items("/v1/workflows", status="published"))
    sent = {"raw": base64.b64encode(RAW.encode()).decode()}
    message = tenant.call("POST", "/v1/healthcare/messages", sent, expect=201)["id"]
    (execution,) = tenant.listed(lab)
    tenant.ended(execution["id"])
    stack.settle()
    assert planted_in(stack, tenant, stack.events_table) == set(), "sealed from the beginning"
    assert planted_in(stack, tenant, stack.views_table) == {NAME, MRN}

    asked = {"identifier": MRN}
    shown = tenant.call("POST", "/v1/subjects/find", asked, expect=200)
    assert f"{tenant.name}#execution#{execution['id']}" in shown["streams"]
    assert any("#fhir#Patient-" in stream for stream in shown["streams"])
    forgotten = tenant.call("POST", "/v1/subjects/forget", {**asked, "reason": "asked for it"}, expect=200)
    assert (forgotten["is_linked"], forgotten["streams"]) == (False, shown["streams"])

    # The erasure's queue waits for two minutes: before, a process that remembers the keys would fold the same again.
    eventually("no copy is left", lambda: not planted_in(stack, tenant, stack.views_table), COPIES_ARE_ERASED)
    assert planted_in(stack, tenant, stack.events_table) == set()
    assert planted_objects(stack) == set()

    def is_blank() -> bool:
        return bool(tenant.get(f"/v1/healthcare/messages/{message}")["original"] == "")

    eventually("no process reads it any more", is_blank, KEYS_ARE_FORGOTTEN)
    for stream in shown["streams"]:
        _, kind, key = stream.split("#")
        verified = tenant.get(f"/v1/events/{kind}/{key}/verification")
        assert verified["holds"], (stream, verified)
    assert tenant.execution(execution["id"])["status"] == "done"
