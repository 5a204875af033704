"""What the store keeps of the whole stack, and of calls for people."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from defib.aws.store import DynamoStore
from defib.core.audit import CallEntry
from defib.core.call import Asked, Call, CallAnswer, Reaction, Want
from defib.core.case import Action
from defib.core.escalation import Tier
from defib.core.issue import Issue, Issues
from defib.core.model import Result, Verdict
from defib.core.policy import Retention
from defib.core.replacement import Replacement
from defib.core.stack import Begun, Impairment, Stack
from defib.shell.store import Called, Conflict, Remembered, Store, Surveyed
from tests.aws.cases import NOON, WEB_1, WEB_2, a_case, a_notice, an_incident
from tests.aws.table import TABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def test_a_stack_that_nobody_has_written_is_empty(store: Store) -> None:
    assert store.stack() == Stack()


def test_a_repair_begins_in_one_write_with_its_case(store: Store) -> None:
    issue = Issue("arn:1", "AWS_EC2_API_ISSUE", NOON, NOON, zone_ids=("use1-az4",), zones=("us-east-1a",))
    issues = Issues((issue,), "web-1", 1)
    replaced = Replacement("web-asg", f"{WEB_1}-1", "web-1", NOON, on_arrival=True)
    stack = Stack(
        begun=(Begun(f"{WEB_1}-1", NOON),), running=14, counted_at=NOON, issues=issues, replacements=(replaced,)
    )

    store.remember(Remembered(a_case(), stack=stack))

    assert store.stack() == replace(stack, version=1)


def test_a_place_is_remembered_to_the_instant_so_that_what_used_it_goes_on(store: Store) -> None:
    now = NOON + timedelta(microseconds=123_457)
    ordered = a_case().with_intent(Action.REBOOT, "because", now).with_claim(now)
    written = store.remember(Remembered(ordered, stack=Stack().after(ordered, now))).case
    assert not store.stack().goes_on(written)

    done = written.with_result(Result(written.id, 1, Verdict.DONE, now + timedelta(seconds=1)))
    store.remember(Remembered(done))

    known = store.latest_case(WEB_1)
    assert known is not None
    assert store.stack().goes_on(known)


def test_two_repairs_that_count_from_the_same_stack_do_not_both_begin(store: Store) -> None:
    store.remember(Remembered(a_case(WEB_1), stack=Stack(begun=(Begun(f"{WEB_1}-1", NOON),))))

    with pytest.raises(Conflict):
        store.remember(Remembered(a_case(WEB_2), stack=Stack(begun=(Begun(f"{WEB_2}-1", NOON),))))

    assert store.latest_case(WEB_2) is None


def test_a_zone_its_incident_and_its_notice_are_written_together(store: Store) -> None:
    stack = Stack(impaired=(Impairment("us-east-1a", NOON, 40, incident=1),))
    incident = an_incident(service="zone:us-east-1a", number=1)
    notice = replace(a_notice(), incident_id=incident.id, service=incident.service)

    written = store.remember_stack(Surveyed(stack, incident, notice))

    assert store.stack() == written.stack == replace(stack, version=1)
    assert store.latest_incident("zone:us-east-1a") == written.incident
    assert store.notice(incident.id, notice.sequence) == notice
    with pytest.raises(Conflict):
        store.remember_stack(Surveyed(stack))


def a_call(next_at: datetime = NOON) -> Call:
    want = Want(f"{WEB_1}-1", "handed_over", NOON, "web-1 needs you", "Look.")
    return Call(NOON, NOON, next_at, (want,), (Asked(Tier.FIRST, NOON),))


def test_a_call_is_due_when_its_time_has_come_and_read_back_as_it_was(store: Store) -> None:
    written = store.remember_call(Called(an_incident(call=a_call(), reached=Tier.FIRST), a_notice()))

    assert store.due_calls(NOON - timedelta(seconds=1), 10) == []
    assert store.due_calls(NOON, 10) == [written.incident]
    assert store.notice("web-7", 1) == a_notice()


def test_calls_come_longest_overdue_first_and_no_more_than_asked_for(store: Store) -> None:
    for number, minutes in ((1, 3), (2, 1), (3, 2)):
        incident = an_incident(service=f"s{number}", call=a_call(NOON + timedelta(minutes=minutes)))
        store.remember_call(Called(incident, a_notice(incident_id=f"s{number}-7")))

    due = store.due_calls(NOON + timedelta(minutes=3), 2)

    assert [incident.service for incident in due] == ["s2", "s3"]


def test_what_calls_nobody_any_more_is_not_due(store: Store) -> None:
    first = store.remember_call(Called(an_incident(call=a_call()), a_notice())).incident
    store.remember(Remembered(a_case(), replace(first, call=None), (a_notice(sequence=2),)))

    assert store.due_calls(NOON, 10) == []


def test_a_call_written_from_an_old_version_is_a_conflict_and_nothing_is_written(store: Store) -> None:
    store.remember_call(Called(an_incident(call=a_call()), a_notice()))

    with pytest.raises(Conflict):
        store.remember_call(Called(an_incident(call=a_call()), a_notice(sequence=2)))
    assert store.notice("web-7", 2) is None


def test_an_answer_to_a_call_is_a_line_of_the_incidents_trail(table: DynamoStore, dynamodb: DynamoDBClient) -> None:
    answer = CallAnswer("web-7", Reaction.SNOOZE, "Ann", timedelta(minutes=20))
    line = CallEntry("web-7", NOON, answer, NOON + timedelta(minutes=20))

    table.remember_call(Called(an_incident(call=a_call()), a_notice(), line))

    item = dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": "SERVICE#web"}, "sk": {"S": "AUDIT#000007#000001"}})
    kept = item["Item"]
    assert kept["answer"]["M"]["by"] == {"S": "Ann"}
    assert kept["answer"]["M"]["reaction"] == {"S": "snooze"}
    assert int(kept["expires"]["N"]) == int((NOON + Retention().cases).timestamp())
