"""Metrics: how often, how long and how badly workflows and sagas run, by the hour and the day, node by node.

    subjects.py    which of its counters an event moves
    sketch.py      durations, kept so that any percentile can be read and any two can be added
    tally.py       the counters, which add up: what one event changes has the shape of what a day comes to
    buckets.py     the rows in which they are kept, and the time they cover
    counting.py    counts a tenant's feed into its buckets, each commit once
    following.py   keeps the generations of the buckets: catches one up with the feed, takes one away
    reading.py     what the buckets say of a span of time

Errors:

    MetricsError
    └── TooMuch    a question spans more buckets than one answer may read
"""
