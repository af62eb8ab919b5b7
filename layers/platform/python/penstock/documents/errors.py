"""What can go wrong with the documents of every kind."""


class RevisionConflict(Exception):
    """The caller's revision is not the newest; `noun` is what the kind calls a document."""

    def __init__(self, noun: str, expected: int, found: int) -> None:
        super().__init__(f"revision {expected} was given, but the {noun} stands at revision {found}")
        self.expected, self.found = expected, found
