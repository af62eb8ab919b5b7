"""Connections: the outside FHIR servers that a tenant's workflows name, and what lets them in.

    events       what happens to a connection; secrets are in it sealed
    connection   its state, and what is decided on it
    datastores   the AWS HealthLake data stores that the operator lets each tenant use
    service      set up, read, rotate keys, open

A connection's name is its id, so that a workflow that names `ehr` runs on every stage, each with a server of its own.

Errors:

    ConnectionsError
    ├── UnknownConnection      no such connection in this tenant
    ├── TooManyConnections     the tenant has as many as it may have
    ├── DatastoreNotAllowed    the operator does not let this tenant sign for the data store
    └── InvalidConnection      `path` says which part does not hold
"""
