"""What a vendor's servers want otherwise than R4 says. It is data: see `vendors/`."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from penstock.json import JSONObject
from penstock_healthcare.fhir.client.errors import NotSupported

JSON_PATCH = "application/json-patch+json"
FHIR_JSON = "application/fhir+json"
LARGEST_PAGE = 1_000
_FOLDER = "penstock_healthcare.fhir.client.vendors"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Writing(_Part):
    """What may be written, and how.

    `transaction_conditions`: whether `ifNoneExist` counts in transactions. `idempotency_header` takes a UUID by which a
    create that comes twice is known.
    """

    read_only: bool = False
    conditional_create: bool = False
    transactions: bool = True
    transaction_path: Literal["", "/"] = ""
    transaction_conditions: bool = True
    most_entries: int | None = None
    patch_formats: tuple[str, ...] = (JSON_PATCH, FHIR_JSON)
    patches_need_version: bool = False
    idempotency_header: str = ""


class Search(_Part):
    """How it is searched. `last_updated` are the types that `_lastUpdated` finds; None: all of them."""

    last_updated: tuple[str, ...] | None = None
    largest_page: Mapping[str, int] = Field(default_factory=dict)
    one_of: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)


class Vendor(_Part):
    """A vendor's habits."""

    name: str
    title: str
    headers: Mapping[str, str] = Field(default_factory=dict)
    algorithms: tuple[Literal["RS384", "ES384"], ...] = ("ES384", "RS384")
    scopes: Literal["v1", "v2"] = "v2"
    writing: Writing = Writing()
    search: Search = Search()

    @property
    def default_scopes(self) -> str:
        """What a backend service asks for when nothing is said: to read everything, as SMART v1 or v2 writes it."""
        return {"v1": "system/*.read", "v2": "system/*.rs"}[self.scopes]

    def check_writing(self) -> None:
        """Raises NotSupported where nothing can be written."""
        if self.writing.read_only:
            raise NotSupported(self.title, "its FHIR API is read only")

    def check_transaction(self, entries: Sequence[JSONObject]) -> None:
        """Raises NotSupported where transactions, or such, are not served."""
        self.check_writing()
        if not self.writing.transactions:
            raise NotSupported(self.title, "it serves no transactions")
        most = self.writing.most_entries
        if most is not None and len(entries) > most:
            raise NotSupported(self.title, f"a transaction has {most} entries at most")
        if not self.writing.transaction_conditions and any(map(_has_condition, entries)):
            raise NotSupported(self.title, "ifNoneExist does not count in its transactions; PUT under ids of your own")

    def check_patch(self, media_type: str, version: str | None) -> None:
        """Raises NotSupported for a format, or a patch without a version, that will be refused."""
        self.check_writing()
        if media_type not in self.writing.patch_formats:
            raise NotSupported(self.title, f"patches must be {' or '.join(self.writing.patch_formats)}")
        if self.writing.patches_need_version and not version:
            raise NotSupported(self.title, "a patch must name the version that it is meant for")

    def check_search(self, resource_type: str, names: Iterable[str]) -> None:
        """Raises NotSupported for a search without a parameter that the type's searches need."""
        needed = self.search.one_of.get(resource_type, ())
        given = {name.partition(":")[0] for name in names}
        if needed and given.isdisjoint(needed):
            raise NotSupported(self.title, f"a search of {resource_type} needs one of {', '.join(needed)}")

    def finds_by_last_updated(self, resource_type: str) -> bool:
        """Whether `_lastUpdated` is known to find resources of the type."""
        return self.search.last_updated is None or resource_type in self.search.last_updated

    def page_size(self, resource_type: str, wanted: int) -> int:
        """The wanted size of a page, or the largest that the type's searches give."""
        return min(wanted, self.search.largest_page.get(resource_type, LARGEST_PAGE))


def _has_condition(entry: JSONObject) -> bool:
    request = entry.get("request")
    return isinstance(request, dict) and bool(request.get("ifNoneExist"))


@cache
def vendors() -> Mapping[str, Vendor]:
    """Every vendor that there is a file of, by name."""
    files = sorted(resources.files(_FOLDER).iterdir(), key=lambda file: file.name)
    named = {file.name.removesuffix(".toml"): file for file in files if file.name.endswith(".toml")}
    return {
        name: Vendor.model_validate({"name": name, **tomllib.loads(file.read_text(encoding="utf-8"))})
        for name, file in named.items()
    }
