"""Which workflows start on a change of a resource: those whose criteria it meets, as it is in the event."""

import logging
from dataclasses import dataclass, field

from penstock.json import JSONObject
from penstock.workflows.triggering import Hearing
from penstock_healthcare.fhir.errors import InvalidSearch
from penstock_healthcare.fhir.search.criteria import criteria, is_met, kind_of, saved_row

TRIGGER = "healthcare.trigger.fhir"
SAVED = "ResourceSaved"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Listening:
    """Asks the triggers of one batch; the values of a resource are found once."""

    _rows: dict[str, JSONObject] = field(default_factory=dict)

    def hearing(self) -> Hearing:
        """For `Triggering`."""
        return Hearing(lambda kind: ((TRIGGER, kind),), self.wants, without_text)

    def wants(self, node_type: str, parameters: JSONObject, event: JSONObject) -> bool:
        """Whether a trigger starts on the event.

        One whose criteria are malformed starts on every change of its type: its execution fails, and says why.
        """
        asked = str(parameters.get("criteria", ""))
        if node_type != TRIGGER or event["type"] != SAVED or event["data"]["type"] != kind_of(asked):
            return False
        try:
            return is_met(criteria(asked), self._row(event))
        except InvalidSearch:
            _LOG.warning("a trigger's criteria cannot be held against %s", event["id"])
            return True

    def _row(self, event: JSONObject) -> JSONObject:
        if event["id"] not in self._rows:
            self._rows[event["id"]] = saved_row(event)
        return self._rows[event["id"]]


def without_text(event: JSONObject) -> JSONObject:
    """The event as an execution takes it in: the trigger reads the resource from the store."""
    return {**event, "data": {name: value for name, value in event["data"].items() if name != "text"}}
