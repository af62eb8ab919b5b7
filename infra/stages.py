"""One stage of Penstock: data → events → compute → api, sagas → observability, each built on those to its left."""

import re
from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from constructs import Construct

from infra.definition import FunctionDefinition
from infra.layers import WingLayers
from infra.settings import settings_for
from infra.stacks.api import ApiStack
from infra.stacks.compute import ComputeStack
from infra.stacks.data import DataStack
from infra.stacks.events import EventsStack
from infra.stacks.observability import ObservabilityStack
from infra.stacks.own_sagas import STEPS_FUNCTION, OwnSagasStack
from infra.stacks.sagas import SagasStack
from infra.stacks.schemas import SchemasStack

STAGE_NAME = re.compile(r"[a-z][a-z0-9]{0,15}")


class PenstockStage(cdk.Stage):
    """`penstock-<stage>`. Raises `ValueError` for a name that cannot be part of resource names."""

    def __init__(
        self,
        scope: Construct,
        stage: str,
        *,
        functions: tuple[FunctionDefinition, ...],
        layers: dict[str, WingLayers],
        identity_provider: Mapping[str, str] | None = None,
        http_allow: Sequence[str] = (),
        env: cdk.Environment | None = None,
    ) -> None:
        if not STAGE_NAME.fullmatch(stage):
            raise ValueError(f"stage {stage!r} must be a lower-case word of at most 16 letters and digits")
        settings = settings_for(stage, identity_provider, http_allow)
        super().__init__(scope, settings.prefix, env=env)
        self.data = DataStack(self, settings)
        self.events = EventsStack(self, settings, functions)
        own_sagas = OwnSagasStack(self, settings)
        self.compute = ComputeStack(
            self, settings, functions, layers, data=self.data, events=self.events, own_sagas=own_sagas
        )
        self.api = ApiStack(self, settings, self.compute)
        if STEPS_FUNCTION in self.compute.functions:
            SagasStack(self, settings, events=self.events, compute=self.compute)
        SchemasStack(self, settings)
        self.observability = ObservabilityStack(self, settings, events=self.events, compute=self.compute, api=self.api)
        cdk.Tags.of(self).add("penstock:stage", stage)
