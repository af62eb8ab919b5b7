"""The rights of who signs and delivers webhooks, and the hosts that a stage allows."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.errors import DefinitionError
from infra.functions import discover, read_function
from infra.layers import WingLayers
from infra.settings import settings_for
from tests.infra.sample import Templates, synthesise, write_function

DELIVERS = """
description = "Delivers"
[trigger]
queue = true
[grants]
secrets = "read"
schedule = true
give_up = true
"""
MAKES = """
description = "Makes"
[trigger]
invoke = true
[grants]
secrets = "write"
"""


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory, layers: dict[str, WingLayers]) -> Templates:
    home = tmp_path_factory.mktemp("webhooks")
    write_function(home / "functions", "webhook_deliveries", DELIVERS)
    write_function(home / "functions", "webhooks", MAKES)
    return synthesise("dev", home / "functions", layers, home / "out")


def rights(templates: Templates, function: str, service: str) -> list[dict[str, Any]]:
    """A function's statements with actions of a service."""
    found = [statement for name, statement in templates.statements() if f"Function{function}" in name.replace("_", "")]
    return [statement for statement in found if f'"{service}:' in json.dumps(statement["Action"])]


def test_who_delivers_opens_secrets_and_who_makes_them_seals_too(templates: Templates) -> None:
    (opens,) = rights(templates, "webhookdeliveries", "kms")
    (seals,) = rights(templates, "webhooks", "kms")
    assert opens["Action"] == "kms:Decrypt"
    assert sorted(seals["Action"]) == ["kms:Decrypt", "kms:Encrypt"]
    assert "Secrets" in json.dumps(opens["Resource"])


def test_the_key_of_secrets_rotates(templates: Templates) -> None:
    keys = templates.of_type("AWS::KMS::Key")
    assert keys
    assert all(key["EnableKeyRotation"] for key in keys.values())


def test_giving_up_reaches_the_functions_own_dead_letters_only(templates: Templates) -> None:
    sends = [each for each in rights(templates, "webhookdeliveries", "sqs") if each["Action"] == "sqs:SendMessage"]
    (send,) = sends
    assert "DeadLetters" in json.dumps(send["Resource"])
    assert "StreamFailures" not in json.dumps(send["Resource"])
    variables = templates.function("webhook_deliveries")["Environment"]["Variables"]
    assert "PENSTOCK_OWN_DEAD_LETTERS" in variables
    assert "PENSTOCK_OWN_DEAD_LETTERS" not in templates.function("webhooks")["Environment"]["Variables"]


def test_schedules_reach_the_deliveries(templates: Templates) -> None:
    variables = templates.function("webhook_deliveries")["Environment"]["Variables"]
    assert '\\"webhook_deliveries\\":' in json.dumps(variables["PENSTOCK_QUEUE_ARNS"])


def test_only_what_has_a_queue_can_give_up(tmp_path: Path) -> None:
    write_function(tmp_path, "webhooks", MAKES.replace('secrets = "write"', "give_up = true"))
    assert read_function(tmp_path / "webhooks").grants.give_up
    with pytest.raises(DefinitionError, match=r"grants\.give_up"):
        discover(tmp_path)


def test_hosts_that_are_not_public_are_reached_only_where_the_stage_allows_them(templates: Templates) -> None:
    assert "PENSTOCK_HTTP_ALLOW" not in templates.function("webhooks")["Environment"]["Variables"]
    assert settings_for("local").http_allow == ("127.0.0.1",)
    assert settings_for("prod").http_allow == ()
    assert settings_for("prod", http_allow=["erp.internal:8443"]).http_allow == ("erp.internal:8443",)
