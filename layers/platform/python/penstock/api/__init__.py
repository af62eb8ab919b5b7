"""The REST API's shared parts; its endpoints are the folders of `functions/` that have an `api` trigger.

application   an endpoint's application: authentication, idempotency, bounds, problem details
problems      which error is which HTTP status, all in one table
idempotency   the `Idempotency-Key` header
openapi       the one document of all endpoints
"""
