"""Dead letters as the API shows them."""

from datetime import datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from penstock.clock import iso
from penstock.letters.diagnosis import Diagnosis, Reader
from penstock.letters.model import Letter
from penstock.letters.service import Case, Found

ConsumerName = Annotated[str, Path(min_length=1, max_length=120, description="The consumer that gave up")]
LetterId = Annotated[str, Path(min_length=1, max_length=200, description="The letter's id: SQS's message id")]
DiscardReason = Annotated[
    str | None, Query(max_length=1_000, description="Why: it must be given, and stays on record. No personal data")
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Redrive(_Body):
    """Why a letter should succeed this time."""

    reason: str = Field(min_length=1, max_length=1_000, description="It stays on record")


class Edit(Redrive):
    """Another body, and why."""

    body: dict[str, Any] = Field(description="Takes the place of the letter's, and must name a stream of yours")


class ConsumerView(BaseModel):
    """A consumer."""

    consumer: str
    dead_letters: int = Field(description="About how many wait, of all tenants")


class LetterSummary(BaseModel):
    """A letter that waits."""

    id: str
    consumer: str
    stream: str = Field(description="What it is about, as `tenant#kind#key`")
    attempts: int = Field(description="How often it was received, counting those who only looked")
    sent_at: str | None = Field(description="When the message was first sent")
    first_tried_at: str | None = Field(description="When it was first received, as far as SQS knows")

    @classmethod
    def of(cls, letter: Letter) -> "LetterSummary":
        """The letter as it is listed."""
        return cls(
            id=letter.id,
            consumer=letter.consumer,
            stream=str(letter.stream),
            attempts=letter.receives,
            sent_at=_iso(letter.sent),
            first_tried_at=_iso(letter.first_received),
        )


class LetterPage(BaseModel):
    """Letters that wait, in no order: a queue has none to give."""

    items: list[LetterSummary]
    is_complete: bool = Field(description="Whether these are all of yours; if not, look again when these are settled")

    @classmethod
    def of(cls, found: Found) -> "LetterPage":
        """What a scan found."""
        return cls(items=[LetterSummary.of(letter) for letter in found.letters], is_complete=found.is_complete)


class FaultView(BaseModel):
    """What breaks, by type and place; never by its text, which may quote data."""

    error: str
    function: str
    line: int | None


class ReaderView(BaseModel):
    """Somebody who reads the stream."""

    name: str = Field(description="A projection, or the consumer")
    commit: int = Field(description="The last commit that it has finished")
    fault: FaultView | None = Field(description="What breaks it now, if it goes on; null when nothing does")

    @classmethod
    def of(cls, reader: Reader) -> "ReaderView":
        """The reader as it is shown."""
        fault = reader.fault
        shown = FaultView(error=fault.error, function=fault.function, line=fault.line) if fault else None
        return cls(name=reader.name, commit=reader.commit, fault=shown)


class LetterView(BaseModel):
    """A letter with its body, and how its stream stands."""

    id: str
    consumer: str
    status: str = Field(description="waiting, redriven or discarded")
    stream: str
    attempts: int | None = Field(description="How often it was received, counting those who only looked")
    sent_at: str | None
    first_tried_at: str | None
    body: str = Field(description="The message as the consumer gets it")
    stream_commit: int = Field(description="The stream's last commit; 0 when there is no such stream")
    is_stream_read_whole: bool = Field(description="Whether `stream_commit` is its end, or as far as was read")
    readers: list[ReaderView]

    @classmethod
    def of(cls, case: Case, diagnosis: Diagnosis) -> "LetterView":
        """The letter as it stands."""
        letter = case.letter
        return cls(
            id=case.id,
            consumer=case.consumer,
            status=case.status,
            stream=str(case.stream),
            attempts=letter.receives if letter else None,
            sent_at=_iso(letter.sent if letter else None),
            first_tried_at=_iso(letter.first_received if letter else None),
            body=case.body,
            stream_commit=diagnosis.commit,
            is_stream_read_whole=diagnosis.is_complete,
            readers=[ReaderView.of(reader) for reader in diagnosis.readers],
        )


class HandledLetter(BaseModel):
    """What was last done with a letter."""

    id: str
    consumer: str
    stream: str
    status: str
    is_edited: bool
    reason: str
    actor: str
    at: str


class Redriven(BaseModel):
    """How many letters were sent to their consumer again."""

    redriven: int
    is_complete: bool = Field(description="Whether those were all of yours; if not, ask again")


def _iso(time: datetime | None) -> str | None:
    return iso(time) if time else None
