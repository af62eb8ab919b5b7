"""Dead letters, as those meet them who have to settle them."""

import json
from typing import Any

import pytest

from penstock.aws import clients, wiring
from penstock.aws import letters as adapter
from penstock.clock import utc_now
from penstock.events import Draft, Origin, Position, StreamId
from penstock.events.keyring import family_of
from penstock.identity.model import Scope
from tests.functions.cloud import Answer, Cloud
from tests.functions.flows import SET, workflow

BASE = "/v1/dead-letters/engine"
WHY = {"reason": "the bug is mended"}


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto's queues have one server: an empty answer is true at once."""
    monkeypatch.setattr(adapter, "_WAIT", 0)


def put(body: Any, consumer: str = "engine") -> str:
    """A dead letter; returns its id."""
    url = wiring.settings().dead_letters[consumer]["dead_letters"]
    text = body if isinstance(body, str) else json.dumps(body)
    return str(clients.sqs().send_message(QueueUrl=url, MessageBody=text)["MessageId"])


def nudge(tenant: str = "acme", commit: Any = 1) -> dict[str, Any]:
    return {"stream": f"{tenant}#execution#e-1", "commit": commit}


def call(cloud: Cloud, method: str, path: str, body: Any = None, **more: Any) -> Answer:
    return cloud.request("letters", method, BASE + path, body, **more)


def waiting(cloud: Cloud) -> list[str]:
    return [item["id"] for item in call(cloud, "GET", "").body["items"]]


def history(cloud: Cloud, letter: str) -> list[dict[str, Any]]:
    items = cloud.request("events", "GET", f"/v1/events/dead_letter/{letter}").body["items"]
    return [{"type": item["type"], "actor": item["actor"], **item["data"]} for item in items]


def test_consumers_are_listed_with_how_many_letters_wait(cloud: Cloud) -> None:
    put(nudge())
    put(nudge("other"))
    found = cloud.request("letters", "GET", "/v1/dead-letters")
    assert found.body == [
        {"consumer": name, "dead_letters": 2 if name == "engine" else 0} for name in sorted(cloud.queue_urls)
    ]


def test_a_tenant_sees_and_settles_its_own_letters_only(cloud: Cloud) -> None:
    mine, theirs, nobodys = put(nudge()), put(nudge("other")), put("not JSON")
    assert waiting(cloud) == [mine]
    for letter in (theirs, nobodys):
        assert call(cloud, "GET", f"/{letter}").status == 404
        assert call(cloud, "POST", f"/{letter}/redrive", WHY).status == 404
        assert call(cloud, "PUT", f"/{letter}", {**WHY, "body": nudge()}).status == 404
        assert call(cloud, "DELETE", f"/{letter}", query=WHY).status == 404
    assert call(cloud, "POST", "/redrive", WHY).body == {"redriven": 1, "is_complete": True}
    assert cloud.messages("engine") == [nudge()]
    depths = {
        each["consumer"]: each["dead_letters"] for each in cloud.request("letters", "GET", "/v1/dead-letters").body
    }
    assert depths["engine"] == 2


def test_a_letter_is_listed_with_what_sqs_knows_of_it(cloud: Cloud) -> None:
    letter = put(nudge())
    answer = call(cloud, "GET", "").body
    (item,) = answer["items"]
    assert (item["id"], item["stream"], item["consumer"]) == (letter, "acme#execution#e-1", "engine")
    assert item["attempts"] == 1, "the look counts, as the field says"
    assert item["sent_at"] <= item["first_tried_at"]
    assert answer["is_complete"] is True


def test_a_letter_is_shown_with_how_its_stream_stands(cloud: Cloud) -> None:
    flow = workflow(cloud, SET)
    cloud.request("workflows", "POST", f"/v1/workflows/{flow}/archive")
    letter = put({"stream": f"acme#workflow#{flow}", "commit": 1})
    found = call(cloud, "GET", f"/{letter}").body
    assert json.loads(found["body"]) == {"stream": f"acme#workflow#{flow}", "commit": 1}
    assert (found["status"], found["stream_commit"]) == ("waiting", 3)
    assert {"name": "workflows", "commit": 2, "fault": None} in found["readers"]
    cloud.catch_up()
    assert {"name": "workflows", "commit": 3, "fault": None} in call(cloud, "GET", f"/{letter}").body["readers"]


def test_what_still_breaks_is_shown_by_type_and_place_without_data(cloud: Cloud) -> None:
    stream, draft = StreamId("acme", "workflow", "w-1"), Draft("WorkflowExploded", {"who": "J. Doe"}, utc_now())
    wiring.events().append(stream, [draft], expected=Position(), commit_id="c", origin=Origin("test", "test"))
    answer = call(cloud, "GET", f"/{put({'stream': str(stream), 'commit': 1})}")
    (reader,) = [reader for reader in answer.body["readers"] if reader["name"] == "workflows"]
    assert reader["fault"]["error"] == "UnknownEventType"
    assert "J. Doe" not in answer.text


def test_a_redriven_letter_is_sent_taken_out_and_on_record(cloud: Cloud) -> None:
    letter = put(nudge())
    assert call(cloud, "POST", f"/{letter}/redrive", WHY).status == 204
    assert (cloud.messages("engine"), waiting(cloud)) == ([nudge()], [])
    (event,) = history(cloud, letter)
    assert (event["type"], event["reason"], event["consumer"]) == ("DeadLetterRedriven", WHY["reason"], "engine")
    assert event["actor"].startswith("key:")
    again = call(cloud, "POST", f"/{letter}/redrive", WHY)
    assert (again.status, again.body["status_found"]) == (409, "redriven")


