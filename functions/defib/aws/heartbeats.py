"""When Defib was last seen alive, exact to the second: items of the table that the watchtower reads.

Metrics say the same a minute or two later, and cost more to read (docs/decisions/0022).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.aws.table import sortable
from defib.core.canary import Canary

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PERMISSIONS = (Permission(("dynamodb:PutItem",), Scope.TABLE),)
OF_FOLLOWERS = (Permission(("dynamodb:PutItem",), Scope.FOLLOWER_ITEMS),)

HEARTBEATS = "HEARTBEAT"
"""The partition key; the watchtower may read this one alone."""
SWEEP = "SWEEP"
CANARY = "CANARY#"
"""Before the way of the canary: one item for each."""


class DynamoHeartbeats:
    """Keeps the promises of ``ports.Heartbeats``."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def swept(self, at: datetime) -> None:
        with translated("leaving word of the sweep"):
            self._dynamodb.put_item(
                TableName=self._table,
                Item={"pk": {"S": HEARTBEATS}, "sk": {"S": SWEEP}, "at": {"S": sortable(at)}},
            )

    def came_out(self, canary: Canary, at: datetime) -> None:
        with translated("leaving word of the canary"):
            self._dynamodb.put_item(
                TableName=self._table,
                Item={
                    "pk": {"S": HEARTBEATS},
                    "sk": {"S": f"{CANARY}{canary.by}"},
                    "sent_at": {"S": sortable(canary.sent_at)},
                    "at": {"S": sortable(at)},
                },
            )
