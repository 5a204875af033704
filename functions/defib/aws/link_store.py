"""What answering by a link reads of Defib's table, and the one kind of item that it may write: the use of a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from defib.aws.codec import Codec
from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.aws.table import races_told, sortable
from defib.core.answer.link import Use
from defib.core.answer.many import Many
from defib.core.case import Case
from defib.core.incident import Incident
from defib.shell.ports import Transient

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from defib.core.policy import Retention

PERMISSIONS = (
    Permission(("dynamodb:BatchGetItem", "dynamodb:GetItem"), Scope.ANSWERABLE_ITEMS),
    Permission(("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"), Scope.LINK_ITEMS),
)

KEEPING = (Permission(("dynamodb:PutItem",), Scope.TABLE),)
"""What ``publish`` needs to keep what a link to many grants."""

LATER = timedelta(days=1)
"""How much longer than the link itself its use is remembered: DynamoDB forgets by the second, clocks do not agree."""

BATCH_MAX = 100
"""Items of one BatchGetItem (DynamoDB API)."""
BATCHES_MAX = 10
"""Calls for all the incidents of a digest at most: it names 300."""

T = TypeVar("T")


class DynamoLinks:
    """Keeps the promises of ``answer.ports.Links``. Raises Transient or Rejected."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, retention: Retention) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._kept_for = retention.cases
        self._codec = Codec()

    def incident(self, incident_id: str) -> Incident | None:
        key = _incident_key(incident_id)
        return self._get(key["pk"]["S"], key["sk"]["S"], Incident)

    def incidents(self, incident_ids: Sequence[str]) -> Mapping[str, Incident]:
        left: list[Any] = [_incident_key(incident_id) for incident_id in incident_ids]
        found: dict[str, Incident] = {}
        for _ in range(BATCHES_MAX):
            if not left:
                return found
            with translated("reading the incidents of a digest"):
                answer = self._dynamodb.batch_get_item(
                    RequestItems={self._table: {"Keys": left[:BATCH_MAX], "ConsistentRead": True}}
                )
            for item in answer["Responses"].get(self._table, []):
                incident = self._codec.value(item, Incident)
                found[incident.id] = incident
            unread = answer.get("UnprocessedKeys", {})
            left = [*(unread[self._table]["Keys"] if self._table in unread else ()), *left[BATCH_MAX:]]
        raise Transient(f"{len(left)} of {len(incident_ids)} incidents could not be read")

    def many(self, link_id: str) -> Many | None:
        return self._get(*_many_key(link_id), Many)

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


class KeptMany:
    """Keeps what the links to many grant, for ``publish``. Raises Transient or Rejected."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._codec = Codec()

    def keep(self, many: Many) -> None:
        """Twice is as once: the same link grants the same."""
        pk, sk = _many_key(many.link_id)
        item = self._codec.item(many, {"pk": pk, "sk": sk, "expires": int((many.expires_at + LATER).timestamp())})
        with translated("keeping what a link to many grants"):
            self._dynamodb.put_item(TableName=self._table, Item=item)


def _many_key(link_id: str) -> tuple[str, str]:
    return f"MANY#{link_id}", "NAMED"


def _incident_key(incident_id: str) -> dict[str, dict[str, str]]:
    service, _, number = incident_id.rpartition("-")
    return {"pk": {"S": f"SERVICE#{service}"}, "sk": {"S": f"INCIDENT#{int(number):06d}"}}


def _key(link_id: str) -> tuple[str, str]:
    return f"LINK#{link_id}", "USE"
