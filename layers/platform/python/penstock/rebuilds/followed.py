"""Read models that follow a tenant's feed, entry by entry, instead of folding each stream by itself.

Each generation keeps its own place in the feed, and its own rows or files. One is made by following the feed from its
first entry; after the switch the consumer goes on from that generation's place, so nothing is lost or taken twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from penstock.events.nudges import FEED_KIND
from penstock.rebuilds.generations import Generations
from penstock.rebuilds.making import Spent
from penstock.rebuilds.standing import Standing
from penstock.rebuilds.tasks import Task


@dataclass(frozen=True)
class Followed:
    """What there is to know of one, declared in a module of a `projections` folder. See Described.

    `of_code` gives its revision: a function, since counting it may need what other functions start without.
    """

    name: str
    consumer: str
    of_code: Callable[[], int]

    @property
    def kind(self) -> str:
        """It follows all of the feed."""
        return FEED_KIND

    @property
    def revision(self) -> int:
        """Of its code."""
        return self.of_code()


class Follower(Protocol):
    """Keeps the generations of one such read model. All of it may be done twice, and beside a rival."""

    def catch_up(self, tenant: str, generation: int, spent: Spent) -> bool:
        """Take in what the feed has after the generation's place; False when time was spent before its end."""
        ...

    def remove(self, tenant: str, generation: int, spent: Spent) -> bool:
        """Take a generation away, and its place; False when time was spent before all of it was gone."""
        ...


def keep_up(follower: Follower, name: str, generations: Generations, tenant: str) -> None:
    """Catch up what readers see. When another generation takes its place meanwhile, go on with that one."""

    def is_replaced(generation: int) -> bool:
        return generations.live_generation(tenant, name) != generation

    while True:
        generation = generations.live_generation(tenant, name)
        is_done = follower.catch_up(tenant, generation, partial(is_replaced, generation))
        if is_done or not is_replaced(generation):
            return


@dataclass(frozen=True)
class Following:
    """A Making of generations that follow the feed. The follower is made when there is a task for it."""

    make: Callable[[], Follower]
    generations: Generations

    def catch_up(self, task: Task, spent: Spent) -> bool:
        """See Making.catch_up. To the feed's end, whichever entry the task ends with, or until it is given up."""

        def is_over() -> bool:
            return spent() or self.generations.is_out_of_use(task.tenant, task.projection, task.generation)

        return self.make().catch_up(task.tenant, task.generation, is_over)

    def take_away(self, task: Task, standing: Standing, spent: Spent) -> bool:
        """See Making.take_away. The live one first hears of what the old one was told after the switch."""
        follower = self.make()
        if task.generation < standing.live and not follower.catch_up(task.tenant, standing.live, spent):
            return False
        return follower.remove(task.tenant, task.generation, spent)
