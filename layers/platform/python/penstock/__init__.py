"""Penstock's platform: the event store, the workflow engine, core nodes, identity and the API.

The domain packages (`events`, `workflows`, `nodes`, `identity`) know no AWS; `aws` implements their
ports and is wired in one place, `penstock.aws.wiring`.
"""
