"""The front door: a regional REST API whose every route is a Lambda proxy and whose every error is RFC 9457."""

import json

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.settings import StageSettings

BINARY_MEDIA_TYPES = ["application/octet-stream", "application/hl7-v2"]
"""Bodies that reach the function byte for byte (base64) instead of as UTF-8 text."""

ALLOWED_HEADERS = [
    "Content-Type",
    "Authorization",
    "X-Api-Key",
    "Idempotency-Key",
    "If-Match",
    "X-Correlation-Id",
    "Penstock-After",
]
PROBLEMS = {
    apigateway.ResponseType.DEFAULT_4_XX: (400, "Bad request"),
    apigateway.ResponseType.DEFAULT_5_XX: (500, "Internal error"),
    apigateway.ResponseType.ACCESS_DENIED: (403, "Forbidden"),
    # API Gateway's name for a path or method that does not exist.
    apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN: (404, "Not found"),
    apigateway.ResponseType.REQUEST_TOO_LARGE: (413, "Request too large"),
    apigateway.ResponseType.UNSUPPORTED_MEDIA_TYPE: (415, "Unsupported media type"),
    apigateway.ResponseType.THROTTLED: (429, "Too many requests"),
    apigateway.ResponseType.INTEGRATION_FAILURE: (502, "Bad gateway"),
    apigateway.ResponseType.INTEGRATION_TIMEOUT: (504, "Gateway timeout"),
}
ACCESS_LOG = {
    "request": apigateway.AccessLogField.context_request_id(),
    "time": apigateway.AccessLogField.context_request_time_epoch(),
    "method": apigateway.AccessLogField.context_http_method(),
    # The route, not the path: a path may carry a patient's or an account's identifier.
    "route": apigateway.AccessLogField.context_resource_path(),
    "status": apigateway.AccessLogField.context_status(),
    "bytes": apigateway.AccessLogField.context_response_length(),
    "ms": apigateway.AccessLogField.context_response_latency(),
}


class PenstockRestApi(Construct):
    """API Gateway bounds a request at 10 MB and Lambda's payload at 6 MB; both answer 413."""

    def __init__(self, scope: Construct, settings: StageSettings) -> None:
        super().__init__(scope, "RestApi")
        access_log = logs.LogGroup(self, "AccessLog", retention=settings.log_retention, removal_policy=settings.removal)
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=settings.prefix,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            binary_media_types=BINARY_MEDIA_TYPES,
            cloud_watch_role=True,
            cloud_watch_role_removal_policy=settings.removal,
            deploy_options=apigateway.StageOptions(
                stage_name=settings.name,
                throttling_rate_limit=settings.api_rate,
                throttling_burst_limit=settings.api_burst,
                metrics_enabled=True,
                data_trace_enabled=False,
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                access_log_destination=apigateway.LogGroupLogDestination(access_log),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(ACCESS_LOG)),
            ),
            default_cors_preflight_options=apigateway.CorsOptions(
                allow_origins=apigateway.Cors.ALL_ORIGINS,
                allow_methods=apigateway.Cors.ALL_METHODS,
                allow_headers=ALLOWED_HEADERS,
            ),
        )
        for response_type, (status, title) in PROBLEMS.items():
            self._problem(response_type, status, title)

    def _problem(self, response_type: apigateway.ResponseType, status: int, title: str) -> None:
        body = {"type": "about:blank", "title": title, "status": status}
        is_default = response_type.response_type.startswith("DEFAULT")
        self.api.add_gateway_response(
            f"Problem-{response_type.response_type}",
            type=response_type,
            status_code=None if is_default else str(status),
            response_headers={
                "Access-Control-Allow-Origin": "'*'",
                "Content-Type": "'application/problem+json'",
            },
            templates={"application/json": json.dumps(body)},
        )

    def route(self, path: str, function: lambda_.IFunction) -> None:
        """Sends ANY on `path`, and on everything below it, to `function`."""
        integration = apigateway.LambdaIntegration(function, allow_test_invoke=False)
        resource = self.api.root.resource_for_path(path)
        resource.add_method("ANY", integration)
        resource.add_resource("{proxy+}").add_method("ANY", integration)