def test_an_edited_letter_is_sent_as_it_is_now_and_both_bodies_are_on_record(cloud: Cloud) -> None:
    letter = put(nudge(commit="seven"))
    assert call(cloud, "PUT", f"/{letter}", {**WHY, "body": nudge(commit=7)}).status == 204
    assert (cloud.messages("engine"), waiting(cloud)) == ([nudge(commit=7)], [])
    edited, redriven = history(cloud, letter)
    assert (edited["type"], redriven["type"]) == ("DeadLetterEdited", "DeadLetterRedriven")
    assert (json.loads(edited["was"]), json.loads(edited["body"])) == (nudge(commit="seven"), nudge(commit=7))


def test_an_edit_that_wakes_another_tenant_changes_nothing(cloud: Cloud) -> None:
    letter = put(nudge())
    answer = call(cloud, "PUT", f"/{letter}", {**WHY, "body": nudge("other")})
    assert (answer.status, answer.body["problems"][0]["path"]) == (422, "body.stream")
    assert (cloud.messages("engine"), waiting(cloud)) == ([], [letter])


def test_a_discarded_letter_is_kept_on_record_and_can_be_sent_again(cloud: Cloud) -> None:
    letter = put(nudge())
    assert call(cloud, "DELETE", f"/{letter}", query={"reason": "of no use"}).status == 204
    assert (cloud.messages("engine"), waiting(cloud)) == ([], [])
    shown = call(cloud, "GET", f"/{letter}").body
    assert (shown["status"], json.loads(shown["body"]), shown["attempts"]) == ("discarded", nudge(), None)
    assert call(cloud, "POST", f"/{letter}/redrive", WHY).status == 204
    assert cloud.messages("engine") == [nudge()]
    assert [event["type"] for event in history(cloud, letter)] == ["DeadLetterDiscarded", "DeadLetterRedriven"]


def test_nothing_is_discarded_without_a_reason(cloud: Cloud) -> None:
    letter = put(nudge())
    for query in (None, {"reason": "  "}):
        answer = call(cloud, "DELETE", f"/{letter}", query=query)
        assert (answer.status, answer.body["problems"][0]["path"]) == (422, "reason")
    assert waiting(cloud) == [letter]


def test_what_was_done_is_listed_newest_first_by_consumer(cloud: Cloud) -> None:
    first, second = put(nudge()), put(nudge(commit="x"))
    elsewhere = put({"detail": {"stream": "acme#event#x", "version": 1}}, "triggers")
    call(cloud, "DELETE", f"/{first}", query={"reason": "of no use"})
    call(cloud, "PUT", f"/{second}", {**WHY, "body": nudge()})
    cloud.request("letters", "POST", f"/v1/dead-letters/triggers/{elsewhere}/redrive", WHY)
    cloud.catch_up()
    items = call(cloud, "GET", "/handled").body["items"]
    found = [(item["id"], item["status"], item["is_edited"]) for item in items]
    assert found == [(second, "redriven", True), (first, "discarded", False)]


def test_a_letter_of_one_consumer_is_not_found_under_another(cloud: Cloud) -> None:
    letter = put(nudge())
    call(cloud, "DELETE", f"/{letter}", query={"reason": "of no use"})
    answer = cloud.request("letters", "POST", f"/v1/dead-letters/triggers/{letter}/redrive", WHY)
    assert (answer.status, cloud.messages("triggers")) == (404, [])


def test_a_consumer_that_is_not_there_is_named(cloud: Cloud) -> None:
    answer = cloud.request("letters", "GET", "/v1/dead-letters/engines")
    assert (answer.status, answer.body["type"]) == (404, "urn:penstock:problem:unknown-consumer")


def test_only_administrators_see_letters_and_their_record(cloud: Cloud) -> None:
    letter = put(nudge())
    call(cloud, "DELETE", f"/{letter}", query={"reason": "of no use"})
    key = cloud.new_key("acme", Scope.READ, Scope.WRITE, Scope.RUN, Scope.INGEST)
    assert call(cloud, "GET", "", key=key).status == 403
    assert cloud.request("events", "GET", f"/v1/events/dead_letter/{letter}", key=key).status == 403


def test_what_a_letter_carries_of_an_event_is_sealed_with_the_events_transaction(cloud: Cloud) -> None:
    detail = {"stream": "acme#event#e-1", "version": 1, "correlation": "execution-7", "data": {"who": "J. Doe"}}
    letter = put({"detail": detail}, "triggers")
    path = f"/v1/dead-letters/triggers/{letter}"
    assert cloud.request("letters", "DELETE", path, query={"reason": "of no use"}).status == 204
    assert "J. Doe" in cloud.request("letters", "GET", path).body["body"]
    wiring.keyring().end("acme", family_of(wiring.keyring(), "acme", "execution-7"))
    assert history(cloud, letter)[0]["body"] == ""
    again = cloud.request("letters", "POST", f"{path}/redrive", WHY)
    assert (again.status, cloud.messages("triggers")) == (409, [])
