"""The error tree of `local`, drawn in the package docstring."""


class LocalError(Exception):
    """The local AWS could not do what was asked."""


class StartError(LocalError):
    """The emulator is missing, or it did not answer in time."""


class SynthError(LocalError):
    """The CDK app failed; the message ends with what it said."""


class DeployError(LocalError):
    """A stack failed, with the reasons that CloudFormation gave for each of its resources."""

    def __init__(self, stack: str, reasons: tuple[str, ...]) -> None:
        super().__init__("\n  ".join((f"stack {stack} was not deployed", *reasons)))
        self.stack = stack
        self.reasons = reasons
