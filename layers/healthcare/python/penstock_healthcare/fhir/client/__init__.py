"""A client of other people's FHIR R4 servers.

    vendor         what a vendor's servers want otherwise than R4 says, as data: one file of `vendors/` each
    keys           key pairs, the JWKS that is published of them, and the assertion that they sign
    authorization  SMART Backend Services, a fixed bearer token, or nothing
    signed         AWS signatures, by the role of who sends
    transport      one request, tried again only where that is safe, within bounds
    answers        a reply as a resource, or as the error that it is
    client         R4's interactions

Errors:

    ClientError               `permanent` says that trying again is no use
    ├── Unreachable           no whole reply: the guard refuses the address, no connection, too slow, too large
    ├── Busy                  429 or 503; `retry_after` is in seconds, where the server said so
    ├── ServerFailed          any other 5xx
    ├── NotAuthorized         401 or 403 for a token that is fresh
    ├── NotSigned             there are no credentials to sign with
    ├── TokenRefused          the authorization server gives no token
    ├── NoDiscovery           the server does not say where tokens are given, or not for such clients
    ├── NotThere              404 or 410
    ├── ChangedMeanwhile      409 or 412: it stands at another version
    ├── Refused               any other 4xx, and redirects, which are never followed
    ├── SeveralMeet           more than one resource meets a condition for one
    ├── UnreadableAnswer      not FHIR JSON, or another resource than was asked for
    ├── LinkRefused           the next page lies at another origin, or comes round again
    └── NotSupported          the vendor is known not to serve this; nothing was sent

No message quotes what a server wrote: of an OperationOutcome it tells codes and places, of a URL the base and the type.
"""
