"""What happens is found: through the stream, the feed, the indexer and S3, as users reach it."""

from tests.e2e.tenant import MANUAL, Document, Tenant, eventually

STOP = ("Look up patient", "core.stop", {"message": "no such patient in ward seven", "kind": "UnknownPatient"})
PATIENCE = 60.0


def found(tenant: Tenant, q: str, **query: str) -> list[Document]:
    items: list[Document] = tenant.get("/v1/search", q=q, **query)["items"]
    return items


def test_a_failed_execution_is_found_by_its_misspelt_error(tenant: Tenant, other_tenant: Tenant) -> None:
    workflow = tenant.publish_row("Admissions", MANUAL, STOP)
    failed = tenant.run(workflow, {"secret": "only-the-patient-knows"})
    (error,) = eventually("the error is found", lambda: found(tenant, "pateint wrad", type="error"), PATIENCE)
    assert error["url"] == f"/v1/executions/{failed['id']}"
    assert [part["text"] for part in error["title"] if part["match"]] == ["patient"]
    first, *_ = found(tenant, "admissions")
    assert (first["type"], first["url"]) == ("workflow", f"/v1/workflows/{workflow}")
    assert found(tenant, "only-the-patient-knows") == []
    assert found(other_tenant, '"ward seven"') == []
    assert found(other_tenant, "approval", type="node_type") != []
    tenant.call("POST", f"/v1/workflows/{workflow}/archive", expect=200)
    eventually("the change is found", lambda: found(tenant, "admissions", status="archived"), PATIENCE)
