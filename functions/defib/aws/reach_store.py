"""What looks at addresses have found, in one item of Defib's table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.codec import Codec
from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.aws.store import DynamoStore
from defib.aws.table import put, races_told
from defib.core.frozen import replace
from defib.core.reach import Reach
from defib.shell.reach import Reached

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from defib.core.incident import Incident
    from defib.core.policy import Retention

PERMISSIONS = (Permission(("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"), Scope.TABLE),)

REACH_KEY = {"pk": "STACK", "sk": "REACH"}


class DynamoReachStore:
    """Keeps the promises of ``shell.reach.ReachStore``. Raises Transient or Rejected."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, retention: Retention) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._store = DynamoStore(dynamodb, table, retention)
        self._codec = Codec()

    def reach(self) -> Reach:
        with translated("reading who could be reached"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key={name: {"S": value} for name, value in REACH_KEY.items()},
                ConsistentRead=True,
            )
        item = answer.get("Item")
        return Reach() if item is None else self._codec.value(item, Reach)

    def latest_incident(self, service: str) -> Incident | None:
        return self._store.latest_incident(service)

    def remember_reach(self, change: Reached) -> Reached:
        reach = replace(change.reach, version=change.reach.version + 1)
        incidents = tuple(replace(incident, version=incident.version + 1) for incident in change.incidents)
        writes = [put(self._table, self._codec.item(reach, REACH_KEY), change.reach.version)]
        writes += [put(self._table, self._store.incident_item(i), i.version - 1) for i in incidents]
        writes += [put(self._table, self._store.notice_item(notice), 0) for notice in change.notices]
        with races_told(f"remembering who can be reached, version {reach.version}"):
            self._dynamodb.transact_write_items(TransactItems=writes)
        return replace(change, reach=reach, incidents=incidents)
