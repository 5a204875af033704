"""What the store of looks promises, kept alike by the table in DynamoDB and by the fake."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from defib.aws.reach_store import DynamoReachStore
from defib.aws.store import DynamoStore
from defib.core.policy import Retention
from defib.core.reach import Reach
from defib.core.reach_news import INCIDENT_SERVICE, Told, tell
from defib.shell.reach import Reached, ReachStore
from defib.shell.store import Conflict
from tests.aws.table import TABLE
from tests.core.facts import NOON, after
from tests.core.subscribed import GOOD, PHONE, POLICY, reach
from tests.fakes.reach import FakeReachStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(params=["dynamodb", "fake"])
def store(request: pytest.FixtureRequest) -> ReachStore:
    if request.param == "fake":
        return FakeReachStore()
    return DynamoReachStore(request.getfixturevalue("dynamodb"), TABLE, Retention())


def trouble() -> Reached:
    before = replace(reach(replace(GOOD, opted_out=(PHONE,))), looked_at=NOON)
    return change(tell(before, None, POLICY, NOON))


def change(told: Told) -> Reached:
    reach, incident, notice = told
    return Reached(reach, tuple(filter(None, (incident,))), tuple(filter(None, (notice,))))


def test_at_first_nobody_has_looked(store: ReachStore) -> None:
    assert store.reach() == Reach()
    assert store.latest_incident(INCIDENT_SERVICE) is None


def test_a_look_is_read_back_as_it_was_written(store: ReachStore) -> None:
    written = store.remember_reach(trouble())

    assert store.reach() == written.reach
    assert written.reach.version == 1
    assert store.latest_incident(INCIDENT_SERVICE) == written.incidents[0]


def test_a_second_write_of_what_was_read_before_the_first_is_refused(store: ReachStore) -> None:
    store.remember_reach(trouble())

    with pytest.raises(Conflict):
        store.remember_reach(trouble())


def test_the_incident_goes_on_and_ends_under_its_number(store: ReachStore) -> None:
    written = store.remember_reach(trouble())
    over = replace(written.reach, findings=())

    store.remember_reach(change(tell(over, written.incidents[0], POLICY, after(hours=1))))

    latest = store.latest_incident(INCIDENT_SERVICE)
    assert latest is not None
    assert (latest.number, latest.resolved_at) == (1, after(hours=1))
    assert store.reach().incident == 0


def test_the_notice_is_due_until_it_has_gone_out(dynamodb: DynamoDBClient) -> None:
    written = DynamoReachStore(dynamodb, TABLE, Retention()).remember_reach(trouble())

    assert DynamoStore(dynamodb, TABLE, Retention()).unpublished_notices(after(minutes=5), 10) == [*written.notices]
