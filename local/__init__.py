"""The local AWS: starts it, synthesises the CDK app, deploys it there, stops it.

    stack ─┬─ server      the emulator's process: start, readiness, stop
           ├─ synth       the CDK app to a cloud assembly
           ├─ deploy      the assembly to CloudFormation, by change sets
           └─ seed        the first tenant and its API key

    emulator/             what runs inside the emulator's process, in an environment of its own (`.cache/ministack`):
                          its launcher and, in `gaps.py`, what it lacks

Nothing in `layers/` or `functions/` knows of this package. Errors::

    LocalError
    ├── StartError      the emulator did not come up: its last log lines
    ├── SynthError      the CDK app could not be synthesised
    └── DeployError     a stack could not be deployed: which one, and the resources that failed
"""
