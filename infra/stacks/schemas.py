"""The schema registry: one schema for every event type, as EventBridge hands its events over.

A stack of its own: it has a resource for each type, and CloudFormation takes 500 a stack.
"""

import json

import aws_cdk as cdk
from aws_cdk import aws_eventschemas as eventschemas
from constructs import Construct

from infra.settings import StageSettings
from penstock.events.schemas import bus_schema, schema_name, summary
from penstock.events.shapes import known_types
from penstock.events.types import EventTypes

DRAFT_4 = "JSONSchemaDraft4"


class SchemasStack(cdk.Stack):
    """The registry `penstock-<stage>`. A changed shape becomes a new version of its schema there."""

    def __init__(self, scope: Construct, settings: StageSettings) -> None:
        super().__init__(scope, "Schemas")
        self.registry = eventschemas.CfnRegistry(
            self, "Registry", registry_name=settings.prefix, description="What is stored, and told on the bus"
        )
        for types in known_types():
            for name in sorted(types.types):
                self._add(types, name)

    def _add(self, types: EventTypes, name: str) -> None:
        schema = eventschemas.CfnSchema(
            self,
            f"{types.kind}-{name}",
            registry_name=self.registry.attr_registry_name,
            schema_name=schema_name(types.kind, name),
            type=DRAFT_4,
            description=f"{summary(types.types[name])[0]} Schema version {types.schema(name)}"[:256],
            content=json.dumps(bus_schema(types, name), sort_keys=True),
        )
        schema.add_dependency(self.registry)
