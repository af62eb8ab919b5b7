"""Received HL7 messages: kept as they came, then read, accepted or rejected, and sent in again where that is needed.

    events    what happens to a message
    message   a message's state, folded from its events
    reading   raw bytes → accepted or rejected; pure
    service   receive, resubmit, read
    sources   a message out of a workflow item

Errors:

    MessageError
    ├── UnknownMessage     no such message in this tenant
    └── NoMessage          an item holds no HL7 message, or none that can be read
"""
