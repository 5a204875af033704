"""Each contact's outbox in Defib's table, and each notice that waits for the contact in an item of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from defib.aws.codec import Codec
from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.aws.store import DUE_OUTBOX, notice_key
from defib.aws.table import alone, put, races_told, sortable
from defib.core.frozen import replace
from defib.core.medium import Medium
from defib.core.outbox import Lane, Outbox, Waiting, apart
from defib.shell.ports import Transient

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from defib.aws.codec import Item
    from defib.core.policy import Retention

PERMISSIONS = (
    Permission(
        ("dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"),
        Scope.TABLE,
    ),
)

BATCH_MAX = 25
"""Writes of one BatchWriteItem (DynamoDB API)."""

WAITS_MOST = timedelta(days=14)
"""What waits is kept for so long at least: quiet hours may last for all of a week but a moment, and end in a storm."""


class DynamoMail:
    """Keeps the promises of ``shell.outboxes.Mail``. Raises Transient or Rejected."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, retention: Retention) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._kept_for = retention.cases
        self._codec = Codec()

    def outbox(self, contact: str) -> Outbox:
        with translated(f"reading the outbox of {contact}"):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_outbox_key(contact), ConsistentRead=True)
        item = answer.get("Item")
        return Outbox(contact) if item is None else self._codec.value(item, Outbox)

    def remember_outbox(self, outbox: Outbox, waits: Waiting | None = None) -> Outbox:
        written = replace(outbox, version=outbox.version + 1)
        writes = [put(self._table, self._outbox_item(written), outbox.version)]
        if waits is not None:
            # Where it waits already, it waits on: the process that put it there died before it could say so.
            writes.append({"Put": {"TableName": self._table, "Item": self._waiting_item(waits)}})
        with races_told(f"remembering the outbox of {outbox.contact}, version {written.version}"):
            if len(writes) == 1:
                with alone(writes[0]["Put"]) as request:
                    self._dynamodb.put_item(**request)
            else:
                self._dynamodb.transact_write_items(TransactItems=writes)
        return written

    def waiting(self, contact: str, lane: Lane, most: int) -> Sequence[Waiting]:
        with translated(f"reading what waits for {contact}"):
            items = self._dynamodb.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :lane)",
                ExpressionAttributeValues={":pk": {"S": f"CONTACT#{contact}"}, ":lane": {"S": f"WAITING#{lane}#"}},
                Limit=most,
                ConsistentRead=True,
            )["Items"]
        return [self._codec.value(item, Waiting) for item in items]

    def went_out(self, waiting: Sequence[Waiting], media: Sequence[Medium]) -> tuple[Waiting, ...]:
        left = [replace(w, media=tuple(medium for medium in w.media if medium not in media)) for w in waiting]
        for start in range(0, len(left), BATCH_MAX):
            self._write(
                {"PutRequest": {"Item": self._waiting_item(w)}} if w.media else {"DeleteRequest": {"Key": _key(w)}}
                for w in left[start : start + BATCH_MAX]
            )
        return tuple(w for w in left if w.media)

    def set_apart(self, waiting: Sequence[Waiting], media: Sequence[Medium]) -> tuple[Waiting, ...]:
        theirs = [replace(w, lane=apart(media), media=tuple(m for m in w.media if m in media)) for w in waiting]
        for start in range(0, len(theirs), BATCH_MAX):
            self._write({"PutRequest": {"Item": self._waiting_item(w)}} for w in theirs[start : start + BATCH_MAX])
        return self.went_out(waiting, media)

    def told(self, incident_id: str, sequence: int) -> frozenset[str]:
        pk, sk = notice_key(incident_id, sequence)
        with translated(f"reading who has notice {incident_id}-{sequence}"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key={"pk": {"S": pk}, "sk": {"S": sk}},
                ProjectionExpression="told",
                ConsistentRead=True,
            )
        return frozenset(answer.get("Item", {}).get("told", {}).get("SS", ()))

    def mark_told(self, incident_id: str, sequence: int, mark: str) -> None:
        pk, sk = notice_key(incident_id, sequence)
        with races_told(f"marking notice {incident_id}-{sequence} for {mark}"):
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"pk": {"S": pk}, "sk": {"S": sk}},
                UpdateExpression="ADD told :mark",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":mark": {"SS": [mark]}},
            )

    def _write(self, requests: Iterable[Any]) -> None:
        wanted = list(requests)
        with translated("writing down what still waits"):
            answer = self._dynamodb.batch_write_item(RequestItems={self._table: wanted})
        refused = answer.get("UnprocessedItems", {}).get(self._table, [])
        if refused:
            raise Transient(f"of {len(wanted)} notices {len(refused)} still wait as before")

    def _outbox_item(self, outbox: Outbox) -> Item:
        due = outbox.due_at()
        return self._codec.item(
            outbox,
            {
                **{name: key["S"] for name, key in _outbox_key(outbox.contact).items()},
                "due_kind": DUE_OUTBOX if due is not None else None,
                "due_at": sortable(due) if due is not None else None,
            },
        )

    def _waiting_item(self, waiting: Waiting) -> Item:
        # Should nobody ever forget it, it goes by itself.
        expires = int((waiting.at + max(self._kept_for, WAITS_MOST)).timestamp())
        key = {name: part["S"] for name, part in _key(waiting).items()}
        return self._codec.item(waiting, {**key, "expires": expires})


def _outbox_key(contact: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"CONTACT#{contact}"}, "sk": {"S": "OUTBOX"}}


def _key(waiting: Waiting) -> dict[str, dict[str, str]]:
    where = f"WAITING#{waiting.lane}#{sortable(waiting.at)}#{waiting.incident_id}#{waiting.sequence:06d}"
    return {"pk": {"S": f"CONTACT#{waiting.contact}"}, "sk": {"S": where}}
