"""Rebuilds: a projection is folded anew beside the live one, and takes its place when it has caught up.

Each rebuild makes a *generation* of rows. Readers see the live one; the projector keeps both up. The work is cut into
*tasks*, ranges of the tenant's feed, that run side by side, take up where they were, and may run twice. A read model
that follows the feed itself (metrics, search) is made by one task that reads it in its order, from a place of its own.

    events, standing   one projection of one tenant: which generation is live, which is being made; pure decisions
    generations        which rows readers see and projectors write, told from the standing, remembered for seconds
    catalogue          every projection there is, also of wings whose code is not here
    tasks              pieces of work: fold a range, catch up and switch, sweep, remove; which events ask for which
    making             how a generation is made and taken away, where each row folds one stream
    followed           and how, where it follows the feed
    worker             does the tasks
    service            what people do: start, see how far it is, send it on, abandon it

Errors:

    RebuildError
    ├── UnknownProjection   no projection of that name
    ├── RebuildRunning      it is being rebuilt already
    └── NoRebuild           it is not being rebuilt
"""
