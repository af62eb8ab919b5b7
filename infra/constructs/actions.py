"""The IAM actions that grants are made of, and the conditions under which some are given."""

from infra.definition import Access

EVENTS = {
    Access.READ: ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"],
    # Events are the truth: no function may change or delete one.
    Access.WRITE: ["dynamodb:PutItem"],
}
# Who reads events reads what is sealed in them; who writes them makes keys, and notes what these seal.
KEYS = {Access.READ: ["dynamodb:GetItem"], Access.WRITE: ["dynamodb:Query", "dynamodb:UpdateItem"]}
KMS = {Access.READ: ["kms:Decrypt"], Access.WRITE: ["kms:GenerateDataKey"]}
NAMES_ITS_TENANT = {"Null": {"kms:EncryptionContext:tenant": "false"}}
VIEWS = {
    Access.READ: ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"],
    Access.WRITE: [
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:ConditionCheckItem",
    ],
}
PAYLOADS = {Access.READ: ["s3:GetObject"], Access.WRITE: ["s3:PutObject"]}
# An object comes with the lock that its tenant's rules give it. Without the right to bypass, a lock only grows.
ARCHIVE = {Access.READ: ["s3:GetObject"], Access.WRITE: ["s3:PutObject", "s3:PutObjectRetention"]}
SEARCH = {Access.READ: ["s3:GetObject"], Access.WRITE: ["s3:PutObject", "s3:DeleteObject"]}
HELD = {"StringEquals": {"s3:object-lock-legal-hold": "ON"}}
VAULT = [
    "s3:GetObject",
    "s3:RestoreObject",
    "s3:GetObjectRetention",
    "s3:PutObjectRetention",
    "s3:GetObjectLegalHold",
    "s3:PutObjectLegalHold",
    "s3:DeleteObjectVersion",
]
VAULT_LISTING = ["s3:ListBucket", "s3:ListBucketVersions"]
SCHEDULE = [
    "scheduler:CreateSchedule",
    "scheduler:UpdateSchedule",
    "scheduler:DeleteSchedule",
    "scheduler:GetSchedule",
]
DEAD_LETTER = [
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
]
OWN_MACHINE = [
    "states:CreateStateMachine",
    "states:UpdateStateMachine",
    "states:TagResource",
    "states:DeleteStateMachine",
    "states:ListExecutions",
    "states:StartExecution",
]
HEALTHLAKE = [
    f"healthlake:{name}"
    for name in (
        "GetCapabilities",
        "ReadResource",
        "VersionReadResource",
        "SearchWithGet",
        "SearchWithPost",
        "CreateResource",
        "UpdateResource",
        "PatchResource",
        "DeleteResource",
        "ProcessBundle",
    )
]
SECRETS = {Access.READ: ["kms:Decrypt"], Access.WRITE: ["kms:Encrypt"]}
