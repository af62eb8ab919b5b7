"""Functions with every trigger and grant there is, and the way from functions to templates."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from infra.functions import discover
from infra.layers import WingLayers
from infra.stages import PenstockStage

ROOT = Path(__file__).resolve().parents[2]

SAMPLE = {
    "workflows": """
        description = "Workflows"
        memory = 1024
        [trigger]
        api = ["/v1/workflows", "/v1/executions/{id}"]
        [grants]
        events = "write"
        views = "read"
        payloads = "write"
        archive = "write"
        retention = "read"
        send = ["engine"]
        schedule = true
        invoke = ["healthcare_nodes"]
        """,
    "sequencer": """
        description = "Fans the stream out"
        [trigger]
        stream = true
        """,
    "projector": """
        description = "Folds read models"
        [trigger]
        events = { kinds = ["workflow", "execution"], delay = 2 }
        [grants]
        events = "read"
        views = "write"
        publish = true
        """,
    "search_indexer": """
        description = "Follows the feed"
        [trigger]
        events = { kinds = ["feed"], delay = 5, ordered = true }
        """,
    "engine": """
        description = "Advances executions"
        timeout = 60
        [trigger]
        queue = true
        [grants]
        payloads = "read"
        """,
    "triggers": """
        description = "Starts what is due"
        [trigger]
        bus = { detail_types = ["MessageReceived"] }
        """,
    "audit": """
        description = "Hears everything"
        [trigger]
        bus = { detail_types = [] }
        """,
    "healthcare_nodes": """
        description = "Runs the healthcare nodes"
        wings = ["healthcare"]
        [trigger]
        invoke = true
        """,
}


def write_function(folder: Path, name: str, definition: str) -> Path:
    home = folder / name
    home.mkdir(parents=True)
    (home / "handler.py").write_text("def handler(event, context):\n    return {}\n", encoding="utf-8")
    (home / "function.toml").write_text(definition, encoding="utf-8")
    return home


@dataclass(frozen=True)
class Templates:
    """Every resource of a stage with its logical id, and its outputs, whichever stack they are in."""

    resources: dict[str, dict[str, Any]]
    outputs: dict[str, Any]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        return {name: found["Properties"] for name, found in self.resources.items() if found["Type"] == kind}

    def function(self, name: str) -> dict[str, Any]:
        functions = self.of_type("AWS::Lambda::Function").values()
        return next(found for found in functions if found["FunctionName"].endswith(f"-{name}"))

    def statements(self) -> list[tuple[str, dict[str, Any]]]:
        """Every IAM statement of a role or policy, with the logical id it stands in."""
        documents = [
            (name, policy["PolicyDocument"])
            for name, role in self.of_type("AWS::IAM::Role").items()
            for policy in role.get("Policies", [])
        ]
        documents += [(name, policy["PolicyDocument"]) for name, policy in self.of_type("AWS::IAM::Policy").items()]
        return [(name, statement) for name, document in documents for statement in document["Statement"]]


def synthesise(
    stage: str, functions: Path, layers: dict[str, WingLayers], outdir: Path, identity_provider: Any = None
) -> Templates:
    context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    app = cdk.App(outdir=str(outdir), context=context)
    built = PenstockStage(app, stage, functions=discover(functions), layers=layers, identity_provider=identity_provider)
    assembly = built.synth()
    resources: dict[str, dict[str, Any]] = {}
    outputs: dict[str, Any] = {}
    for stack in assembly.stacks:
        resources |= {f"{stack.stack_name}.{name}": body for name, body in stack.template["Resources"].items()}
        outputs |= stack.template.get("Outputs", {})
    return Templates(resources, outputs)
