"""Processes: choreography. What others do is watched as events, and each is answered: act, move on, or be late.

    definition   the JSON document that a process is written as: states, reactions to events, deadlines, ends
    validation   what is wrong with a definition, each problem with its path
    lifecycle    a tenant's definition: draft → published versions → archived
    library      the definitions that come with the platform and its wings, discovered: `processes/*.json`
    patterns     which events a definition cares for, and which of its instances each belongs to
    events, state, deciding   one instance: its facts, what they fold to, and what may follow from that
    mending      what a person may decide of one
    items        an event as expressions see it, read from the store: an instance holds where it is, not what it says
    observing    events of any stream, noted in the instances that they belong to
    advancing    an instance carried on: reactions chosen, actions run and undone, deadlines seen to pass
    storing      what was decided, stored; decided anew when another writer was first
    service      what people do: write definitions; read, cancel, resume and resolve instances

A saga (`penstock.sagas`) calls its steps; a process waits for what others tell. Both undo in reverse what has been
done, and leave to a person what cannot be undone. Nobody calls a process: a commit of a stream nudges `observing`,
and a commit of an instance nudges `advancing`, which finds in the stream what is left to do.

Errors:

    ProcessError
    ├── InvalidProcess     problems, each with the path of what is wrong
    ├── UnknownProcess     no definition, version or instance of that name in this tenant
    └── WrongStatus        what was asked does not fit where the definition or the instance stands
"""
