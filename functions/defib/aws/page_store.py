"""The status page in Defib's table: an item for what it shows, and one for each incident and each page that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from defib.aws.codec import Codec
from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.aws.store import DynamoStore
from defib.aws.table import alone, put, races_told
from defib.core.frozen import replace
from defib.core.page.followed import Followed
from defib.core.page.model import PublicIncident, Shown
from defib.core.page.trouble import bulletins
from defib.shell.page import Repaged

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from defib.aws.codec import Item
    from defib.core.incident import Incident, Notice
    from defib.core.policy import Retention

PERMISSIONS = (Permission(("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"), Scope.TABLE),)
FOLLOWING = (Permission(("dynamodb:GetItem", "dynamodb:PutItem"), Scope.FOLLOWER_ITEMS),)
"""For whoever tells another page."""

PAGE = "PAGE"
SHOWN_KEY = {"pk": PAGE, "sk": "SHOWN"}
KEPT_FOR = timedelta(days=400)
"""How long an incident that is over stays on the page's history: a year, and then some."""


class DynamoPageStore:
    """Keeps the promises of ``shell.page.PageStore`` and ``shell.elsewhere.FollowStore``.

    Raises Transient or Rejected.
    """

    def __init__(self, dynamodb: DynamoDBClient, table: str, retention: Retention) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._store = DynamoStore(dynamodb, table, retention)
        self._codec = Codec()

    def shown(self) -> Shown:
        item = self._get(SHOWN_KEY["pk"], SHOWN_KEY["sk"], "reading what the page shows")
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
                PaginationConfig={"PageSize": most},
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
        versions = {incident.number: incident.version for incident in changed}
        opened = tuple(replace(i, version=versions.get(i.number, i.version)) for i in shown.open)
        shown = replace(shown, open=opened)
        writes = [put(self._table, self._codec.item(shown, SHOWN_KEY), change.shown.version)]
        writes += [put(self._table, self._incident_item(i), i.version - 1) for i in changed]
        writes += [put(self._table, self._store.notice_item(notice), 0) for notice in change.notices]
        return replace(change, shown=shown, changed=changed), writes

    def latest_incident(self, service: str) -> Incident | None:
        return self._store.latest_incident(service)

    def bulletins(self) -> Sequence[str]:
        return bulletins(self._store.stack())

    def public_incident(self, number: int) -> PublicIncident | None:
        item = self._get(PAGE, _incident_key(number), f"reading incident {number} of the page")
        return None if item is None else self._codec.value(item, PublicIncident)

    def followed(self, name: str) -> Followed:
        """What is remembered of another page that follows."""
        item = self._get(PAGE, f"ELSEWHERE#{name}", f"reading what is remembered of the page {name}")
        return Followed() if item is None else self._codec.value(item, Followed)

    def remember_followed(self, name: str, followed: Followed, notices: Sequence[Notice] = ()) -> Followed:
        after = replace(followed, version=followed.version + 1)
        item = self._codec.item(after, {"pk": PAGE, "sk": f"ELSEWHERE#{name}"})
        writes = [put(self._table, item, followed.version)]
        writes += [put(self._table, self._store.notice_item(notice), 0) for notice in notices]
        with races_told(f"remembering the page {name}, version {after.version}"):
            if len(writes) == 1:
                # Costs half of a transaction, and nothing else has to hold with it.
                with alone(writes[0]["Put"]) as request:
                    self._dynamodb.put_item(**request)
            else:
                self._dynamodb.transact_write_items(TransactItems=writes)
        return after

    def _get(self, pk: str, sk: str, doing: str) -> Mapping[str, Any] | None:
        with translated(doing):
            key = {"pk": {"S": pk}, "sk": {"S": sk}}
            return self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")

    def _incident_item(self, incident: PublicIncident) -> Item:
        over = incident.resolved_at
        expires = None if over is None else int((over + KEPT_FOR).timestamp())
        return self._codec.item(incident, {"pk": PAGE, "sk": _incident_key(incident.number), "expires": expires})


def _incident_key(number: int) -> str:
    return f"INCIDENT#{number:06d}"
