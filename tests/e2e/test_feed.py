"""The feed of the deployed stack, its subscriptions, and read models that are rebuilt beside the live ones."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.tenant import MANUAL, Document, Tenant, eventually, fields


def workflow(tenant: Tenant) -> str:
    return tenant.publish_row("Sets", MANUAL, ("set", "core.set", fields(done=True)))


def spans(tenant: Tenant, **query: object) -> list[Document]:
    found: list[Document] = []
    after = 0
    while True:
        page = tenant.get("/v1/feed", after=after, **query)
        found, after = [*found, *page["items"]], page["next"]
        if page["is_head"]:
            return found


def test_concurrent_writers_are_all_in_the_feed_once_and_in_their_order(tenant: Tenant) -> None:
    flow = workflow(tenant)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: tenant.run(flow)["id"], range(12)))
    found = eventually(
        "every execution is in the feed",
        lambda: spans_ if len(spans_ := spans(tenant, kinds="execution", events="true")) >= len(runs) else None,
    )
    assert sorted({each["key"] for each in found}) == sorted(runs)
    versions = [event["version"] for each in found if each["key"] == runs[0] for event in each["events"]]
    assert versions == list(range(1, len(versions) + 1))


def test_consumers_that_compete_share_the_work(tenant: Tenant) -> None:
    order = {"name": "lake", "kinds": ["execution"], "partitions": 4}
    tenant.call("POST", "/v1/subscriptions", order, expect=201)
    flow = workflow(tenant)
    runs = {tenant.run(flow)["id"] for _ in range(6)}
    done: set[str] = set()

    def work(consumer: str) -> None:
        claim = tenant.call("POST", "/v1/subscriptions/lake/claim", {"consumer": consumer}, expect=200)
        if claim:
            done.update(each["key"] for each in claim["items"])
            held = {name: claim[name] for name in ("partition", "token")}
            body = {**held, "position": claim["next"]}
            tenant.call("POST", "/v1/subscriptions/lake/acknowledge", body, expect=200)

    def all_done() -> bool:
        work("one")
        work("two")
        return done >= runs

    eventually("both have had all executions", all_done)
    assert done == runs


def test_a_rebuild_serves_what_is_live_until_it_is_complete(tenant: Tenant) -> None:
    flow = workflow(tenant)
    before = {tenant.run(flow)["id"] for _ in range(3)}
    tenant.listed(flow, len(before))
    eventually("the feed has them", lambda: len(spans(tenant, kinds="execution")) >= len(before))
    tenant.call("POST", "/v1/projections/executions/rebuild", expect=202)

    def standing() -> Document:
        assert {each["id"] for each in tenant.executions(flow)} >= before
        found: Document = tenant.get("/v1/projections/executions")
        return found

    eventually("the new generation is shown", lambda: standing()["generation"] == 2, seconds=60)
    later = tenant.run(flow)["id"]
    listed = tenant.listed(flow, len(before) + 1)
    assert {each["id"] for each in listed} == {*before, later}


@pytest.mark.parametrize("name", ["metrics", "search"])
def test_what_follows_the_feed_is_rebuilt_and_goes_on_from_there(tenant: Tenant, name: str) -> None:
    flow = workflow(tenant)
    tenant.run(flow)
    tenant.call("POST", f"/v1/projections/{name}/rebuild", expect=202)

    def standing() -> Document:
        found: Document = tenant.get(f"/v1/projections/{name}")
        return found

    eventually("the new generation is shown", lambda: standing()["generation"] == 2, seconds=60)
    tenant.run(flow)
    eventually("it has heard of what came since", lambda: standing()["behind"] == 0, seconds=60)


def test_a_node_rebuilds_and_reads_the_past(tenant: Tenant) -> None:
    flow = workflow(tenant)
    run = tenant.run(flow)["id"]
    past = tenant.publish_row(
        "Looks back",
        MANUAL,
        ("read", "core.events.read", {"kind": "execution", "key": run}),
        ("state", "core.events.state", {"kind": "execution", "key": run, "at": {"version": 1}}),
        ("rebuild", "core.projection.rebuild", {"projections": ["keys"]}),
    )
    done = tenant.run(past)
    assert done["items"] == [{"projection": "keys", "begun": True}]
    sent = tenant.get(f"/v1/executions/{done['id']}/items/state")["items"]
    assert sent[0]["documents"]["executions"]["status"] == "running"
    eventually("it is rebuilt", lambda: tenant.get("/v1/projections/keys")["generation"] == 2, seconds=60)


def test_every_read_model_catches_up_within_a_second_of_quiet(tenant: Tenant) -> None:
    tenant.run(workflow(tenant))

    def caught_up() -> list[Document] | None:
        listed: list[Document] = tenant.get("/v1/projections")
        return None if any(each["behind"] for each in listed) else listed

    behind = eventually("nothing is behind", caught_up)
    assert {"workflows", "executions", "hl7_messages"} <= {each["name"] for each in behind}


@pytest.mark.parametrize("path", ["/v1/feed", "/v1/projections", "/v1/subscriptions"])
def test_nobody_reads_without_a_key(tenant: Tenant, path: str) -> None:
    assert tenant.http.get(path, headers={"X-API-Key": ""}).status_code == 401
