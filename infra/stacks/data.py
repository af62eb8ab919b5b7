"""What is kept: the events, the keys to what is personal in them, the read models folded from them, payloads too large
for either, and the archive."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.settings import StageSettings
from penstock.aws.view_items import GSIS

PASSING = ("nodes/", "answers/")
"""Payloads of a moment: a node's call, a repeated request's answer. Nobody asks for one after a day."""


class DataStack(cdk.Stack):
    """Three tables, the key of keys, the one that seals secrets, and two buckets."""

    def __init__(self, scope: Construct, settings: StageSettings) -> None:
        super().__init__(scope, "Data")
        self.settings = settings
        self.events = self._table(
            "Events",
            sort_key=dynamodb.Attribute(name="commit", type=dynamodb.AttributeType.NUMBER),
            stream=dynamodb.StreamViewType.NEW_IMAGE,
        )
        self.views = self._table(
            "Views",
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            time_to_live_attribute="expires",
        )
        for gsi in GSIS:
            self.views.add_global_secondary_index(
                index_name=gsi.name,
                partition_key=dynamodb.Attribute(name=gsi.pk, type=dynamodb.AttributeType.STRING),
                sort_key=dynamodb.Attribute(name=gsi.sk, type=dynamodb.AttributeType.STRING),
                projection_type=dynamodb.ProjectionType.KEYS_ONLY,
            )
        # No point-in-time recovery: a key that comes back undoes its end.
        self.keys = self._table(
            "Keys", sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING), recoverable=False
        )
        self.key_of_keys = kms.Key(
            self,
            "KeyOfKeys",
            description=f"{settings.prefix}: opens each tenant's secret, and so the keys of personal data",
            enable_key_rotation=True,
            removal_policy=settings.removal,
        )
        self.payloads = self._bucket("Payloads", versioned=settings.keep_data, lifecycle_rules=_passing())
        self.archive = self._archive()
        # Not versioned: an index is written anew every few seconds, and can be made anew from the events.
        self.search = self._bucket("Search", versioned=False)
        self.secrets = kms.Key(
            self,
            "Secrets",
            alias=f"{settings.prefix}-secrets",
            description="Seals the secrets that webhooks are signed by",
            enable_key_rotation=True,
            removal_policy=settings.removal,
        )
        cdk.CfnOutput(self, "EventsTable", value=self.events.table_name)
        cdk.CfnOutput(self, "ViewsTable", value=self.views.table_name)
        cdk.CfnOutput(self, "KeysTable", value=self.keys.table_name)
        cdk.CfnOutput(self, "KeyOfKeysArn", value=self.key_of_keys.key_arn)
        cdk.CfnOutput(self, "PayloadsBucket", value=self.payloads.bucket_name)
        cdk.CfnOutput(self, "ArchiveBucket", value=self.archive.bucket_name)
        cdk.CfnOutput(self, "SearchBucket", value=self.search.bucket_name)

    def _table(
        self,
        name: str,
        *,
        sort_key: dynamodb.Attribute,
        stream: dynamodb.StreamViewType | None = None,
        time_to_live_attribute: str | None = None,
        recoverable: bool = True,
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            name,
            table_name=f"{self.settings.prefix}-{name.lower()}",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=sort_key,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=recoverable
            ),
            stream=stream,
            time_to_live_attribute=time_to_live_attribute,
            deletion_protection=self.settings.keep_data,
            removal_policy=self.settings.removal,
        )

    def _archive(self) -> s3.Bucket:
        """Objects that are written once. Its tiers leave alone what is under 128 KB, where moving costs more.

        Every stage can lock an object; where the settings name no retention, only what a tenant's rules or holds name.
        """
        kept = self.settings.archive
        retention = (
            {"object_lock_default_retention": s3.ObjectLockRetention.governance(cdk.Duration.days(kept.retention))}
            if kept.retention
            else {}
        )
        transitions = [
            s3.Transition(storage_class=s3.StorageClass(tier), transition_after=cdk.Duration.days(days))
            for tier, days in kept.tiers.items()
        ]
        rules = {"lifecycle_rules": [s3.LifecycleRule(transitions=transitions)]} if transitions else {}
        return self._bucket("Archive", versioned=True, object_lock_enabled=True, **retention, **rules)

    def _bucket(self, name: str, *, versioned: bool, **options: Any) -> s3.Bucket:
        return s3.Bucket(
            self,
            name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=versioned,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=self.settings.removal,
            **options,
        )


def _passing() -> list[s3.LifecycleRule]:
    """After two days what has passed is gone, and a day later what a versioned bucket kept of it."""
    return [
        s3.LifecycleRule(
            prefix=prefix, expiration=cdk.Duration.days(2), noncurrent_version_expiration=cdk.Duration.days(1)
        )
        for prefix in PASSING
    ]
