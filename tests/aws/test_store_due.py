"""When the store says that a case is due, and which looks it says are planned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from defib.aws.store import DynamoStore
from defib.core.case import Outcome
from defib.core.model import Cause
from defib.core.rationing import PlannedLook
from defib.shell.store import Remembered, Store
from tests.aws.cases import NOON, WEB_1, WEB_2, a_case
from tests.aws.table import TABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def test_open_cases_are_due_from_their_time_on_longest_overdue_first(store: Store) -> None:
    store.remember(Remembered(a_case(WEB_1, look_again_at=NOON), None, ()))
    store.remember(Remembered(a_case(WEB_2, look_again_at=NOON - timedelta(milliseconds=1)), None, ()))

    assert store.due_instances(NOON - timedelta(seconds=1), 10) == []
    assert store.due_instances(NOON, 10) == [WEB_2, WEB_1]
    assert store.due_instances(NOON, 1) == [WEB_2]


def test_the_looks_that_are_planned_are_those_of_open_cases_until_then(store: Store) -> None:
    soon, later = NOON + timedelta(seconds=30), NOON + timedelta(minutes=10)
    store.remember(Remembered(a_case(WEB_1, look_again_at=soon), None, ()))
    store.remember(Remembered(a_case(WEB_2, look_again_at=later, cause=Cause.EVENT_SCHEDULED), None, ()))

    impaired, announced = PlannedLook(soon, Cause.INSTANCE_IMPAIRED), PlannedLook(later, Cause.EVENT_SCHEDULED)
    assert store.planned_looks(NOON, later) == {WEB_1: impaired, WEB_2: announced}
    assert store.planned_looks(NOON, soon) == {WEB_1: impaired}
    assert store.planned_looks(later + timedelta(seconds=1), later + timedelta(hours=1)) == {}


@pytest.mark.parametrize(("attribute", "damaged"), [("cause", "bad luck"), ("due_at", "2026-04-31"), ("cause", None)])
def test_a_look_that_can_not_be_read_counts_as_not_planned_and_hides_no_other(
    table: DynamoStore, dynamodb: DynamoDBClient, attribute: str, damaged: str | None
) -> None:
    for instance_id in (WEB_1, WEB_2):
        table.remember(Remembered(a_case(instance_id, look_again_at=NOON), None, ()))
    item = dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": f"INSTANCE#{WEB_1}"}, "sk": {"S": "CASE#000001"}})[
        "Item"
    ]
    del item[attribute]
    dynamodb.put_item(TableName=TABLE, Item=item if damaged is None else {**item, attribute: {"S": damaged}})

    assert list(table.planned_looks(NOON - timedelta(days=1), NOON + timedelta(days=1))) == [WEB_2]


def test_a_case_with_a_later_time_is_no_longer_due(store: Store) -> None:
    case = store.remember(Remembered(a_case(look_again_at=NOON), None, ())).case
    store.remember(Remembered(replace(case, look_again_at=NOON + timedelta(minutes=5)), None, ()))

    assert store.due_instances(NOON, 10) == []


def test_a_closed_case_is_never_due(store: Store) -> None:
    case = store.remember(Remembered(a_case(look_again_at=NOON), None, ())).case
    closed = replace(case, closed_at=NOON, outcome=Outcome.HEALED)
    store.remember(Remembered(closed, None, ()))

    assert store.due_instances(NOON + timedelta(days=1), 10) == []
