"""Subscribers' mail in Defib's table: what was told in one item, and each day's subscriptions in one of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeVar

from defib.aws.codec import Codec
from defib.aws.errors import translated
from defib.aws.page_store import PAGE
from defib.aws.permission import Permission, Scope, union
from defib.aws.table import alone, put, races_told
from defib.core.frozen import replace
from defib.core.page.mail import Mailed
from defib.core.page.subscribing import Day

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TELLING = (Permission(("dynamodb:GetItem", "dynamodb:PutItem"), Scope.TABLE),)
COUNTING = (Permission(("dynamodb:GetItem", "dynamodb:PutItem"), Scope.SUBSCRIPTIONS),)
"""For whoever only counts subscriptions: anybody on the internet may call it."""
PERMISSIONS = union(TELLING, COUNTING)

MAILED_KEY = {"pk": PAGE, "sk": "MAILED"}
SUBSCRIPTIONS = "SUBSCRIPTIONS"
KEPT_FOR = timedelta(days=2)
"""How long a day's marks outlive its end at most."""

T = TypeVar("T")


class DynamoMailStore:
    """Keeps the promises of ``shell.mail.MailStore`` and ``shell.subscribe.Days``. Raises Transient or Rejected."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._codec = Codec()

    def mailed(self) -> Mailed:
        return self._read(MAILED_KEY, Mailed) or Mailed()

    def remember_mailed(self, mailed: Mailed) -> Mailed:
        after = replace(mailed, version=mailed.version + 1)
        self._write(after, mailed.version, MAILED_KEY)
        return after

    def day(self, of: date) -> Day:
        return self._read(_key(of), Day) or Day(of)

    def remember_day(self, day: Day) -> Day:
        after = replace(day, version=day.version + 1)
        ends = datetime.combine(day.date, time(), UTC) + KEPT_FOR
        self._write(after, day.version, {**_key(day.date), "expires": int(ends.timestamp())})
        return after

    def _read(self, key: dict[str, str], shape: type[T]) -> T | None:
        with translated(f"reading {key['pk']} {key['sk']}"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key={name: {"S": value} for name, value in key.items()}, ConsistentRead=True
            )
        item = answer.get("Item")
        return None if item is None else self._codec.value(item, shape)

    def _write(self, value: Mailed | Day, read: int, attributes: Mapping[str, str | int]) -> None:
        """Require the version that was read; 0: that there is none yet. Raises Conflict."""
        what = f"{attributes['pk']} {attributes['sk']}"
        once = put(self._table, self._codec.item(value, attributes), read)["Put"]
        with races_told(f"remembering {what}, version {read + 1}"), alone(once) as request:
            self._dynamodb.put_item(**request)


def _key(of: date) -> dict[str, str]:
    return {"pk": SUBSCRIPTIONS, "sk": of.isoformat()}
