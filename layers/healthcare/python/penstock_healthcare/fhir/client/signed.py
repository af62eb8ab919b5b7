"""What lets requests in at AWS HealthLake: a signature (SigV4) by the role of the function that sends them."""

from dataclasses import dataclass

from penstock.http import signing
from penstock.http.exchange import Request, shown
from penstock.http.signing import Signer
from penstock_healthcare.fhir.client.errors import NotSigned
from penstock_healthcare.fhir.client.transport import Sender

SERVICE = "healthlake"


@dataclass(frozen=True)
class Signed:
    """Every try is signed anew: a signature holds for minutes. `base` is for people."""

    signer: Signer
    region: str
    base: str

    def authorize(self, _: Sender, request: Request) -> Request:
        """See Authorizer.authorize."""
        try:
            return self.signer.sign(request, SERVICE, self.region)
        except signing.NotSigned as failed:
            raise NotSigned(f"a request to {shown(self.base)}", failed.reason) from None

    def renew(self) -> bool:
        """See Authorizer.renew. What the role's credentials are is asked for at each try."""
        return False
