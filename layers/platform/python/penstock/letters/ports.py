"""Where dead letters wait."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from penstock.letters.model import Letter


class Scan(Protocol):
    """A look through a consumer's dead letters: each once, as far as it gets."""

    @property
    def is_complete(self) -> bool:
        """Whether the scan came to the end of the queue; a bound stopped it otherwise."""
        ...

    def __iter__(self) -> Iterator[Letter]:
        """The letters, whoever's they are, in no order."""
        ...

    def delete(self, letter: Letter) -> None:
        """Take a letter that this scan met out of the queue."""
        ...


class DeadLetterQueues(Protocol):
    """The dead-letter queues of all consumers. Raises UnknownConsumer for other names, and StoreUnavailable."""

    def consumers(self) -> Sequence[str]:
        """The consumers' names, sorted."""
        ...

    def depth(self, consumer: str) -> int:
        """About how many letters wait, of all tenants."""
        ...

    def scan(self, consumer: str) -> AbstractContextManager[Scan]:
        """Look through the letters. What is not deleted before the context ends is put back."""
        ...

    def send(self, consumer: str, body: str) -> None:
        """Send a message to the consumer."""
        ...
