"""Sagas: steps with compensations, that end all done, all undone, or in a person's hands, and say which.

    definition   the JSON document that a saga is written as
    validation   every problem of a definition at once, each with its path
    library      the sagas that come with the platform and its wings, discovered: `sagas/*.json`
    lifecycle    a tenant's own saga: draft → published → archived, in a stream of kind `saga_definition`
    ownership    what users do with sagas of their own: write, publish, archive
    machines     the state machines that sagas are deployed as, as a port
    plan         a definition as stages: what runs together, what undoes it, what lies before and after the pivot
    states_language   a plan as a Step Functions state machine
    interpreter  the same semantics in this process
    events, state, deciding   one run: its facts, what they fold to, and what may follow from that
    steps        one call of the machine: a step is begun, run and recorded
    orders       what reaches the function that makes those calls good
    service      what people do: start, read, resume, resolve by hand
    participants whom the built-in sagas ask: stock and accounts

The machine holds the order of steps, their time limits and retries; the stream of kind `saga` holds the truth. A call
that comes twice, late or again after a crash finds in the stream what was done, and only adds what is missing.

Errors:

    SagaError
    ├── InvalidSaga        problems, each with the path of what is wrong
    ├── InvalidInput       a run cannot start with that; problems likewise
    ├── UnknownSaga        no saga, or no run of one, of that name in this tenant
    ├── MachineMissing     the state machine of an own saga is not there yet; ask again later
    ├── NotResumable       what was asked does not fit where the run stands
    └── StepFailure        a step or a compensation did not work this time; the machine tries again
"""
