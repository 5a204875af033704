"""Of many that are due, one that can't be read hides no other; it is named."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError

from defib.aws.store import DynamoStore
from defib.aws.table import REFUSED_MOST
from defib.core.policy import Retention
from defib.shell.ports import CallFailed, Rejected, Unanswered
from defib.shell.store import Called, Remembered
from tests.aws.cases import NOON, a_case, a_notice, an_incident
from tests.aws.fleet import Overlay
from tests.aws.table import TABLE
from tests.aws.test_store_stack import a_call

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LATER = NOON + timedelta(minutes=1)
COUNT = 20


@pytest.fixture
def overlay(dynamodb: DynamoDBClient) -> Overlay:
    return Overlay().lay_over(dynamodb)


@pytest.fixture
def store(dynamodb: DynamoDBClient, overlay: Overlay) -> DynamoStore:
    del overlay
    made = DynamoStore(dynamodb, TABLE, Retention())
    notices = tuple(a_notice(number, at=NOON + timedelta(seconds=number)) for number in range(1, COUNT + 1))
    made.remember(Remembered(a_case(), an_incident(), notices))
    return made


def spoil(pk: str, sk: str, **attributes: Any) -> None:
    table = boto3.resource("dynamodb").Table(TABLE)
    item: Any = table.get_item(Key={"pk": pk, "sk": sk})["Item"]
    table.put_item(Item={**item, **attributes})


def test_a_damaged_notice_hides_no_other(store: DynamoStore) -> None:
    spoil("SERVICE#web", "NOTICE#000007#000003", kind="of a version to come")
    unread: list[CallFailed] = []

    found = store.unpublished_notices(LATER, COUNT + 1, unread.append)

    assert [notice.sequence for notice in found] == [n for n in range(1, COUNT + 1) if n != 3]
    assert [error.code for error in unread] == ["DamagedItem"]
    with pytest.raises(Rejected, match="NOTICE#000007#000003"):
        store.unpublished_notices(LATER, COUNT + 1)


def test_a_damaged_incident_keeps_no_other_call_for_people_quiet(store: DynamoStore) -> None:
    for service in ("api", "db", "search"):
        store.remember_call(Called(an_incident(service=service, call=a_call()), a_notice(incident_id=f"{service}-7")))
    spoil("SERVICE#db", "INCIDENT#000007", opened_at="yesterday")
    unread: list[CallFailed] = []

    assert {incident.service for incident in store.due_calls(NOON, 10, unread.append)} == {"api", "search"}
    assert len(unread) == 1


def test_a_read_that_is_refused_hides_no_other(store: DynamoStore, overlay: Overlay) -> None:
    unread: list[CallFailed] = []
    overlay.refuse_if("GetItem", "ThrottlingException", lambda asked: asked["Key"]["sk"]["S"].endswith("000003"))

    assert len(store.unpublished_notices(LATER, COUNT + 1, unread.append)) == COUNT - 1
    assert len(unread) == 1


def test_a_table_that_refuses_many_reads_is_left_alone_with_what_it_has_said(
    store: DynamoStore, overlay: Overlay
) -> None:
    unread: list[CallFailed] = []
    overlay.refuse_if("GetItem", "ThrottlingException", lambda asked: not asked["Key"]["sk"]["S"].endswith("000001"))

    assert [notice.sequence for notice in store.unpublished_notices(LATER, COUNT + 1, unread.append)] == [1]
    assert len(unread) == REFUSED_MOST + 1


def test_a_table_that_does_not_answer_is_asked_once(store: DynamoStore, overlay: Overlay) -> None:
    unread: list[CallFailed] = []
    overlay.silence, overlay.silent = ReadTimeoutError(endpoint_url="https://dynamodb"), {"GetItem"}

    assert store.unpublished_notices(LATER, COUNT + 1, unread.append) == []
    assert [type(error) for error in unread] == [Unanswered]
    assert len(overlay.named("GetItem")) == 1
