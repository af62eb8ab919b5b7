"""CloudFormation resources that MiniStack refuses, or takes without doing what they say.

Each function is given the modules of MiniStack that it works on, and returns handlers as its provisioner keeps them:
`create` answers with the resource's physical id and attributes, and is called again for an update.
"""

import json
from typing import Any

Handler = dict[str, Any]


def bus_archive(eventbridge: Any) -> Handler:
    """`AWS::Events::Archive`, by MiniStack's own API for archives."""

    def create(_: str, props: dict[str, Any], __: str) -> tuple[str, dict[str, Any]]:
        name = props["ArchiveName"]
        pattern = props.get("EventPattern", "")
        request = {
            "ArchiveName": name,
            "EventSourceArn": props["SourceArn"],
            "EventPattern": pattern if isinstance(pattern, str) else json.dumps(pattern),
            "Description": props.get("Description", ""),
            "RetentionDays": int(props.get("RetentionDays", 0)),
        }
        change = eventbridge._update_archive if name in eventbridge._archives else eventbridge._create_archive
        status, _headers, body = change(request)
        if status >= 400:
            raise ValueError(f"AWS::Events::Archive: {body!r}")
        return name, {"Arn": eventbridge._archives[name]["ArchiveArn"], "ArchiveName": name}

    return {"create": create, "delete": lambda name, _: eventbridge._delete_archive({"ArchiveName": name})}


def lockable(s3: Any, bucket: Handler) -> Handler:
    """`AWS::S3::Bucket` that heeds `ObjectLockEnabled`; the default retention of production is no part of it here."""
    create = bucket["create"]

    def create_lockable(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        name, attributes = create(logical_id, props, stack_name)
        if props.get("ObjectLockEnabled"):
            s3._bucket_object_lock[name] = {"enabled": True, "default_retention": None}
        return name, attributes

    return {**bucket, "create": create_lockable}


def accepted(kind: str, name: str) -> Handler:
    """A type of the schema registry, which MiniStack has not: taken, and nothing made of it."""

    def create(_: str, props: dict[str, Any], __: str) -> tuple[str, dict[str, Any]]:
        physical = str(props[name])
        arn = f"arn:aws:schemas:local:{kind.lower()}/{physical}"
        return physical, {f"{kind}Arn": arn, f"{kind}Name": physical, "SchemaVersion": "1"}

    return {"create": create, "delete": lambda *_: None}
