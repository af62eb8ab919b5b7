"""Up, down, status, deploy: what the command line and the Makefile call."""

import shutil
from dataclasses import replace

from local import server
from local.assembly import read_assembly
from local.deploy import Deployer, bootstrap
from local.errors import StartError
from local.home import ASSEMBLY, LAYERS, State
from local.progress import Progress, Steps
from local.running import Running, running_from
from local.seed import seed
from local.synth import synthesise


def up(progress: Progress | None = None) -> Running:
    """Starts the local AWS when it does not run and deploys what changed. Raises `LocalError`."""
    progress = progress or Steps()
    with progress.step("Starting the local AWS"):
        server.start()
    return deploy(progress)


def deploy(progress: Progress | None = None) -> Running:
    """Synthesises and deploys to the running local AWS what changed. Raises `LocalError`."""
    progress = progress or Steps()
    state = server.running()
    if state is None:
        raise StartError("the local AWS is not running; start it by `penstock up`")
    with progress.step("Synthesising the CDK app"):
        synthesise()
    state = _deploy_stacks(state, progress)
    if not state.api_key:
        with progress.step("Creating a tenant and its API key"):
            state = replace(state, api_key=seed(running_from(state)))
        state.save()
    return running_from(state)


def _deploy_stacks(state: State, progress: Progress) -> State:
    stacks = read_assembly(ASSEMBLY)
    if not state.deployed:
        bootstrap(state.endpoint, stacks)
    for stack in stacks:
        if state.deployed.get(stack.name) == stack.digest:
            continue
        with progress.step(f"Deploying {stack.name}"):
            outputs = Deployer(state.endpoint).deploy(stack)
        state = replace(
            state,
            deployed=state.deployed | {stack.name: stack.digest},
            outputs=state.outputs | outputs,
        )
        state.save()
    return state


def status() -> Running | None:
    """What runs, or None."""
    state = server.running()
    return running_from(state) if state else None


def down() -> bool:
    """Stops the local AWS and everything it started; whether it ran."""
    was_running = server.stop()
    shutil.rmtree(LAYERS, ignore_errors=True)
    return was_running
