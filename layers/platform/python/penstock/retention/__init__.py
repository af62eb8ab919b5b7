"""Retention: how long the archive keeps what, and what is held beyond that.

    model     rules and holds, and what follows from them for an object of the archive
    events    what was decided, and what was deleted: the audit
    policy    a tenant's rules and holds, folded from those events
    service   what administrators do
    ports     the archive's objects with their locks; `memory` is the fake
    keeping   the locks of objects that are there already follow the policy
    expiry    what nobody has to keep any longer is deleted, on record first

A tenant's rules, holds and deletions are one stream. A deletion is decided at the position that its policy was read
at, so a hold that is placed meanwhile wins or loses as a whole: nothing that is under a hold is ever chosen.

Errors:

    RetentionError
    ├── InvalidRule   a rule that cannot be, or not be cleared: below the floor, too long, one too many, no reason
    ├── InvalidHold   a hold that cannot be, or not be lifted: one stream of no kind, one too many, no reason
    └── UnknownHold   no such hold of this tenant is in force
"""
