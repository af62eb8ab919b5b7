"""What is polled, and by which parameter of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from penstock.json import JSONObject, canonical
from penstock_healthcare.fhir.client.answers import own_version
from penstock_healthcare.fhir.client.errors import NotSupported
from penstock_healthcare.fhir.client.vendor import Vendor

LAST_UPDATED = "_lastUpdated"


@dataclass(frozen=True, slots=True)
class Poll:
    """A search that is repeated. `by` is the search parameter for the time of a change; "" is the vendor's.

    Two polls of one name that ask for other things are two polls.
    """

    name: str
    connection: str
    resource_type: str
    query: Sequence[tuple[str, str]] = ()
    by: str = ""
    overlap_seconds: int = 300
    page_size: int = 100
    max_pages: int = 20

    @property
    def key(self) -> str:
        """Its name, and what follows from what it asks for."""
        asked = canonical([self.connection, self.resource_type, [list(pair) for pair in self.query], self.by])
        return f"{self.name}.{sha256(asked).hexdigest()[:16]}"

    def parameter(self, vendor: Vendor) -> str:
        """The search parameter for the time of a change. Raises NotSupported where none is known."""
        if self.by:
            return self.by
        if not vendor.finds_by_last_updated(self.resource_type):
            reason = f"{LAST_UPDATED} is not known to find {self.resource_type}: name a parameter of time to poll by"
            raise NotSupported(vendor.title, reason)
        return LAST_UPDATED


def version_mark(resource: JSONObject) -> str:
    """What tells a version from another: its id, else when it was changed, else what it says."""
    return own_version(resource) or last_updated(resource) or sha256(canonical(resource)).hexdigest()[:32]


def last_updated(resource: JSONObject) -> str:
    """`meta.lastUpdated`; "" where there is none."""
    meta = resource.get("meta")
    found = meta.get("lastUpdated") if isinstance(meta, dict) else None
    return found[:40] if isinstance(found, str) else ""
