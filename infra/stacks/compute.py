"""What runs: the layers of every wing and the functions that use them, each fed by its trigger."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from infra.constructs.grants import Landscape, granted
from infra.constructs.penstock_function import PenstockFunction
from infra.definition import FunctionDefinition, StreamTrigger
from infra.errors import DefinitionError
from infra.layers import MAX_LAYERS, WingLayers, needed_wings
from infra.settings import StageSettings
from infra.stacks.data import DataStack
from infra.stacks.events import EventsStack
from infra.stacks.own_sagas import OwnSagasStack

QUEUE_BATCH = 10
STREAM_BATCH = 100


class ComputeStack(cdk.Stack):
    """Every folder of `functions/`, wired."""

    def __init__(
        self,
        scope: Construct,
        settings: StageSettings,
        functions: tuple[FunctionDefinition, ...],
        layers: dict[str, WingLayers],
        *,
        data: DataStack,
        events: EventsStack,
        own_sagas: OwnSagasStack,
    ) -> None:
        super().__init__(scope, "Compute")
        self.settings = settings
        self.data = data
        self.events = events
        self.layers = {wing: self._layer_versions(built) for wing, built in layers.items()}
        landscape = Landscape(self, settings.prefix, data, events, functions, own_sagas)
        self.functions = {
            definition.name: PenstockFunction(
                self,
                definition,
                settings=settings,
                layers=self._layers_of(definition),
                granted=granted(definition, landscape),
            )
            for definition in functions
        }
        for function in self.functions.values():
            self._feed(function)

    def _layer_versions(self, built: WingLayers) -> list[lambda_.LayerVersion]:
        kinds = ("Source", "Wheels")
        return [
            lambda_.LayerVersion(
                self,
                f"{kind}-{built.wing}",
                code=lambda_.Code.from_asset(str(path)),
                compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
                compatible_architectures=[lambda_.Architecture.ARM_64],
                description=f"{kind} of the {built.wing} wing",
            )
            for kind, path in zip(kinds, built.files, strict=False)
        ]

    def _layers_of(self, definition: FunctionDefinition) -> list[lambda_.LayerVersion]:
        path = definition.folder / "function.toml"
        wings = needed_wings(definition.wings)
        for wing in wings:
            if wing not in self.layers:
                raise DefinitionError(path, "wings", f"{wing!r} is not one of {sorted(self.layers)}")
        found = [layer for wing in wings for layer in self.layers[wing]]
        if len(found) > MAX_LAYERS:
            raise DefinitionError(path, "wings", f"needs {len(found)} layers; Lambda takes {MAX_LAYERS}")
        return found

    def _feed(self, function: PenstockFunction) -> None:
        definition = function.definition
        if isinstance(definition.trigger, StreamTrigger):
            function.function.add_event_source(self._stream())
        elif definition.is_consumer:
            function.function.add_event_source(
                sources.SqsEventSource(
                    self.events.consumers[definition.name].queue,
                    batch_size=QUEUE_BATCH,
                    report_batch_item_failures=True,
                    max_concurrency=self.settings.max_concurrency,
                )
            )

    def _stream(self) -> sources.DynamoEventSource:
        """From the oldest record on, so that nothing written before the first deploy of a sequencer is missed."""
        return sources.DynamoEventSource(
            self.data.events,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=STREAM_BATCH,
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            retry_attempts=self.settings.stream_retries,
            on_failure=sources.SqsDlq(self.events.stream_failures.queue),
        )
