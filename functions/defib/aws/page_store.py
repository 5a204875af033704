"""The status page in Defib's table: what it shows now in one item, and each of its incidents in one of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from defib.aws.codec import Codec
from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.aws.store import DynamoStore
from defib.aws.table import put, races_told
from defib.core.page.model import PublicIncident, Shown
from defib.shell.page import Repaged

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from defib.aws.codec import Item
    from defib.core.incident import Incident
    from defib.core.policy import Retention

PERMISSIONS = (Permission(("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"), Scope.TABLE),)

PAGE = "PAGE"
SHOWN_KEY = {"pk": PAGE, "sk": "SHOWN"}
KEPT_FOR = timedelta(days=400)
"""How long an incident that is over stays on the page's history: a year, and then some."""


class DynamoPageStore:
    """Keeps the promises of ``shell.page.PageStore``. Raises Transient or Rejected."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, retention: Retention) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._store = DynamoStore(dynamodb, table, retention)
        self._codec = Codec()

    def shown(self) -> Shown:
        with translated("reading what the page shows"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key={name: {"S": value} for name, value in SHOWN_KEY.items()},
                ConsistentRead=True,
            )
        item = answer.get("Item")
        return Shown() if item is None else self._codec.value(item, Shown)

    def public_incidents(self, most: int) -> Sequence[PublicIncident]:
        found: list[PublicIncident] = []
        with translated("reading the page's incidents"):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                ExpressionAttributeValues={":pk": {"S": PAGE}, ":prefix": {"S": "INCIDENT#"}},
                ScanIndexForward=False,
                ConsistentRead=True,
            )
            for page in pages:
                read = (self._codec.value(item, PublicIncident) for item in page["Items"])
                found += [incident for incident in read if not incident.draft and not incident.withdrawn]
                if len(found) >= most:
                    break
        return found[:most]

    def remember_page(self, change: Repaged) -> Repaged:
        after, writes = self.writes(change)
        with races_told(f"remembering the page, version {after.shown.version}"):
            self._dynamodb.transact_write_items(TransactItems=writes)
        return after

    def writes(self, change: Repaged) -> tuple[Repaged, list[TransactWriteItemTypeDef]]:
        """What it is with the new versions, and the puts that make it so, for one transaction."""
        shown = replace(change.shown, version=change.shown.version + 1)
        changed = tuple(replace(incident, version=incident.version + 1) for incident in change.changed)
        numbers = {incident.number: incident for incident in changed}
        shown = replace(shown, open=tuple(numbers.get(incident.number, incident) for incident in shown.open))
        writes = [put(self._table, self._codec.item(shown, SHOWN_KEY), change.shown.version)]
        writes += [put(self._table, self._incident_item(i), i.version - 1) for i in changed]
        writes += [put(self._table, self._store.notice_item(notice), 0) for notice in change.notices]
        return replace(change, shown=shown, changed=changed), writes

    def latest_incident(self, service: str) -> Incident | None:
        return self._store.latest_incident(service)

    def impaired_zones(self) -> Sequence[str]:
        return [impairment.zone for impairment in self._store.stack().impaired if impairment.incident]

    def _incident_item(self, incident: PublicIncident) -> Item:
        over = incident.resolved_at
        expires = None if over is None else int((over + KEPT_FOR).timestamp())
        return self._codec.item(incident, {"pk": PAGE, "sk": f"INCIDENT#{incident.number:06d}", "expires": expires})
