"""Stashboard's own things in Defib's table: the board in one item, each event and each used nonce in one of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from defib.aws.codec import Codec
from defib.aws.errors import translated
from defib.aws.page_store import KEPT_FOR, DynamoPageStore
from defib.aws.permission import Permission, Scope
from defib.aws.table import alone, put, races_told
from defib.core.frozen import replace
from defib.core.page.model import PublicIncident, Shown
from defib.stashboard.model import Board, BoardService, Event
from defib.stashboard.oauth import Nonce
from defib.stashboard.store import EVENTS_MOST, Change

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

    from defib.aws.codec import Item
    from defib.core.policy import Retention

PERMISSIONS = (Permission(("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"), Scope.STASHBOARD_ITEMS),)

BOARD_KEY = {"pk": "STASHBOARD", "sk": "BOARD"}
EVENTS = "STASHBOARD#"
"""Before the service."""
NONCES = "NONCE#"


class DynamoBoardStore:
    """Keeps the promises of ``stashboard.store.BoardStore``. Raises Transient or Rejected."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, retention: Retention) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._page = DynamoPageStore(dynamodb, table, retention)
        self._codec = Codec()

    def board(self) -> Board:
        with translated("reading Stashboard's board"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key={name: {"S": value} for name, value in BOARD_KEY.items()},
                ConsistentRead=True,
            )
        item = answer.get("Item")
        return Board() if item is None else self._codec.value(item, Board)

    def shown(self) -> Shown:
        return self._page.shown()

    def incidents(self, most: int) -> Sequence[PublicIncident]:
        return self._page.public_incidents(most)

    def public_incident(self, number: int) -> PublicIncident | None:
        return self._page.public_incident(number)

    def events(self, service: BoardService, first: int) -> Iterator[Event]:
        asked: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
            "ExpressionAttributeValues": {
                ":pk": {"S": _events_of(service.slug, service.born)},
                ":prefix": {"S": "EVENT#"},
            },
            "ScanIndexForward": False,
            "ConsistentRead": True,
            "Limit": first,
        }
        left = EVENTS_MOST
        while left:
            with translated(f"reading Stashboard's events of {service.slug}"):
                page = self._dynamodb.query(**asked)
            found = (self._codec.value(item, Event) for item in page["Items"])
            yield from (event for event in found if not event.deleted)
            if "LastEvaluatedKey" not in page:
                return
            left -= len(page["Items"])
            asked["Limit"], asked["ExclusiveStartKey"] = left, page["LastEvaluatedKey"]

    def event(self, service: BoardService, sid: str) -> Event | None:
        key = {"pk": {"S": _events_of(service.slug, service.born)}, "sk": {"S": f"EVENT#{sid}"}}
        with translated(f"reading Stashboard's event {sid} of {service.slug}"):
            item = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        event = None if item is None else self._codec.value(item, Event)
        return None if event is None or event.deleted else event

    def remember_board(self, change: Change) -> None:
        board = replace(change.board, version=change.board.version + 1)
        writes = [put(self._table, self._codec.item(board, BOARD_KEY), change.board.version)]
        event = change.event
        if event is not None:
            key = {"pk": _events_of(event.service, event.service_born), "sk": f"EVENT#{event.sid}"}
            expires = int((event.at + KEPT_FOR).timestamp())
            # The board's version guards it: events change only together with the board.
            item = self._codec.item(event, {**key, "expires": expires})
            writes.append({"Put": {"TableName": self._table, "Item": item}})
        if change.page is not None:
            writes += self._page.writes(change.page)[1]
        with races_told(f"remembering Stashboard's board, version {board.version}"):
            self._dynamodb.transact_write_items(TransactItems=writes)

    def first_use(self, nonce: Nonce) -> bool:
        item: Item = {
            "pk": {"S": f"{NONCES}{nonce.key}"},
            "sk": {"S": "NONCE"},
            "expires": {"N": str(int(nonce.until.timestamp()))},
        }
        with translated("remembering a nonce"):
            try:
                with alone(put(self._table, item, 0)["Put"]) as request:
                    self._dynamodb.put_item(**request)
            except self._dynamodb.exceptions.ConditionalCheckFailedException:
                return False
        return True


def _events_of(slug: str, born: int) -> str:
    return f"{EVENTS}{slug}#{born}"
