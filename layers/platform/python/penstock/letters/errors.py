"""What can go wrong with dead letters; the tree is drawn in `penstock.letters`."""


class LetterError(Exception):
    """Root of the tree."""


class UnknownConsumer(LetterError):
    """No such consumer has a dead-letter queue."""

    def __init__(self, consumer: str) -> None:
        super().__init__(f"there is no consumer {consumer} with dead letters")
        self.consumer = consumer


class UnknownLetter(LetterError):
    """Not found waiting, nor discarded. Somebody who handles it at this moment hides it for some seconds."""

    def __init__(self, consumer: str, letter: str) -> None:
        super().__init__(f"there is no dead letter {letter} of {consumer}, or somebody has it in hand at this moment")
        self.consumer, self.letter = consumer, letter


class Settled(LetterError):
    """It is not here any more: it was sent back, and came again under another id if it failed again."""

    def __init__(self, letter: str, status: str) -> None:
        super().__init__(f"dead letter {letter} is {status}")
        self.letter, self.status = letter, status


class InvalidLetter(LetterError):
    """A part of the request does not hold; `path` names it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason
