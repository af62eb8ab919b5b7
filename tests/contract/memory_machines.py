"""Machines in memory: executions run until they are told to end."""

from dataclasses import dataclass, field

from penstock.json import JSONObject
from penstock.sagas.errors import MachineMissing
from penstock.sagas.machines import Machine


@dataclass
class MemoryMachines:
    """`made` holds the definitions of own machines; `running`, the orders of executions by machine and name.

    Whatever is in `failures` is raised, once, by the next deployment.
    """

    made: dict[Machine, JSONObject] = field(default_factory=dict)
    running: dict[Machine, dict[str, JSONObject]] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)

    def start(self, machine: Machine, name: str, order: JSONObject) -> None:
        """See Machines.start."""
        if machine.version is not None and machine not in self.made:
            raise MachineMissing(machine.saga, machine.version)
        self.running.setdefault(machine, {}).setdefault(name, order)

    def deploy(self, machine: Machine, definition: JSONObject) -> None:
        """See Machines.deploy."""
        if self.failures:
            raise self.failures.pop()
        self.made[machine] = definition

    def retire(self, machine: Machine) -> bool:
        """See Machines.retire."""
        if self.running.get(machine):
            return False
        self.made.pop(machine, None)
        return True

    def end(self, machine: Machine) -> None:
        """Let all executions of a machine end."""
        self.running.pop(machine, None)
