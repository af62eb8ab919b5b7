"""What the nodes that seal and open single fields have in common."""

from typing import Annotated

from pydantic import Field

from penstock.fields import FieldPath

Fields = Annotated[
    tuple[FieldPath, ...],
    Field(
        min_length=1,
        max_length=100,
        description="Fields of the item, as dotted paths: patient.ssn; * is each element of a list: contacts.*.phone",
    ),
]
PURPOSE = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
