"""Routing: which events are meant, by rules as data, and webhooks that carry them out to others' endpoints.

    patterns   a content filter in the language of EventBridge's event patterns, compiled to a predicate
    operators  what may be asked of a value in a pattern
    webhook    an endpoint of a tenant's: its events, its state, its commands
    service    what users do with webhooks
    sealing    secrets: made, and kept so that only who signs can read them
    router     from an event to the deliveries that it calls for
    delivery   a delivery, what an attempt came to, when it is tried again
    signing    the headers of Standard Webhooks
    circuit    the breaker of one endpoint
    attempting one attempt at a delivery to anybody, and what follows from it
    dispatch   the same for a webhook, from the message on

Errors:

    RoutingError
    ├── InvalidPattern    problems, each with the path of what is wrong
    ├── InvalidWebhook    the same, of a webhook
    ├── TooManyWebhooks   the tenant may have no more
    ├── UnknownWebhook    no webhook of that id in this tenant
    └── BrokenSeal        a secret that does not open
"""
