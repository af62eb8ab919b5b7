"""A patient is forgotten: from an HL7 message, its executions and resources, to the last copy of any of them."""

import base64
import logging
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
import zstandard

from penstock.aws import clients, wiring
from penstock.aws.archive import CopyableEventStore, S3Archive
from penstock.events import Origin, Position, StreamId
from penstock.events.aggregate import Snapshot
from penstock.events.chain import check
from penstock.events.codec import dictionaries
from penstock.events.discovery import projections_of
from penstock.events.recovery import restore, verify
from penstock.identity.model import Scope
from penstock.privacy.finders import finders
from tests.functions.cloud import ROOT, Answer, Cloud, load

NAME, MRN, SSN = "Zzyzxwick", "88412907", "999887777"
PLANTED = (NAME, MRN, SSN)
RAW = (
    "MSH|^~\\&|LAB|LAKESIDE|EHR|LAKESIDE|20261124103000||ORU^R01^ORU_R01|MSG-{number}|P|2.5.1\r"
    f"PID|1||{MRN}^^^LAKESIDE^MR||{NAME}^Quentin||19610412|M|||1 Ward Lane^^Brook||||||||{SSN}\r"
    "OBR|1||{number}|2823-3^Potassium^LN|||20261124100000\r"
    "OBX|1|NM|2823-3^Potassium^LN||4.1|mmol/L|3.5-5.1|N|||F\r"
)
OTHER = RAW.replace(NAME, "Okafor").replace(MRN, "11111111").replace(SSN, "222222222")
FLOW = {
    "name": "Results",
    "nodes": [
        {"name": "in", "type": "healthcare.trigger.hl7"},
        {"name": "map", "type": "healthcare.fhir.from_hl7"},
        {"name": "save", "type": "healthcare.fhir.save"},
        {"name": "emit", "type": "core.emit", "parameters": {"type": "lab.result.filed"}},
    ],
    "connections": [{"from": "in", "to": "map"}, {"from": "map", "to": "save"}, {"from": "save", "to": "emit"}],
}
WHY = "asked to be forgotten"


