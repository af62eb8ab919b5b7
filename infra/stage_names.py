"""Stages that are unlike the others. They stand apart from `infra.settings`, whose import starts the CDK."""

PRODUCTION = "prod"
LOCAL = "local"
