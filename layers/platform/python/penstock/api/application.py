"""An endpoint's application: what every route gets without asking.

    api = Api("Workflows")

    @api.get("/v1/workflows/<workflow>", summary="Read a workflow")
    def read(workflow: str) -> WorkflowView:
        who = api.require(Scope.READ)
        ...

    def handler(event, context):
        return api.resolve(event, context)

A request is authenticated, bounded in size, answered once per `Idempotency-Key`, answered from what `Penstock-After`
asks to see (`api.consistency`), and every error becomes a problem detail. A path's parameters are validated by their
annotations; one named `<path>` takes all that is left, slashes too.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, CORSConfig, Response
from aws_lambda_powertools.event_handler.openapi.models import APIKey, APIKeyIn, HTTPBearer
from pydantic import TypeAdapter

from penstock.api.consistency import POSITION, read_your_writes
from penstock.api.idempotency import LONGEST_KEY, Once, Request
from penstock.api.problems import (
    MEDIA_TYPE,
    PROBLEM_SHAPE,
    PROBLEMS,
    AnswerTooLarge,
    ErrorShape,
    InvalidRequest,
    TooLarge,
    answer,
)
from penstock.events import NotCaughtUp, Origin
from penstock.identity.model import BoundByRoles, Principal, Scope, Unauthenticated
from penstock.json import JSONObject, canonical

LARGEST_BODY = 6_000_000
LARGEST_ANSWER = 5_900_000
"""Characters; Lambda takes and gives 6 MB, with the event around the body."""

_PARAMETER = re.compile(r"<(\w+)>")
SECURITY_SCHEMES = {
    "api_key": APIKey(name="X-API-Key", in_=APIKeyIn.header),
    "bearer": HTTPBearer(bearerFormat="JWT"),
}
LONGEST_CORRELATION = 128
_LOG = logging.getLogger(__name__)
Authenticate = Callable[[Mapping[str, str]], Principal]
"""Headers, by lower-case name, to the principal; raises Unauthenticated."""
Next = Callable[[APIGatewayRestResolver], Response[Any]]


class Api(APIGatewayRestResolver):
    """A resolver with the platform's habits. `is_public` leaves authentication to the routes.

    Who has roles comes in only where `judges_roles` says that the routes judge by them.
    """

    error_shape: ClassVar[ErrorShape] = PROBLEM_SHAPE

    def __init__(
        self,
        tag: str,
        *,
        authenticate: Authenticate,
        once: Once | None = None,
        is_public: bool = False,
        judges_roles: bool = False,
    ) -> None:
        super().__init__(enable_validation=True, cors=CORSConfig(expose_headers=["ETag", POSITION], max_age=600))
        self.tag, self.is_public, self.judges_roles = tag, is_public, judges_roles
        self._authenticate, self._once = authenticate, once
        self._validated = self._request_validation_middleware
        # Powertools validates before the middlewares of `use`; nobody is told of a shape who may not come in.
        self._request_validation_middleware: Any = self._admitted if is_public else self._authenticated
        self.use([self._answered_once, self._consistent])
        self.exception_handler([*PROBLEMS, Exception])(self._problem)

    def resolve(self, event: Any, context: Any) -> dict[str, Any]:
        """An API Gateway request in, its answer out."""
        answered = super().resolve(event, context)
        if len(answered.get("body") or "") <= LARGEST_ANSWER:
            return answered
        problem = answer(AnswerTooLarge(LARGEST_ANSWER), self.request_id())
        return {
            **answered,
            "statusCode": problem.status_code,
            "body": problem.body,
            "isBase64Encoded": False,
            "multiValueHeaders": {"Content-Type": [MEDIA_TYPE]},
        }

    def principal(self) -> Principal:
        """Who is asking. Raises Unauthenticated, and BoundByRoles where roles are not judged by."""
        who: Principal | None = self.context.get("principal")
        if who is None:
            who = self.context["principal"] = self._authenticate(self.headers())
        if who.roles and not self.judges_roles:
            raise BoundByRoles
        return who

    def require(self, scope: Scope) -> Principal:
        """Who is asking, if they may do this. Raises Unauthenticated, Forbidden."""
        who = self.principal()
        who.require(scope)
        return who

    def origin(self, actor: str | None = None) -> Origin:
        """Who caused what this request writes: the principal, or an actor that stands in for a nameless caller.

        The correlation is the caller's `X-Correlation-Id`, if it gave one.
        """
        correlation = self.headers().get("x-correlation-id", "")[:LONGEST_CORRELATION] or self.request_id()
        return Origin(actor or self.principal().actor, correlation, f"request:{self.request_id()}")

    def idempotency_key(self) -> str | None:
        """The request's `Idempotency-Key`, if it has one. Raises InvalidRequest."""
        key = self.headers().get("idempotency-key")
        if key is not None and not 1 <= len(key) <= LONGEST_KEY:
            raise InvalidRequest("Idempotency-Key", f"must have 1 to {LONGEST_KEY} characters")
        return key

    def command_id(self) -> str | None:
        """What names the command that this request is, if it has an `Idempotency-Key`. Raises InvalidRequest."""
        key = self.idempotency_key()
        if key is None:
            return None
        return f"{self.principal().tenant} {self.current_event.http_method} {self.current_event.path} {key}"

    def described_body(self, path: str, method: str) -> JSONObject:  # noqa: ARG002 - for endpoints that override it
        """The `requestBody` of an operation that reads its body itself, for the API's description."""
        return {}

    def headers(self) -> Mapping[str, str]:
        """The request's headers, by lower-case name."""
        return {name.lower(): value for name, value in (self.current_event.headers or {}).items()}

    def request_id(self) -> str:
        """API Gateway's id of the request."""
        return str(self.current_event.request_context.request_id or "")

    def revision(self) -> int | None:
        """The revision in `If-Match`, if given. Raises InvalidRequest."""
        text = self.headers().get("if-match", "").strip()
        if text in ("", "*"):
            return None
        if not text.strip('W/"').isdigit():
            raise InvalidRequest("If-Match", 'must be an entity tag that was given out, as "7"')
        return int(text.strip('W/"'))

    @staticmethod
    def _compile_regex(rule: str, base_regex: str = "^{}/*$") -> re.Pattern[str]:
        """A rule of Powertools', where `<path>` also matches slashes."""

        def group(found: re.Match[str]) -> str:
            return f"(?P<{found[1]}>{'.+?' if found[1] == 'path' else '[^/]+'})"

        return re.compile(base_regex.format(_PARAMETER.sub(group, rule)))

    def _admitted(self, app: APIGatewayRestResolver, proceed: Next) -> Response[Any]:
        if len(app.current_event.body or "") > LARGEST_BODY:
            raise TooLarge(LARGEST_BODY)
        if (app.current_event.body or "").lstrip().startswith("["):
            _check_list(app.context["_route"].dependant.body_params)
        admitted: Response[Any] = self._validated(app, proceed)
        return admitted

    def _authenticated(self, app: APIGatewayRestResolver, proceed: Next) -> Response[Any]:
        self.principal()
        return self._admitted(app, proceed)

    def _answered_once(self, app: APIGatewayRestResolver, proceed: Next) -> Response[Any]:
        if self._once is None or app.current_event.http_method == "GET" or (key := self.idempotency_key()) is None:
            return proceed(app)
        request = Request(
            tenant=self.principal().tenant,
            key=key,
            name=f"{app.current_event.http_method} {app.current_event.path}",
            body=canonical([app.current_event.query_string_parameters or {}, app.current_event.body or ""]),
            context=app.lambda_context,
        )
        return self._once(request, lambda: proceed(app))

    def _consistent(self, _: APIGatewayRestResolver, proceed: Next) -> Response[Any]:
        return proceed(self) if self.is_public else read_your_writes(self, proceed)

    def _problem(self, error: Exception) -> Response[str]:
        response = answer(error, self.request_id())
        if isinstance(error, Unauthenticated):
            response.headers["WWW-Authenticate"] = 'ApiKey realm="penstock", Bearer realm="penstock"'
        if isinstance(error, NotCaughtUp):
            response.headers["Retry-After"] = "1"
        if response.status_code >= 500:
            _LOG.error("request %s failed with %s", self.request_id(), type(error).__name__)
        return response


def _check_list(fields: Sequence[Any]) -> None:
    """Raises InvalidRequest on a list where an object is meant; Powertools would take the first of it."""
    for field in fields:
        schema = TypeAdapter(field.field_info.annotation).json_schema()
        if "array" not in (schema.get("type"), *(choice.get("type") for choice in schema.get("anyOf", ()))):
            raise InvalidRequest("body", "must be an object")
