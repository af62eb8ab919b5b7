"""Fields of workflow items, sealed and opened in place; everything else of the item stays as it is.

A field is named by its dotted path; `*` stands for each element of a list: `contacts.*.phone`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from penstock.fields import get, put
from penstock.json import JSONObject
from penstock_healthcare.phi.errors import NotOpened, NotSealed
from penstock_healthcare.phi.sealing import PREFIX, FieldSeal

MOST_FIELDS = 1_000
"""Single fields of one item, once `*` is spelled out."""
_EACH = "*"
_NOTHING = object()


def seal_item(seal: FieldSeal, tenant: str, purpose: str, item: JSONObject, paths: Sequence[str]) -> JSONObject:
    """The item with these fields sealed; those that are sealed for the purpose already stay. Raises NotSealed."""

    def sealed(path: str, text: str) -> str:
        try:
            if text.startswith(PREFIX):
                seal.open(tenant, purpose, text)
            return seal.seal(tenant, purpose, text)
        except NotOpened:
            raise NotSealed(path, "looks like a sealed field and does not open for this purpose") from None
        except ValueError as error:
            raise NotSealed(path, str(error)) from None

    return _changed(item, paths, sealed)


def open_item(seal: FieldSeal, tenant: str, purpose: str, item: JSONObject, paths: Sequence[str]) -> JSONObject:
    """The item with these fields as they were before. Raises NotSealed where there is none, NotOpened with its path."""

    def opened(path: str, text: str) -> str:
        try:
            return seal.open(tenant, purpose, text)
        except NotOpened as error:
            raise NotOpened(f"{path}: {error}") from None

    return _changed(item, paths, opened)


def _changed(item: JSONObject, paths: Sequence[str], change: Callable[[str, str], str]) -> JSONObject:
    places = list(dict.fromkeys(place for path in paths for place in _places(item, path)))
    if len(places) > MOST_FIELDS:
        raise NotSealed("fields", f"{len(places)} of them; at most {MOST_FIELDS} an item")
    for place in places:
        item = put(item, place, change(place, _text(place, get(item, place, _NOTHING))))
    return item


def _places(item: JSONObject, path: str) -> Iterator[str]:
    """The path with every `*` spelled out. A list without elements has no places."""
    steps = path.split(".")
    if _EACH not in steps:
        yield path
        return
    at = steps.index(_EACH)
    before, after = ".".join(steps[:at]), steps[at + 1 :]
    found = get(item, before, _NOTHING)
    if not isinstance(found, list):
        raise NotSealed(before or path, "is not there" if found is _NOTHING else "is no list")
    for index in range(len(found)):
        yield from _places(item, ".".join([before, str(index), *after]))


def _text(place: str, value: Any) -> str:
    if value is _NOTHING or value is None:
        raise NotSealed(place, "is not there")
    if not isinstance(value, str):
        raise NotSealed(place, "must be text")
    return value
