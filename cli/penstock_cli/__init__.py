"""The command line `penstock`: the third way in beside the REST API and the console.

    main        the commands, gathered
    commands/   one module a group of commands: arguments in, an action, its result shown
    output      what a command says: JSON for machines, text and tables for people
    trial       a workflow run in this process, in memory
    timeline    an execution's events, one line each
    api         the REST API as a client
    demo/       real messages through the whole platform, step by step

Exit codes: 0 fine, 1 findings or a failure, 2 wrong use. Errors::

    CliError
    ├── WrongUse        an argument, a file or the place it was called from is not right (2)
    └── Failure         the command was right and what it did was not (1)
        ├── ApiProblem  the API refused: a problem detail (RFC 9457)
        └── Unreachable the API, or another server, did not answer
"""
