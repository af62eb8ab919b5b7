"""The CDK app: what Penstock is made of in an AWS account.

    app.py ─ stages ─ stacks ─ constructs
                │
                ├─ functions   what each function asks for (function.toml)
                └─ layers      what each wing brings (sources, wheels)

Synthesis makes no AWS call. Errors::

    InfraError
    ├── DefinitionError     a function.toml that cannot be deployed: file, field, reason
    ├── WheelError          third-party wheels of a wing could not be built
    └── ManifestError       the node-type manifest could not be written
"""
