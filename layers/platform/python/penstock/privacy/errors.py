"""What can go wrong with data subjects; the tree is drawn in `penstock.privacy`."""


class SubjectError(Exception):
    """Root of the tree."""


class UnknownSubject(SubjectError):
    """Nothing is linked with the subject. What it was asked for by is not repeated: it may name a person."""

    def __init__(self) -> None:
        super().__init__("nothing is linked with such a subject")
