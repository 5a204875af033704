"""How Defib writes its table: each put requires the version that was read, and a lost race is told as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from defib.aws.errors import for_code, translated
from defib.shell.ports import CallFailed, Rejected, Transient, Unanswered
from defib.shell.store import Conflict, Unread

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import (
        PutTypeDef,
        TransactWriteItemTypeDef,
    )

    from defib.aws.codec import Item

RACES = frozenset({"ConditionalCheckFailed", "TransactionConflict"})
"""Reasons of a cancelled transaction that mean someone else wrote first (DynamoDB API, TransactWriteItems)."""

WRITTEN_BY = "written_by"
"""An attribute of what is put on its own: another value for each call, the same for its repetitions."""

SECONDS = len("2026-04-30T12:00:00")

LOST_RACE = frozenset({"ConditionalCheckFailedException", "TransactionConflictException"})
"""Refusals of a write on its own that mean the same, or that a transaction is at it (DynamoDB API, PutItem, Errors)."""


REFUSED_MOST = 5
"""Of many reads in a row: a table that refuses more of them is left alone for now, since each takes its tries."""

T = TypeVar("T")


def put(table: str, item: Item, version: int) -> TransactWriteItemTypeDef:
    """A put that requires the item to have ``version`` still; 0 that it does not exist."""
    if version == 0:
        return {"Put": {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}
    return {
        "Put": {
            "TableName": table,
            "Item": item,
            "ConditionExpression": "#version = :read",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": {":read": {"N": str(version)}},
        }
    }


def put_once(table: str, item: Item, since: datetime | None) -> TransactWriteItemTypeDef:
    """A put of what is never written again: nothing may have its key, but what was there before ``since``.

    Keys hold numbers that begin anew when what they count is forgotten. What has such a key may be left from before:
    DynamoDB deletes late, and whoever lowers ``retention.cases`` shortens nothing that is written already. ``at`` is
    compared to the second, below which its texts are of several lengths.
    """
    if since is None:
        return put(table, item, 0)
    return {
        "Put": {
            "TableName": table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk) OR #at < :since",
            "ExpressionAttributeNames": {"#at": "at"},
            "ExpressionAttributeValues": {":since": {"S": sortable(since)[:SECONDS]}},
        }
    }


@contextmanager
def alone(request: PutTypeDef) -> Iterator[dict[str, Any]]:
    """The put as it is to be made in no transaction; that it is refused for one's own write is no error.

    Where an answer is lost botocore asks again, and the second try is refused for the first: a transaction has a token
    for that, a put has none (DynamoDB API, TransactWriteItems, PutItem). So each item says whose write it is.
    """
    mine = {"S": uuid4().hex}
    item = {**request["Item"], WRITTEN_BY: mine}
    try:
        yield {**request, "Item": item, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    except Exception as error:
        there = getattr(error, "response", {}).get("Item", {})
        if there.get(WRITTEN_BY) != mine:
            raise


def sortable(at: datetime) -> str:
    """Always of one width and in UTC, so that the order of the texts is the order of the times."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


@contextmanager
def races_told(doing: str) -> Iterator[None]:
    """Raise Conflict where a write, or a cancelled transaction, lost a race."""
    try:
        with translated(doing):
            yield
    except Rejected as error:
        if error.code in LOST_RACE:
            raise Conflict(str(error)) from error
        if error.code != "TransactionCanceledException":
            raise
        answer = getattr(error.__cause__, "response", {})
        reasons = {reason.get("Code", "None") for reason in answer.get("CancellationReasons", ())} - {"None"}
        if reasons & RACES:
            raise Conflict(str(error)) from error
        raise for_code(min(reasons, default=error.code), str(error)) from error


def each_read(reads: Iterable[Callable[[], T | None]], unread: Unread | None) -> list[T]:
    """What each of ``reads`` finds; ``unread`` hears of those that fail. Without it the first failure is raised.

    Where nothing answers, or much is refused, the rest is left: what has been read is worth more than the rest.
    """
    found: list[T] = []
    refused = 0
    for read in reads:
        try:
            one = read()
        except CallFailed as error:
            if unread is None:
                raise
            unread(error)
            refused += isinstance(error, Transient)
            if isinstance(error, Unanswered) or refused > REFUSED_MOST:
                break
        else:
            found += [] if one is None else [one]
    return found
