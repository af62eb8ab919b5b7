"""Workflows: what they are, what nodes may stand in them, and how they run.

    definition   the JSON document that users write
    validation   every problem of a definition at once, each with its path
    node         what a node type is made of: the kit for those who write one
    catalogue    every node type there is, discovered
    graph        a definition made ready to run
    execution    one run: its events, its state, its next step, and the engine that drives it
    lifecycle    draft → published → archived
    expressions  `{{ JavaScript }}` in parameters

Errors:

    WorkflowError
    ├── InvalidWorkflow      problems, each with the path of what is wrong
    ├── UnknownWorkflow      no workflow, version or trigger of that name in this tenant
    ├── UnknownExecution     no execution of that id in this tenant
    ├── WrongState           what was asked does not fit the state: publish a deleted one, cancel an ended one
    └── UnknownCallback      the token fits no run that waits
"""
