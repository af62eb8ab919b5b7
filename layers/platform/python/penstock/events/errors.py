"""What can go wrong in the event store; the tree is drawn in `penstock.events`."""


class EventStoreError(Exception):
    """Root of the tree."""


class InvalidStreamId(EventStoreError):
    """A part of a stream id is empty, too long or holds `#` or white space."""

    def __init__(self, part: str, value: str, reason: str) -> None:
        super().__init__(f"stream {part} {value[:80]!r}: {reason}")
        self.part, self.value, self.reason = part, value, reason


class Conflict(EventStoreError):
    """The stream has moved on since the writer read it."""

    def __init__(self, stream: str, expected_commit: int) -> None:
        super().__init__(f"stream {stream} does not end at commit {expected_commit}")
        self.stream, self.expected_commit = stream, expected_commit


class StreamGap(EventStoreError):
    """Commits were read out of sequence."""

    def __init__(self, stream: str, after: int, found: int) -> None:
        super().__init__(f"stream {stream}: commit {found} follows commit {after}")
        self.stream, self.after, self.found = stream, after, found


class UnknownEventType(EventStoreError):
    """No type of this kind has that name, or it was stored by a newer schema version than this code has."""

    def __init__(self, kind: str, event_type: str, schema: int) -> None:
        super().__init__(f"{kind} events have no type {event_type} with schema version {schema}")
        self.kind, self.event_type, self.schema = kind, event_type, schema


class NotCaughtUp(EventStoreError):
    """A read model does not hold a version of a stream yet, and the time to wait for it is over."""

    def __init__(self, projection: str, stream: str, wanted: int, found: int) -> None:
        super().__init__(f"{projection} stands at version {found} of stream {stream}, not yet at {wanted}")
        self.projection, self.stream, self.wanted, self.found = projection, stream, wanted, found


class UnknownDictionary(EventStoreError):
    """A commit was compressed with a dictionary that this code does not have."""

    def __init__(self, stream: str, dictionary: int) -> None:
        super().__init__(f"stream {stream}: compression dictionary {dictionary} is not shipped with this code")
        self.stream, self.dictionary = stream, dictionary


class NoKeyring(EventStoreError):
    """A commit has a sealed part, and this store was made without the keys to open it."""

    def __init__(self, stream: str, number: int) -> None:
        super().__init__(f"stream {stream}: commit {number} has a sealed part, and there is no keyring to open it")
        self.stream, self.number = stream, number


class UnknownKey(EventStoreError):
    """The keyring never had such a data key: it is another deployment's, or was lost."""

    def __init__(self, key: str) -> None:
        super().__init__(f"there is no data key {key}")
        self.key = key


class CommitTooLarge(EventStoreError):
    """The commit's size in bytes of JSON is over the limit."""

    def __init__(self, stream: str, size: int, limit: int) -> None:
        super().__init__(f"stream {stream}: a commit of {size} bytes is over the limit of {limit}")
        self.stream, self.size, self.limit = stream, size, limit


class StoreUnavailable(EventStoreError):
    """The store could not answer now. What was asked may have happened: repeating it later is safe."""


class BadCursor(EventStoreError):
    """A cursor that no listing handed out, or that belongs to another listing."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"cursor: {reason}")
        self.reason = reason


class ViewTooLarge(EventStoreError):
    """A projection's document is over the limit; sizes in bytes, compressed."""

    def __init__(self, projection: str, stream: str, size: int, limit: int) -> None:
        super().__init__(f"view {projection} of {stream}: {size} bytes is over the limit of {limit}")
        self.projection, self.stream, self.size, self.limit = projection, stream, size, limit
