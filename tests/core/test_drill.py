"""Drills: at their hour, once in so long, answered or told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from defib.core.audience import audience
from defib.core.call import CallAnswer, Reaction
from defib.core.drill import FIRST_AFTER, Drill, DrillOrder, DrillSettings, enrolled, is_due, ordered
from defib.core.drill_news import asked, passed
from defib.core.incident import Incident, Notice
from defib.core.policy import Contact
from defib.core.reach import Problem, Reach, unheard
from defib.core.reach_news import tell
from defib.core.words import SMS_MAX
from tests.core.subscribed import CONTACTS, POLICY

MONDAY = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
SETTINGS = DrillSettings()
LONG_AGO = MONDAY - timedelta(days=60)
ONCALL = CONTACTS[0]


def begin(latest: Incident | None = None, contact: Contact = ONCALL) -> tuple[Drill, tuple[Incident, ...], Notice]:
    return asked(Drill(contact.name, LONG_AGO), contact, latest, POLICY, MONDAY)


@pytest.mark.parametrize(
    ("since", "number", "now", "due"),
    [
        (LONG_AGO, 1, MONDAY, True),
        (LONG_AGO, 1, MONDAY + timedelta(minutes=59), True),
        (LONG_AGO, 1, MONDAY - timedelta(seconds=1), False),
        (LONG_AGO, 1, MONDAY + timedelta(hours=1), False),
        (LONG_AGO, 1, MONDAY - timedelta(days=1), False),
        (MONDAY - timedelta(days=30), 1, MONDAY, True),
        (MONDAY - timedelta(days=30) + timedelta(minutes=20), 1, MONDAY, True),
        (MONDAY - timedelta(days=27), 1, MONDAY, False),
        (MONDAY - FIRST_AFTER, 0, MONDAY, True),
        (MONDAY - FIRST_AFTER + timedelta(seconds=1), 0, MONDAY, False),
    ],
)
def test_a_drill_comes_at_its_hour_of_a_working_day_and_once_in_so_long(
    since: datetime, number: int, now: datetime, due: bool
) -> None:
    assert is_due(Drill("oncall", since, number), SETTINGS, now) is due


def test_the_hour_is_that_of_the_contacts_zone_in_summer_and_winter() -> None:
    berlin = replace(SETTINGS, zone="Europe/Berlin")

    assert is_due(Drill("oncall", LONG_AGO, 1), berlin, datetime(2026, 6, 1, 8, 30, tzinfo=UTC))
    assert is_due(Drill("oncall", LONG_AGO, 1), berlin, datetime(2026, 12, 1, 9, 30, tzinfo=UTC))
    assert not is_due(Drill("oncall", LONG_AGO, 1), berlin, datetime(2026, 12, 1, 8, 30, tzinfo=UTC))


def test_where_the_policy_wants_none_none_comes_and_none_is_missed() -> None:
    never = replace(SETTINGS, every=timedelta(0))
    waiting = Drill("oncall", LONG_AGO, 1, open=True)

    assert not is_due(waiting, never, MONDAY)
    assert unheard((waiting,), never, MONDAY) == ()


def test_a_new_contact_is_known_from_now_on_and_one_that_has_left_is_forgotten() -> None:
    kept = Drill("oncall", LONG_AGO, 3)

    assert enrolled((kept, Drill("gone", LONG_AGO, 1)), ("oncall", "new"), MONDAY) == (kept, Drill("new", MONDAY))


def test_only_the_contact_is_asked_and_reads_that_it_is_a_drill_and_until_when() -> None:
    drill, (incident,), notice = begin()

    assert [contact.name for contact in audience(notice.service, notice.tier, POLICY)] == ["oncall"]
    assert (drill.open, drill.number, drill.since) == (True, 1, MONDAY)
    assert incident.id == notice.incident_id == "drill:oncall-1"
    assert notice.subject == "[Defib] drill for oncall: please answer by 12:00 UTC"
    assert "this is a drill" in notice.body
    assert '\\"incident\\": \\"drill:oncall-1\\", \\"answer\\": \\"acknowledge\\"' in notice.body


def test_where_one_answer_counts_for_many_addresses_it_says_so() -> None:
    shared = replace(ONCALL, email=("ann@example.com", "bob@example.com"), sms=("+12025550123",))
    alone = replace(ONCALL, email=("ann@example.com",), sms=(), https=())

    assert "One answer counts for all 3 addresses of oncall" in begin(contact=shared)[2].body
    assert "One answer counts" not in begin(contact=alone)[2].body


NOW, HEARING = DrillOrder("oncall", "Ann", MONDAY), ("oncall", "lead")


def test_whom_somebody_wants_drilled_is_due_at_once_and_nobody_else() -> None:
    night = MONDAY.replace(hour=3)

    drills, why = ordered((), replace(NOW, at=night), HEARING, SETTINGS, night)

    assert why == ""
    assert [(drill.contact, is_due(drill, SETTINGS, night)) for drill in drills] == [("oncall", True), ("lead", False)]
    asked_now, _, notice = asked(drills[0], ONCALL, None, POLICY, night)
    assert "Ann wanted it now." in notice.body
    assert not is_due(asked_now, SETTINGS, night), "once"


def test_an_order_that_changes_nothing_says_why() -> None:
    before = (Drill("oncall", LONG_AGO, 3),)

    assert ordered(before, replace(NOW, contact="gone"), HEARING, SETTINGS, MONDAY) == (
        before,
        "there is no contact gone that takes what is urgent",
    )
    off = replace(SETTINGS, every=timedelta(0))
    assert ordered(before, NOW, HEARING, off, MONDAY) == (before, "drills are off (drill.every)")


@pytest.mark.parametrize(("minutes", "why"), [(60, ""), (61, "it was asked for more than an hour ago")])
def test_an_order_that_lay_in_a_queue_for_hours_wakes_nobody_at_night(minutes: int, why: str) -> None:
    assert ordered((), NOW, HEARING, SETTINGS, MONDAY + timedelta(minutes=minutes))[1] == why


def test_a_drill_is_as_loud_as_a_call_for_help() -> None:
    _, (incident,), notice = begin()

    assert (notice.kind, notice.severity) == ("escalated", "urgent")
    assert incident.call is not None


def test_a_drill_gets_no_louder_by_itself() -> None:
    _, (incident,), _ = begin()

    assert incident.call is not None
    assert incident.call.next_at - MONDAY > timedelta(days=365)


@pytest.mark.parametrize("contact", [ONCALL, Contact("x" * 31, sms=("+12025550123",))])
def test_its_text_message_is_one_whole_one(contact: Contact) -> None:
    _, _, notice = begin(contact=contact)

    assert len(notice.sms) <= SMS_MAX
    assert "..." not in notice.sms
    assert contact.email or "Tell whoever runs Defib" in notice.sms


def test_the_next_drill_closes_one_that_nobody_has_answered() -> None:
    _, (first,), _ = begin()

    _, (closed, second), _ = begin(latest=first)

    assert (closed.id, closed.call, closed.resolved_at) == (first.id, None, MONDAY)
    assert (second.id, second.resolved_at) == ("drill:oncall-2", None)


def test_who_answers_and_how_fast_is_told_and_the_drill_is_over() -> None:
    _, (incident,), _ = begin()
    answer = CallAnswer(incident.id, Reaction.ACKNOWLEDGE, "Ada")

    over, notice = passed(incident, answer, POLICY, MONDAY + timedelta(minutes=3))

    assert (over.call, over.resolved_at) == (None, MONDAY + timedelta(minutes=3))
    assert notice.subject == "[Defib] drill answered by Ada after 3m"
    assert over.timeline[-1].endswith("drill answered by Ada after 3m")


def test_a_drill_that_nobody_answers_in_time_is_told_to_everybody_once() -> None:
    drill, _, _ = begin()
    late = MONDAY + SETTINGS.answer_within
    assert unheard((drill,), SETTINGS, late - timedelta(seconds=1)) == ()

    told, _, notice = tell(Reach(findings=unheard((drill,), SETTINGS, late)), None, POLICY, late)

    assert notice is not None
    assert [contact.name for contact in audience(notice.service, notice.tier, POLICY)] == ["oncall", "boss"]
    assert notice.subject == "[Defib] nobody has answered the drill: oncall"
    assert "contact oncall has not answered the drill of 01 June 10:00 UTC. Call them" in notice.body
    assert notice.sms.endswith("Please check their phones.")
    assert tell(told, None, POLICY, late + timedelta(hours=1))[2] is None


def test_contacts_that_do_not_answer_are_different_problems() -> None:
    drills = (Drill("oncall", LONG_AGO, 1, open=True), Drill("boss", LONG_AGO, 1, open=True))

    found = unheard(drills, SETTINGS, MONDAY)

    assert {finding.problem for finding in found} == {Problem.UNANSWERED}
    assert len({finding.key for finding in found}) == 2
    assert not any(finding.cuts_off for finding in found)