@pytest.fixture
def archive(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> S3Archive:
    monkeypatch.setenv("PENSTOCK_ARCHIVE_BUCKET", "archive")
    boto3.client("s3").create_bucket(Bucket="archive", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    wiring.settings.cache_clear()
    return S3Archive(clients.s3(), "archive")


@pytest.fixture
def ward(cloud: Cloud) -> Cloud:
    """A cloud with a published workflow that files what laboratories send."""
    made = cloud.request("workflows", "POST", "/v1/workflows", FLOW)
    assert made.status == 201, made.body
    cloud.request("workflows", "POST", f"/v1/workflows/{made.body['id']}/publish")
    cloud.catch_up()
    return cloud


def send(cloud: Cloud, number: int, message: str = RAW) -> StreamId:
    """A message comes in, and all follows that it leads to; returns the message's stream."""
    raw = base64.b64encode(message.replace("{number}", str(number)).encode()).decode()
    answer = cloud.request("hl7_messages", "POST", "/v1/healthcare/messages", {"raw": raw})
    assert (answer.status, answer.body["acknowledgment"]) == (201, "AA"), answer.body
    stream = StreamId("acme", "hl7_message", answer.body["id"])
    heard = [{"detail": {"stream": str(stream), "version": version}} for version in (1, 2)]
    assert load("triggers").handler(cloud.sqs_event(*heard), cloud.context()) == {"batchItemFailures": []}
    for order in cloud.messages("engine"):
        wiring.engine().resume(StreamId.parse(order["stream"]), lambda: False)
    return stream


def told(cloud: Cloud, function: str, *kinds: str) -> None:
    """The consumer is nudged of every stream of the kinds."""
    nudges = [{"stream": str(stream), "commit": 1} for stream in cloud.streams() if stream.kind in kinds]
    assert load(function).handler(cloud.sqs_event(*nudges), cloud.context()) == {"batchItemFailures": []}


def forget(cloud: Cloud, identifier: str = MRN, **more: Any) -> Answer:
    return cloud.request("subjects", "POST", "/v1/subjects/forget", {"identifier": identifier, "reason": WHY}, **more)


def find(cloud: Cloud, identifier: str = MRN, **more: Any) -> Answer:
    return cloud.request("subjects", "POST", "/v1/subjects/find", {"identifier": identifier}, **more)


def texts(value: Any) -> Iterator[bytes]:
    """All that a stored value says, blobs also as they are when they are unpacked."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield name.encode()
            yield from texts(each)
    elif isinstance(value, list | set | tuple):
        for each in value:
            yield from texts(each)
    elif isinstance(value, bytes):
        yield value
        yield from unpacked(value)
    else:
        yield str(value).encode()


def unpacked(blob: bytes) -> Iterator[bytes]:
    try:
        dictionary = dictionaries().get(zstandard.get_frame_parameters(blob).dict_id)
        yield zstandard.ZstdDecompressor(dict_data=dictionary).decompress(blob, max_output_size=1 << 28)
    except zstandard.ZstdError:
        return


def base64_forms(text: str) -> Iterator[bytes]:
    """The text as it stands inside base64, at each of the three places where it can begin."""
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + text.encode())
        yield coded[2 * before : -4] if before else coded[:-4]


def found_in(stored: Iterator[bytes]) -> set[str]:
    """Which of what was planted can be read there."""
    every = list(stored)
    forms = {text: [text.encode(), *base64_forms(text)] for text in PLANTED}
    return {text for text, ways in forms.items() if any(way in each for way in ways for each in every)}


def tables(*names: str) -> Iterator[bytes]:
    for name in names:
        for page in clients.dynamodb().get_paginator("scan").paginate(TableName=name):
            yield from texts(page["Items"])


def objects(*buckets: str) -> Iterator[bytes]:
    s3 = clients.s3()
    for bucket in buckets:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for each in page.get("Versions", ()):
                yield each["Key"].encode()
                found = s3.get_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
                yield from texts(found["Body"].read())


def test_a_forgotten_patient_is_found_nowhere_and_every_stream_still_holds(
    ward: Cloud, archive: S3Archive, create_tables: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    send(ward, 1)
    send(ward, 2)
    leave_copies(ward)
    kept = send(ward, 3, OTHER)
    ward.catch_up()
    assert found_in(tables("views")) == {*PLANTED}, "or else nothing below is shown"
    assert found_in(objects("payloads")) == {NAME}
    assert found_in(tables("events", "keys")) == set(), "what is personal is sealed from the beginning"
    told(ward, "subject_links", "hl7_message", "fhir")
    told(ward, "archiver", *{stream.kind for stream in ward.streams()})
    before = {stream: [packed.blob for packed in wiring.events().packed(stream)] for stream in ward.streams()}

    assert forget(ward).status == 200
    ward.catch_up()
    told(ward, "subject_erasure", "subject")

    assert found_in(tables("events", "keys", "views")) == set()
    assert found_in(objects("payloads", "archive")) == set()
    assert found_in(iter([str([vars(record) for record in caplog.records]).encode()])) == set()
    for stream, blobs in before.items():
        assert check(wiring.events().packed(stream)).broken is None
        assert [packed.blob for packed in wiring.events().packed(stream)][: len(blobs)] == blobs
        for projection in projections_of(stream.kind):
            assert wiring.views().get("acme", projection.name, stream.key), projection.name
    shown = ward.request("hl7_messages", "GET", f"/v1/healthcare/messages/{kept.key}").body
    assert b"Okafor" in base64.b64decode(shown["original"]), "another's data stays"
    told(ward, "archiver", *{stream.kind for stream in ward.streams()})
    archive_holds(archive, create_tables)


def leave_copies(ward: Cloud) -> None:
    """What a deployed stage leaves: read models, a snapshot, a call of a node that was too large to be sent."""
    ward.catch_up()
    for stream in [each for each in ward.streams() if each.kind == "execution"]:
        wiring.snapshots().save(stream, Snapshot(Position(1, 1), 1, {"items": [NAME, MRN]}))
        wiring.payloads().put(f"nodes/{stream.key}/map/0/1", NAME.encode())
        wiring.payloads().put(f"snapshots/{stream}", NAME.encode())


def archive_holds(archive: S3Archive, create_tables: Callable[..., None]) -> None:
    """The archive is what the store is, and makes a store of the same bytes."""
    create_tables(clients.dynamodb(), "restored", "restored-views")
    live, target = (
        CopyableEventStore(clients.dynamodb(), table, wiring.payloads()) for table in ("events", "restored")
    )
    report = restore(archive, target)
    assert report.findings == ()
    assert report == verify(archive, live) == verify(archive, target)
    assert report.commits > 10


def test_what_was_forgotten_reads_as_blank_wherever_it_is_asked_for(ward: Cloud) -> None:
    message = send(ward, 1)
    told(ward, "subject_links", "hl7_message", "fhir")
    streams = find(ward).body["streams"]
    assert forget(ward).body["streams"] == streams
    shown = ward.request("hl7_messages", "GET", f"/v1/healthcare/messages/{message.key}").body
    assert (shown["original"], shown["message"], shown["status"]) == ("", None, "accepted")
    kinds = {StreamId.parse(stream).kind for stream in streams}
    assert kinds == {"hl7_message", "execution", "fhir", "event"}
    for stream in map(StreamId.parse, streams):
        for path in ("", "/verification", *(["/state"] if projections_of(stream.kind) else [])):
            answer = ward.request("events", "GET", f"/v1/events/{stream.kind}/{stream.key}{path}")
            assert answer.status == 200, answer.text
            assert found_in(iter([answer.text.encode()])) == set()
    (execution,) = [StreamId.parse(each).key for each in streams if "#execution#" in each]
    answer = ward.request("executions", "GET", f"/v1/executions/{execution}")
    assert (answer.body["status"], answer.body["items"]) == ("done", [{}])
    resource = next(StreamId.parse(each).key for each in streams if "#fhir#Patient-" in each)
    answer = ward.request("fhir", "GET", f"/v1/healthcare/fhir/{resource.replace('-', '/', 1)}")
    assert (answer.status, set(answer.body)) == (200, {"resourceType", "id", "meta"})


def test_forgetting_twice_changes_nothing_more(ward: Cloud) -> None:
    send(ward, 1)
    told(ward, "subject_links", "hl7_message", "fhir")
    first = forget(ward)
    streams = {stream: len(list(wiring.events().packed(stream))) for stream in ward.streams()}
    again = forget(ward)
    assert (again.status, again.body) == (200, first.body)
    assert {stream: len(list(wiring.events().packed(stream))) for stream in ward.streams()} == streams
    told(ward, "subject_links", "hl7_message", "fhir")
    assert find(ward).body["is_linked"] is False, "a nudge that comes late finds nobody in blanks"


def test_a_crash_between_the_keys_and_the_record_is_made_good_by_asking_again(
    ward: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = send(ward, 1)
    told(ward, "subject_links", "hl7_message", "fhir")
    with monkeypatch.context() as patched:
        patched.setattr(wiring.subjects().store, "append", lambda *_, **__: 1 / 0)
        assert forget(ward).status == 500
    assert find(ward).body["forgotten_at"] is None
    assert forget(ward).status == 200
    subject = find(ward).body
    assert (subject["forgotten_at"] is None, subject["reason"]) == (False, WHY)
    (forgotten,) = [
        event.data
        for commit in wiring.events().commits(StreamId("acme", "subject", subject["id"]))
        for event in commit.events
        if event.type == "SubjectForgotten"
    ]
    assert str(message) in forgotten["streams"]


def test_a_patient_is_asked_for_by_any_identifier_that_came_in(ward: Cloud) -> None:
    send(ward, 1)
    told(ward, "subject_links", "hl7_message", "fhir")
    expected = set(find(ward).body["streams"])
    assert len(expected) > 4
    for identifier in (f"LAKESIDE|{MRN}", SSN):
        assert set(find(ward, identifier).body["streams"]) == expected
    for unknown in (NAME, "LAKESIDE", f"ELSEWHERE|{MRN}", f" {MRN}x"):
        answer = find(ward, unknown)
        assert (answer.status, answer.body["type"]) == (404, "urn:penstock:problem:unknown-subject")
        assert unknown not in answer.text


def test_a_resource_that_came_without_a_message_is_the_patients_too(cloud: Cloud) -> None:
    from penstock_healthcare.fhir.resources import Resources

    origin = Origin("workflow:w", "execution-of-nobody")
    patient = {"resourceType": "Patient", "id": "p-1", "identifier": [{"system": "urn:x", "value": MRN}]}
    result = {"resourceType": "Observation", "id": "o-1", "subject": {"reference": "Patient/p-1"}, "note": [NAME]}
    resources = Resources(wiring.events())
    resources.save("acme", patient, origin, "c-1")
    resources.save("acme", result, Origin("workflow:w", "another"), "c-2")
    told(cloud, "subject_links", "fhir")
    assert find(cloud).body["streams"] == ["acme#fhir#Observation-o-1", "acme#fhir#Patient-p-1"]
    assert forget(cloud).status == 200
    assert NAME not in resources.get("acme", "Observation", "o-1").text
    assert find(cloud, "Patient/p-1").body["is_linked"] is False


def test_a_message_that_comes_again_after_it_was_forgotten_is_kept_again(ward: Cloud) -> None:
    first = send(ward, 1)
    told(ward, "subject_links", "hl7_message", "fhir")
    forget(ward)
    assert send(ward, 1) == first
    shown = ward.request("hl7_messages", "GET", f"/v1/healthcare/messages/{first.key}").body
    assert NAME in base64.b64decode(shown["correction"]).decode()
    told(ward, "subject_links", "hl7_message", "fhir")
    assert find(ward).body["is_linked"] is True
    forget(ward)
    assert found_in(tables("events")) == set()
    shown = ward.request("hl7_messages", "GET", f"/v1/healthcare/messages/{first.key}").body
    assert shown["correction"] is None


def test_another_tenants_patient_of_the_same_number_is_not_touched(ward: Cloud) -> None:
    send(ward, 1)
    told(ward, "subject_links", "hl7_message", "fhir")
    key = ward.new_key("other")
    assert find(ward, key=key).status == 404
    assert forget(ward, key=key).status == 404
    assert find(ward).body["is_linked"] is True


def test_subjects_are_listed_by_pseudonym_and_by_whether_they_are_forgotten(ward: Cloud) -> None:
    send(ward, 1)
    send(ward, 2, OTHER)
    told(ward, "subject_links", "hl7_message", "fhir")
    forget(ward)
    ward.catch_up()

    def listed(standing: str) -> list[str]:
        answer = ward.request("subjects", "GET", "/v1/subjects", query={"standing": standing})
        assert found_in(iter([answer.text.encode()])) == set()
        return [item["id"] for item in answer.body["items"]]

    assert find(ward).body["id"] in listed("forgotten")
    assert find(ward, "11111111").body["id"] in listed("linked")
    shown = ward.request("subjects", "GET", f"/v1/subjects/{find(ward).body['id']}")
    assert shown.body == find(ward).body


def test_every_kind_with_a_finder_is_listened_to() -> None:
    definition = (ROOT / "functions" / "subject_links" / "function.toml").read_text(encoding="utf-8")
    assert all(f'"{kind}"' in definition for kind in finders())


def test_only_administrators_ask_for_a_person(ward: Cloud) -> None:
    key = ward.new_key("acme", Scope.READ, Scope.WRITE, Scope.RUN, Scope.INGEST)
    assert find(ward, key=key).status == forget(ward, key=key).status == 403
    assert ward.request("subjects", "GET", "/v1/subjects", key=key).status == 403
