"""Cases, incidents and notices in one DynamoDB table. Keys and attributes: docs/architecture.md, "What is remembered".

What is still to be done stands in the sparse index ``due``, which the sweep reads: it takes the place of an outbox.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from defib.aws.codec import Codec
from defib.aws.errors import translated
from defib.aws.pages import PAGES_MAX
from defib.aws.permission import Permission, Scope, union
from defib.aws.table import alone, each_read, put, put_once, races_told, sortable
from defib.core.audit import CallEntry, Entry
from defib.core.case import Case
from defib.core.frozen import replace
from defib.core.incident import Incident, Notice
from defib.core.model import Cause
from defib.core.rationing import PlannedLook
from defib.core.stack import Stack
from defib.shell.store import Called, Remembered, Surveyed, Unread

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from defib.aws.codec import Item
    from defib.core.policy import Retention

CLAIMS = (Permission(("dynamodb:PutItem", "dynamodb:Query"), Scope.TABLE),)
"""For whoever takes up intents and decides nothing."""
CASES = union(CLAIMS, (Permission(("dynamodb:GetItem",), Scope.TABLE),))
"""For whoever reads and writes cases; a transaction of puts needs PutItem only (DynamoDB, "Transactions and IAM")."""
PUBLISHING = (Permission(("dynamodb:GetItem", "dynamodb:UpdateItem"), Scope.TABLE),)
DUE = (*CASES, Permission(("dynamodb:Query",), Scope.TABLE_INDEX))
"""For the sweep, which also writes what it sees of the whole stack."""
PERMISSIONS = union(CASES, PUBLISHING, DUE)

DUE_INDEX = "due"
DUE_CASE = "case"
DUE_NOTICE = "notice"
DUE_CALL = "call"
DUE_OUTBOX = "outbox"

OUTLIVES = timedelta(days=30)
"""How much longer cases and incidents are kept than what is named by their numbers, which begin anew without them:
DynamoDB deletes what has expired days late, in no order that it promises (DynamoDB Developer Guide, Time to Live).
Nor is a line of a trail written over before it is so much older than what has its number now."""

STACK_KEY = {"pk": "STACK", "sk": "STACK"}

T = TypeVar("T", Case, Incident)
N = TypeVar("N", Incident, Notice)


class DynamoStore:
    """Keeps the promises of ``ports.Store``. ``retention`` says how long what is over is kept."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, retention: Retention) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._kept_for = retention.cases
        self._codec = Codec()

    def latest_case(self, instance_id: str) -> Case | None:
        return self._newest(f"INSTANCE#{instance_id}", "CASE#", Case)

    def latest_incident(self, service: str) -> Incident | None:
        return self._newest(f"SERVICE#{service}", "INCIDENT#", Incident)

    def remember(self, change: Remembered) -> Remembered:
        case = replace(change.case, version=change.case.version + 1)
        writes = [put(self._table, self._case_item(case), change.case.version)]
        if change.audit is not None:
            writes.append(put_once(self._table, self._audit_item(change.audit, case), case.opened_at - OUTLIVES))
        incident = change.incident
        if incident is not None:
            incident = replace(incident, version=incident.version + 1)
            writes.append(put(self._table, self.incident_item(incident), incident.version - 1))
        begun = incident.opened_at if incident is not None else None
        writes += [put_once(self._table, self.notice_item(notice), begun) for notice in change.notices]
        stack = change.stack
        if stack is not None:
            stack = replace(stack, version=stack.version + 1)
            writes.append(put(self._table, self._codec.item(stack, STACK_KEY), stack.version - 1))
        with races_told(f"remembering {case.id}, version {case.version}"):
            if len(writes) == 1:
                # Costs half of a transaction, and nothing else has to hold with it.
                with alone(writes[0]["Put"]) as request:
                    self._dynamodb.put_item(**request)
            else:
                self._dynamodb.transact_write_items(TransactItems=writes)
        return replace(change, case=case, incident=incident, stack=stack)

    def stack(self) -> Stack:
        item = self._get(STACK_KEY["pk"], STACK_KEY["sk"])
        return Stack() if item is None else self._codec.value(item, Stack)

    def remember_stack(self, change: Surveyed) -> Surveyed:
        stack, incident = replace(change.stack, version=change.stack.version + 1), change.incident
        writes = [put(self._table, self._codec.item(stack, STACK_KEY), change.stack.version)]
        if incident is not None:
            incident = replace(incident, version=incident.version + 1)
            writes.append(put(self._table, self.incident_item(incident), incident.version - 1))
        if change.notice is not None:
            begun = incident.opened_at if incident is not None else None
            writes.append(put_once(self._table, self.notice_item(change.notice), begun))
        with races_told(f"remembering the stack, version {stack.version}"):
            self._dynamodb.transact_write_items(TransactItems=writes)
        return replace(change, stack=stack, incident=incident)

    def remember_call(self, change: Called) -> Called:
        incident = replace(change.incident, version=change.incident.version + 1)
        writes = [
            put(self._table, self.incident_item(incident), change.incident.version),
            put_once(self._table, self.notice_item(change.notice), incident.opened_at),
        ]
        if change.audit is not None:
            line = self._call_entry_item(change.audit, incident)
            writes.append(put_once(self._table, line, incident.opened_at - OUTLIVES))
        with races_told(f"remembering the call of {incident.id}, version {incident.version}"):
            self._dynamodb.transact_write_items(TransactItems=writes)
        return replace(change, incident=incident)

    def due_calls(self, now: datetime, limit: int, unread: Unread | None = None) -> Sequence[Incident]:
        due = self._due(DUE_CALL, "<=", now, limit)
        incidents = each_read((partial(self._named, key, Incident) for key in due), unread)
        # The index may still name what has been answered a moment ago; the table itself doesn't.
        return [i for i in incidents if i.call is not None and i.call.next_at <= now]

    def due_contacts(self, until: datetime, limit: int) -> Mapping[str, datetime]:
        found = self._due(DUE_OUTBOX, "<=", until, limit)
        return {key["pk"]["S"].removeprefix("CONTACT#"): datetime.fromisoformat(key["due_at"]["S"]) for key in found}

    def due_instances(self, now: datetime, limit: int) -> Sequence[str]:
        # ``due_at <= now``; the index may lag a second behind, which costs a needless look or a later one.
        return [key["pk"]["S"].removeprefix("INSTANCE#") for key in self._due(DUE_CASE, "<=", now, limit)]

    def planned_looks(self, now: datetime, until: datetime) -> Mapping[str, PlannedLook]:
        found: dict[str, PlannedLook] = {}
        with translated("reading which looks are planned"):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                IndexName=DUE_INDEX,
                KeyConditionExpression="due_kind = :kind AND due_at BETWEEN :now AND :until",
                ExpressionAttributeValues={
                    ":kind": {"S": DUE_CASE},
                    ":now": {"S": sortable(now)},
                    ":until": {"S": sortable(until)},
                },
                ProjectionExpression="pk, due_at, cause",
            )
            # What it does not come to counts as not planned: such an instance is looked at once more.
            for page in islice(pages, PAGES_MAX):
                for item in page["Items"]:
                    # A damaged one counts as not planned, too.
                    with suppress(KeyError, ValueError):
                        look = PlannedLook(datetime.fromisoformat(item["due_at"]["S"]), Cause(item["cause"]["S"]))
                        found[item["pk"]["S"].removeprefix("INSTANCE#")] = look
        return found

    def unpublished_notices(self, before: datetime, limit: int, unread: Unread | None = None) -> Sequence[Notice]:
        due = self._due(DUE_NOTICE, "<", before, limit)
        if len(due) == limit:
            due[limit // 2 :] = self._due(DUE_NOTICE, "<", before, limit - limit // 2, newest=True)
        notices = each_read((partial(self._named, key, Notice) for key in due), unread)
        return sorted(notices, key=lambda notice: (notice.at, notice.sequence))

    def notice(self, incident_id: str, sequence: int) -> Notice | None:
        item = self._get(*notice_key(incident_id, sequence))
        return None if item is None else self._codec.value(item, Notice)

    def published_at(self, incident_id: str, sequence: int) -> datetime | None:
        item = self._get(*notice_key(incident_id, sequence))
        return None if item is None or "published_at" not in item else datetime.fromisoformat(item["published_at"]["S"])

    def mark_published(self, incident_id: str, sequence: int, at: datetime) -> None:
        pk, sk = notice_key(incident_id, sequence)
        with races_told(f"marking notice {incident_id}-{sequence} as published"):
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"pk": {"S": pk}, "sk": {"S": sk}},
                # The first time is the true one; without the due attributes, the index forgets it.
                UpdateExpression="SET published_at = if_not_exists(published_at, :at) REMOVE due_kind, due_at",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":at": {"S": sortable(at)}},
            )

    def _newest(self, pk: str, prefix: str, shape: type[T]) -> T | None:
        with translated(f"reading the newest {prefix.rstrip('#').lower()} of {pk}"):
            items = self._dynamodb.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
                ScanIndexForward=False,
                Limit=1,
                ConsistentRead=True,
            )["Items"]
        return self._codec.value(items[0], shape) if items else None

    def _get(self, pk: str, sk: str) -> dict[str, Any] | None:
        with translated(f"reading {sk} of {pk}"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True
            )
        return answer.get("Item")

    def _named(self, key: Mapping[str, Any], shape: type[N]) -> N | None:
        """What the index names. It may still name what has been published a moment ago; the table itself doesn't."""
        item = self._get(key["pk"]["S"], key["sk"]["S"])
        return None if item is None or "published_at" in item else self._codec.value(item, shape)

    def _due(
        self, kind: str, comparison: Literal["<", "<="], at: datetime, limit: int, *, newest: bool = False
    ) -> list[dict[str, Any]]:
        with translated(f"reading which {kind} is due"):
            return self._dynamodb.query(
                TableName=self._table,
                IndexName=DUE_INDEX,
                KeyConditionExpression=f"due_kind = :kind AND due_at {comparison} :at",
                ExpressionAttributeValues={":kind": {"S": kind}, ":at": {"S": sortable(at)}},
                ProjectionExpression="pk, sk, due_at",
                ScanIndexForward=not newest,
                Limit=limit,
            )["Items"]

    def _case_item(self, case: Case) -> Item:
        open_until = case.look_again_at if case.closed_at is None else None
        return self._codec.item(
            case,
            {
                "pk": f"INSTANCE#{case.instance_id}",
                "sk": f"CASE#{case.number:06d}",
                "due_kind": DUE_CASE if open_until else None,
                "due_at": sortable(open_until) if open_until else None,
                "expires": self._expiry(case.closed_at, OUTLIVES),
            },
        )

    def _audit_item(self, entry: Entry, case: Case) -> Item:
        # Every line of the trail expires by itself: nobody could find them all again when the case closes.
        return self._codec.item(
            entry,
            {
                "pk": f"INSTANCE#{case.instance_id}",
                "sk": f"AUDIT#{case.number:06d}#{case.version:06d}",
                "expires": self._expiry(entry.at),
            },
        )

    def _call_entry_item(self, entry: CallEntry, incident: Incident) -> Item:
        return self._codec.item(
            entry,
            {
                "pk": f"SERVICE#{incident.service}",
                "sk": f"AUDIT#{incident.number:06d}#{incident.version:06d}",
                "expires": self._expiry(entry.at),
            },
        )

    def incident_item(self, incident: Incident) -> Item:
        """The incident as it is stored: due while it calls for people, kept until ``retention.cases`` after its end."""
        call = incident.call
        return self._codec.item(
            incident,
            {
                "pk": f"SERVICE#{incident.service}",
                "sk": f"INCIDENT#{incident.number:06d}",
                "due_kind": DUE_CALL if call is not None else None,
                "due_at": sortable(call.next_at) if call is not None else None,
                "expires": self._expiry(incident.resolved_at, OUTLIVES),
            },
        )

    def notice_item(self, notice: Notice) -> Item:
        """The notice as it is stored, due until it has gone out."""
        pk, sk = notice_key(notice.incident_id, notice.sequence)
        due = {"due_kind": DUE_NOTICE, "due_at": sortable(notice.at)}
        return self._codec.item(notice, {"pk": pk, "sk": sk, "expires": self._expiry(notice.at), **due})

    def _expiry(self, over_at: datetime | None, longer: timedelta = timedelta(0)) -> int | None:
        """Epoch seconds for DynamoDB's TTL; None while it is not over."""
        return None if over_at is None else int((over_at + self._kept_for + longer).timestamp())


def notice_key(incident_id: str, sequence: int) -> tuple[str, str]:
    """Under which key a notice is kept."""
    service, _, number = incident_id.rpartition("-")
    return f"SERVICE#{service}", f"NOTICE#{int(number):06d}#{sequence:06d}"
