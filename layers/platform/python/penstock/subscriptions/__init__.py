"""Subscriptions: consumers outside that read a tenant's feed, with their place kept for them.

A subscription is cut into *partitions*, each stream being in one of them. Who claims a partition holds its *lease* for
a while and is handed what follows its place; acknowledging moves the place. Consumers compete for partitions, and each
stream's events reach one of them at a time, in order. Of one partition a single consumer has it all.

    definition   the subscription: which kinds and types, from where, how many partitions; commands and events
    leases       who holds which partition until when, and its place
    reading      the part of a feed that is asked for
    service      create, delete, claim, acknowledge, release

Errors:

    SubscriptionError
    ├── UnknownSubscription   no subscription of that name
    ├── SubscriptionExists    the name is taken
    └── LeaseLost             somebody else holds the partition by now: claim again
"""
