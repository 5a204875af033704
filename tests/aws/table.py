"""Defib's table in moto, with the keys and the index that infra gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "defib"


def create_table(dynamodb: DynamoDBClient) -> None:
    """The index projects less than infra/cases.py has it project: the code must not need more of it."""
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "due_kind", "due_at")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "due_kind", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["cause"]},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def lose_answers(dynamodb: DynamoDBClient) -> None:
    """Each put is carried out, and made once more as if nobody had answered."""

    def again(attempts: int, **_: object) -> float | None:
        return 0.0 if attempts == 1 else None

    dynamodb.meta.events.register_first("needs-retry.dynamodb.PutItem", again)  # type: ignore[arg-type]  # answers count
