"""The AWS HealthLake data stores that the operator lets each tenant use.

Every tenant's requests are signed by the same role. So which data stores are whose is the operator's to say, and no
tenant's: a connection is signed for only where it leads to one of the tenant's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from penstock.json import loads

DATASTORES = "PENSTOCK_HEALTHLAKE_DATASTORES"
"""Environment, as JSON: tenant → the FHIR base of a data store → its region."""


@dataclass(frozen=True)
class Datastores:
    """Regions by base (without a slash at its end), by tenant."""

    regions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Datastores":
        """As the function's settings have them; none where nothing is set."""
        given: dict[str, dict[str, str]] = loads(environment.get(DATASTORES) or "{}")
        return cls({tenant: {base.rstrip("/"): each for base, each in own.items()} for tenant, own in given.items()})

    def region(self, tenant: str, base: str) -> str | None:
        """The region of a tenant's data store; None where the base is none of the tenant's."""
        return self.regions.get(tenant, {}).get(base)
