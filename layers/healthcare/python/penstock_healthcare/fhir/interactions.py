"""What clients do with one resource (FHIR R4, section 3.1.0): create, update, delete, also on conditions."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Protocol
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from penstock.events import Origin
from penstock.json import JSONObject
from penstock_healthcare.fhir.accepting import addressed, checked, stored
from penstock_healthcare.fhir.errors import InvalidSearch, SeveralFound, VersionConflict
from penstock_healthcare.fhir.formats import json_text
from penstock_healthcare.fhir.resources import ChangeResource, DeleteResource, Resource, Resources, SaveResource
from penstock_healthcare.fhir.search import rows
from penstock_healthcare.fhir.search.asking import Query, asked
from penstock_healthcare.fhir.search.finding import Finder, matches

NewName = Callable[[], str]


class Keeper(Protocol):
    """What has a say in resources that are written."""

    def prepared(self, resource: JSONObject, name: str) -> JSONObject:
        """The resource as it is kept. Raises Forbidden, Rejected."""
        ...

    def keep(self, resource: JSONObject, name: str) -> None:
        """Keep what the resource brings with it, and is not kept in it."""
        ...


def _random_name() -> str:
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class Written:
    """A resource as a write left it, and whether the write made it."""

    resource: Resource
    is_created: bool = False


@dataclass(frozen=True)
class Interactions:
    """What one request does. With a `command_id` it is done once, however often it is sent.

    All of it raises Conflict after losing to rivals five times in a row, and CommitTooLarge.
    """

    resources: Resources
    finder: Finder
    origin: Origin
    command_id: str | None = None
    new_name: NewName = _random_name
    keeper: Keeper | None = None

    @property
    def tenant(self) -> str:
        """Whose resources they are."""
        return self.finder.tenant

    def create(self, resource: JSONObject, condition: str | None = None) -> Written:
        """Keep a resource under an id of its own; with a condition, only if none meets it: else the one that does.

        Raises SeveralFound, InvalidSearch, SearchTooCostly.
        """
        if condition is None:
            return Written(self._save(resource, self.name(resource)), is_created=True)
        query = conditional(resource["resourceType"], condition)
        found = self.met_by(query)
        return Written(found) if found else self._create_once(resource, query)

    def update(self, resource: JSONObject, name: str, version: int | None = None) -> Written:
        """Keep it as the newest version; `version` is the one that it is meant for. Raises VersionConflict."""
        before = self.resources.find(self.tenant, resource["resourceType"], name)
        after = self._save(resource, name, version)
        return Written(after, is_created=after.is_new and after.version > before.version)

    def update_where(self, resource: JSONObject, condition: str, version: int | None = None) -> Written:
        """Update the one resource that meets the condition; create it where none does.

        Raises SeveralFound, InvalidSearch, SearchTooCostly, VersionConflict, and Rejected for another id than its own.
        """
        query = conditional(resource["resourceType"], condition)
        found = self.met_by(query)
        if found is None and "id" not in resource:
            return self._create_once(resource, query)
        name = found.name if found else str(resource["id"])
        return self.update(addressed(resource, query.kind, name if "id" in resource else None), name, version)

    def change(
        self, kind: str, name: str, change: Callable[[JSONObject], JSONObject], version: int | None = None
    ) -> Written:
        """Keep what `change` makes of the newest version, if R4 finds no fault with it: once for each command.

        Raises UnknownResource, DeletedResource, VersionConflict, Rejected, and what `change` raises.
        """

        def changed(resource: Resource) -> str:
            made = change(json_text.read(resource.text.encode()).resource or {})
            return stored(checked(addressed(made, kind, name)), name)

        command = ChangeResource(kind, name)
        return Written(self.resources.change(self.tenant, command, changed, self.origin, self.command_id, version))

    def delete_where(self, kind: str, condition: str, version: int | None = None) -> None:
        """Delete the one resource that meets the condition; nothing happens where none does.

        Raises SeveralFound, InvalidSearch, SearchTooCostly, VersionConflict.
        """
        if found := self.met_by(conditional(kind, condition)):
            self.delete(kind, found.name, version)

    def delete(self, kind: str, name: str, version: int | None = None) -> Written:
        """Let there be no newest version; nothing happens where there is none. Raises VersionConflict."""
        command = DeleteResource(kind, name)
        return Written(self.resources.do(self.tenant, command, self.origin, self.command_id, version))

    def met_by(self, query: Query) -> Resource | None:
        """The one resource that meets a condition. Raises SeveralFound, SearchTooCostly."""
        found = [self.resources.find(self.tenant, query.kind, each["id"]) for each in self.finder.all(query)]
        now = [each for each in found if _meets(query, each)]
        if len(now) > 1:
            raise SeveralFound(query.kind)
        return now[0] if now else None

    def name(self, resource: JSONObject) -> str:
        """The id of a resource that is created: random, or what follows from the command."""
        if self.command_id is None:
            return self.new_name()
        return named_after(self.command_id, resource["resourceType"], stored(resource, ""))

    def under(self, command_id: str | None) -> "Interactions":
        """These, for another command."""
        return replace(self, command_id=command_id)

    def _create_once(self, resource: JSONObject, query: Query) -> Written:
        """Under an id that follows from the condition: of two who find nothing at once, one creates it."""
        name = named_after(self.tenant, query.kind, repr(sorted(query.used)))
        there = self.resources.find(self.tenant, query.kind, name)
        if there.text and not _meets(query, there):
            return Written(self._save(resource, self.name(resource)), is_created=True)
        if there.text:
            return Written(there)
        try:
            return Written(self._save(resource, name, there.version), is_created=True)
        except VersionConflict:
            return Written(self.resources.get(self.tenant, query.kind, name))

    def _save(self, resource: JSONObject, name: str, version: int | None = None) -> Resource:
        return self._do(self.saving(resource, name), resource, version)

    def saving(self, resource: JSONObject, name: str) -> SaveResource:
        """The command that keeps a resource. Raises Forbidden, Rejected."""
        prepared = self.keeper.prepared(resource, name) if self.keeper else resource
        return SaveResource(resource["resourceType"], name, stored(prepared, name))

    def _do(self, command: SaveResource, resource: JSONObject, version: int | None) -> Resource:
        if self.keeper and version in (None, self.resources.find(self.tenant, command.type, command.id).version):
            self.keeper.keep(resource, command.id)
        return self.resources.do(self.tenant, command, self.origin, self.command_id, version)


def conditional(kind: str, condition: str) -> Query:
    """A condition of a write, as the query of a URL. Raises InvalidSearch: it must be understood whole."""
    query = asked(kind, parse_qsl(condition.partition("?")[2] or condition, keep_blank_values=True), strict=True)
    if not query.conditions or len(query.conditions) != len(query.used):
        raise InvalidSearch("condition", "must be search parameters that say which resource is meant")
    return query


def named_after(*parts: str) -> str:
    """A UUID that follows from the parts."""
    return str(UUID(bytes=sha256("\0".join(parts).encode()).digest()[:16], version=5))


def _meets(query: Query, resource: Resource) -> bool:
    """Whether a resource meets the condition as it is now, whatever the read model knows."""
    if not resource.text:
        return False
    return matches(query, rows.row(query.kind, resource.name, resource.text, resource.version, resource.updated_at))
