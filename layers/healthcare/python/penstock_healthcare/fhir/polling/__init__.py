"""Polls: what is new or changed at an outside FHIR server, each version told once.

    events     what a poll tells, and how far it came
    poll       what is polled, and by which parameter of time
    polling    one poll: from where the last one ended, in spans that are each done whole

Each version of a resource is a stream, named after the poll and the version, with one event: that it is there is how a
poll knows that it was told. So polls may overlap, be cut off anywhere and be repeated, and nothing is told twice; and
how far a poll came is noted only after all before it is told, so that nothing is lost.

Errors are the client's (`penstock_healthcare.fhir.client`), and one more ClientError: TooManyAtOnce, when more changed
within a second than a poll may fetch.
"""
