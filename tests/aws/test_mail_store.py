"""What the store of subscribers' mail promises, kept alike by the table in DynamoDB and by the fake."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from defib.aws.mail_store import KEPT_FOR, MAILED_KEY, SUBSCRIPTIONS, DynamoMailStore
from defib.core.page.mail import Mailed
from defib.core.page.replanned import Told
from defib.core.page.subscribing import Day
from defib.shell.store import Conflict
from tests.aws.table import TABLE, lose_answers
from tests.core.page.shown import NOON
from tests.fakes.mail import FakeMailStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TODAY = date(2026, 4, 30)


@pytest.fixture(params=["dynamodb", "fake"])
def store(request: pytest.FixtureRequest) -> DynamoMailStore | FakeMailStore:
    if request.param == "fake":
        return FakeMailStore()
    return DynamoMailStore(request.getfixturevalue("dynamodb"), TABLE)


def test_what_was_told_comes_back_as_it_was(store: DynamoMailStore | FakeMailStore) -> None:
    assert store.mailed() == Mailed()
    outage = Told("Planned maintenance: Website", ("web",), NOON, NOON + timedelta(hours=1), 2)
    told = Mailed(page=7, told={"abc": 3}, planned=(outage,), announced=("def",), unended=(1, 12))
    mailed = replace(told, telling="abc 4", until=NOON, looked_at=NOON)
    written = store.remember_mailed(mailed)

    assert written == replace(mailed, version=1)
    assert store.mailed() == written
    assert [known.id for known in store.mailed().planned] == [outage.id]


def test_what_was_written_before_anybody_left_word_is_read(dynamodb: DynamoDBClient) -> None:
    store = DynamoMailStore(dynamodb, TABLE)
    store.remember_mailed(Mailed(page=7))
    dynamodb.update_item(
        TableName=TABLE,
        Key={name: {"S": value} for name, value in MAILED_KEY.items()},
        UpdateExpression="REMOVE looked_at",
    )

    assert store.mailed() == Mailed(version=1, page=7)


def test_what_was_written_before_the_unended_were_remembered_is_read(dynamodb: DynamoDBClient) -> None:
    store = DynamoMailStore(dynamodb, TABLE)
    store.remember_mailed(Mailed(page=7, unended=(1,)))
    dynamodb.update_item(
        TableName=TABLE,
        Key={name: {"S": value} for name, value in MAILED_KEY.items()},
        UpdateExpression="REMOVE unended",
    )

    assert store.mailed() == Mailed(version=1, page=7)


def test_what_was_written_before_planned_outages_were_remembered_is_read(dynamodb: DynamoDBClient) -> None:
    store = DynamoMailStore(dynamodb, TABLE)
    store.remember_mailed(Mailed(page=7, announced=("def",)))
    dynamodb.update_item(
        TableName=TABLE,
        Key={name: {"S": value} for name, value in MAILED_KEY.items()},
        UpdateExpression="REMOVE planned",
    )

    assert store.mailed() == Mailed(version=1, page=7, announced=("def",))


def test_of_two_that_write_at_once_one_is_told(store: DynamoMailStore | FakeMailStore) -> None:
    store.remember_mailed(Mailed())
    with pytest.raises(Conflict):
        store.remember_mailed(Mailed())
    store.remember_mailed(store.mailed())
    with pytest.raises(Conflict):
        store.remember_mailed(Mailed(version=1))


def test_each_day_is_counted_on_its_own(store: DynamoMailStore | FakeMailStore) -> None:
    assert store.day(TODAY) == Day(TODAY)
    store.remember_day(Day(TODAY, count=2, marks=(1, 2)))

    assert store.day(TODAY) == Day(TODAY, 1, 2, (1, 2))
    assert store.day(TODAY + timedelta(days=1)).count == 0
    with pytest.raises(Conflict):
        store.remember_day(Day(TODAY))


class TestLostAnswer:
    """The client asks again, and the second try is refused for what the first has written."""

    def test_what_was_written_is_no_conflict(self, dynamodb: DynamoDBClient) -> None:
        store = DynamoMailStore(dynamodb, TABLE)
        lose_answers(dynamodb)

        assert store.remember_day(Day(TODAY, count=1)) == store.day(TODAY) == Day(TODAY, 1, count=1)
        assert store.remember_day(Day(TODAY, 1, count=2)) == store.day(TODAY) == Day(TODAY, 2, count=2)
        assert store.remember_mailed(Mailed()) == store.mailed()

    def test_what_somebody_else_has_written_is_one_though_it_says_the_same(self, dynamodb: DynamoDBClient) -> None:
        store = DynamoMailStore(dynamodb, TABLE)
        store.remember_day(Day(TODAY, count=1))
        lose_answers(dynamodb)

        with pytest.raises(Conflict):
            store.remember_day(Day(TODAY, count=1))


def test_a_day_lies_where_the_form_may_look_and_is_forgotten_soon(dynamodb: DynamoDBClient) -> None:
    DynamoMailStore(dynamodb, TABLE).remember_day(Day(TODAY, count=1, marks=(1,)))

    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert item["pk"] == {"S": SUBSCRIPTIONS}
    assert int(item["expires"]["N"]) == int((datetime(2026, 4, 30, tzinfo=UTC) + KEPT_FOR).timestamp())
