"""Who is asking: tenants, API keys, JWTs, and what each may do.

    model   Principal, Scope
    keys    API keys: made once, stored hashed, revoked
    tokens  JWTs of an identity provider
    access  a request's headers → Principal

Errors:

    IdentityError
    ├── Unauthenticated   no credentials, or ones that do not hold
    ├── Forbidden         the principal lacks a scope
    │   └── BoundByRoles  it has roles, and the endpoint judges by none
    └── UnknownKey        no such API key in this tenant
"""
