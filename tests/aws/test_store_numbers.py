"""Numbers of cases and incidents begin anew once these are forgotten: what is left from before is in nobody's way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from defib.aws.store import DynamoStore
from defib.core.audit import CallEntry, entry
from defib.core.call import CallAnswer, Reaction
from defib.core.case import Case
from defib.core.incident import Incident
from defib.core.policy import Retention
from defib.shell.store import Called, Conflict, Remembered, Store
from tests.aws.cases import NOON, WEB_1, a_case, a_notice, an_incident
from tests.aws.table import TABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LATER = NOON + timedelta(days=70)


def test_a_notice_left_of_an_incident_that_is_forgotten_gives_way_to_the_next_of_its_number(store: Store) -> None:
    store.remember(Remembered(a_case(), an_incident(number=8), (a_notice(incident_id="web-7"),)))
    store.mark_published("web-7", 1, NOON)
    again = a_notice(at=LATER, body="another incident")

    store.remember(Remembered(a_case(number=2), an_incident(opened_at=LATER), (again,)))

    assert store.notice("web-7", 1) == again
    assert store.unpublished_notices(LATER + timedelta(minutes=1), 10) == [again]
    with pytest.raises(Conflict):
        store.remember(Remembered(a_case(number=3), an_incident(version=1, opened_at=LATER), (again,)))


def test_a_notice_of_the_incident_itself_is_in_the_way_however_soon_after_its_beginning(store: Store) -> None:
    opened = NOON + timedelta(milliseconds=900)
    first = store.remember(Remembered(a_case(), an_incident(opened_at=opened), (a_notice(at=opened),)))
    assert first.incident is not None

    with pytest.raises(Conflict):
        store.remember(Remembered(first.case, first.incident, (a_notice(at=opened, body="other"),)))
    with pytest.raises(Conflict):
        store.remember_call(Called(first.incident, a_notice(at=opened, body="other")))


class TestLoweredRetention:
    """``retention.cases`` goes from 90 days to 30 while an incident is open: its trail outlives it."""

    @pytest.fixture
    def forgotten(self, dynamodb: DynamoDBClient, table: DynamoStore) -> DynamoStore:
        answered = an_answer(an_incident(version=1), NOON)
        table.remember(Remembered(a_case(), an_incident(), (a_notice(),), entry(None, a_case(), NOON)))
        table.remember_call(answered)
        for pk, sk in ((f"INSTANCE#{WEB_1}", "CASE#000001"), ("SERVICE#web", "INCIDENT#000007")):
            dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": pk}, "sk": {"S": sk}})
        return DynamoStore(dynamodb, TABLE, Retention(timedelta(days=30)))

    def test_the_next_case_and_incident_of_the_same_numbers_are_written(self, forgotten: DynamoStore) -> None:
        case = a_case(opened_at=LATER, reason="it fails again")

        written = forgotten.remember(opening(case, LATER))

        assert written.incident is not None
        assert forgotten.remember_call(an_answer(written.incident, LATER)).incident.version == 2
        assert forgotten.latest_case(WEB_1) == written.case

    def test_a_trail_is_not_written_over_within_the_days_that_a_case_is_kept_longer(
        self, forgotten: DynamoStore
    ) -> None:
        """Else whoever may delete a case could have its trail written anew."""
        soon = NOON + timedelta(days=29)

        with pytest.raises(Conflict):
            forgotten.remember(opening(a_case(opened_at=soon), soon))
        written = forgotten.remember(replace(opening(a_case(opened_at=soon), soon), audit=None))
        assert written.incident is not None
        with pytest.raises(Conflict):
            forgotten.remember_call(an_answer(written.incident, soon))


def opening(case: Case, at: datetime) -> Remembered:
    return Remembered(case, an_incident(opened_at=at), (a_notice(at=at),), entry(None, case, at))


def an_answer(incident: Incident, at: datetime) -> Called:
    """Its second notice, and the line of its trail."""
    answer = CallAnswer(incident.id, Reaction.ACKNOWLEDGE, "Ann")
    return Called(incident, a_notice(2, at), CallEntry(incident.id, at, answer, at + timedelta(hours=1)))
