"""HL7 messages on their way out: queued by workflows, sent by a gateway, settled by what the receiver answered.

    events    what happens to a message, and how it is queued
    message   a message's state, folded from its events; the decisions
    checking  whether a message can be sent so that its receiver confirms it; pure
    service   queue, report, send again, read

Each message is a stream. Beside it stands a *queue*, one for each destination and execution: pointers to messages, in
the order in which the execution sent them, without anything of what is in them. Gateways read the queues in the feed.

Errors:

    OutboundError
    ├── UnknownOutbound    no such message in this tenant
    └── Unsendable      nobody could tell whether it arrived: no control id, or it asks for no acknowledgment
"""
