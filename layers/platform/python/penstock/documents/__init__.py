"""Documents of a tenant: drafts that are published as numbered versions. Workflows, own sagas and processes are such.

    lifecycle    draft → published → archived: what every kind shares, and what a kind says of itself
    service      the documents of one kind: read, and changed by commands

Errors: each kind raises its own for a document that is not there and a command that does not fit; all of them

    RevisionConflict         the caller's revision is not the newest
"""
