"""What can go wrong with subscriptions; the tree is drawn in `penstock.subscriptions`."""


class SubscriptionError(Exception):
    """Root of the tree. `subscription` is the name."""

    def __init__(self, subscription: str, reason: str) -> None:
        super().__init__(f"subscription {subscription} {reason}")
        self.subscription = subscription


class UnknownSubscription(SubscriptionError):
    """No subscription of that name."""

    def __init__(self, subscription: str) -> None:
        super().__init__(subscription, "is not there")


class SubscriptionExists(SubscriptionError):
    """The name is taken."""

    def __init__(self, subscription: str) -> None:
        super().__init__(subscription, "is there already")


class LeaseLost(SubscriptionError):
    """The lease has ended, and somebody else may hold the partition."""

    def __init__(self, subscription: str, partition: int) -> None:
        super().__init__(subscription, f"has given partition {partition} to somebody else: claim again")
