"""What answering by a link reads of Defib's table, and the one kind of item that it may write: the use of a link."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from defib.aws.codec import Codec
from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.aws.table import races_told, sortable
from defib.core.answer.link import Use
from defib.core.case import Case
from defib.core.incident import Incident

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from defib.core.policy import Retention

PERMISSIONS = (
    Permission(("dynamodb:GetItem",), Scope.ANSWERABLE_ITEMS),
    Permission(("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"), Scope.LINK_ITEMS),
)

LATER = timedelta(days=1)
"""How much longer than the link itself its use is remembered: DynamoDB forgets by the second, clocks do not agree."""

T = TypeVar("T")


class DynamoLinks:
    """Keeps the promises of ``answer.ports.Links``. Raises Transient or Rejected."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, retention: Retention) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._kept_for = retention.cases
        self._codec = Codec()

    def incident(self, incident_id: str) -> Incident | None:
        service, _, number = incident_id.rpartition("-")
        return self._get(f"SERVICE#{service}", f"INCIDENT#{int(number):06d}", Incident)

    def case(self, case_id: str) -> Case | None:
        instance_id, _, number = case_id.rpartition("-")
        return self._get(f"INSTANCE#{instance_id}", f"CASE#{int(number):06d}", Case)

    def use(self, link_id: str) -> Use | None:
        return self._get(*_key(link_id), Use)

    def remember(self, use: Use, link_expires_at: datetime) -> None:
        pk, sk = _key(use.link_id)
        # Were it forgotten before the link expires, the link could be used again.
        forgotten = max(use.said_at + self._kept_for, link_expires_at + LATER)
        item = self._codec.item(use, {"pk": pk, "sk": sk, "expires": int(forgotten.timestamp())})
        with races_told(f"using link {use.link_id}"):
            self._dynamodb.put_item(TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(pk)")

    def passed_on(self, link_id: str, at: datetime) -> None:
        pk, sk = _key(link_id)
        with translated(f"noting that the answer by link {link_id} was passed on"):
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"pk": {"S": pk}, "sk": {"S": sk}},
                UpdateExpression="SET passed_on_at = :at",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":at": {"S": sortable(at)}},
            )

    def _get(self, pk: str, sk: str, shape: type[T]) -> T | None:
        with translated(f"reading {sk} of {pk}"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True
            )
        item = answer.get("Item")
        return None if item is None else self._codec.value(item, shape)


def _key(link_id: str) -> tuple[str, str]:
    return f"LINK#{link_id}", "USE"
