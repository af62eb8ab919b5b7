"""HTTP to places that users name: what their workflows may reach, and one bounded exchange.

    guard      which addresses may be connected to, and under which names
    exchange   a request, its redirects, and the reply, within limits of time and size
    signing    requests that are let in by their signature

Errors:

    ExchangeError            no reply; `permanent` says that trying again is no use
    ├── AddressRefused       the guard refuses the host or the URL
    ├── HostNotFound         the name has no address
    ├── ExchangeTimeout      there was no whole reply in time
    ├── ConnectionFailed     no connection, or it broke
    ├── TooManyRedirects     the reply points on and on
    ├── ReplyTooLarge        the reply is over the limit
    └── UnreadableReply      the reply's content coding is unknown or broken

No message holds credentials: of a URL they show scheme, host and path.
"""

from penstock.http.errors import (
    AddressRefused,
    ConnectionFailed,
    ExchangeError,
    ExchangeTimeout,
    HostNotFound,
    ReplyTooLarge,
    TooManyRedirects,
    UnreadableReply,
)

__all__ = [
    "AddressRefused",
    "ConnectionFailed",
    "ExchangeError",
    "ExchangeTimeout",
    "HostNotFound",
    "ReplyTooLarge",
    "TooManyRedirects",
    "UnreadableReply",
]
