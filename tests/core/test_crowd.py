"""So many fail that not all can be looked at in a minute: each is counted at once, people hear of it, and seldom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.crowd import Counted, follow
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.page.trouble import bulletins, troubles
from defib.core.rationing import FRESH
from defib.core.severity import Severity
from defib.core.stack import Crowd, Impairment, Stack
from defib.core.words import SMS_MAX, SUBJECT_MAX
from tests.core.facts import NOON, POLICY, after

MANY = FRESH + 1


class Minutes:
    """What one sweep a minute makes of its counts."""

    def __init__(self) -> None:
        self.now = NOON
        self.crowd: Crowd | None = None
        self.incident: Incident | None = None
        self.notices: list[Notice] = []

    def sweep(self, waiting: int, *, lasting: int = 0, failing: int = 0, complete: bool = True) -> None:
        self.see(Counted(failing or waiting, {"web": waiting} if waiting else {}, {"web": lasting}, complete=complete))

    def see(self, counted: Counted) -> None:
        self.crowd, incident, notice = follow(self.crowd, counted, self.incident, POLICY, self.now)
        self.incident = incident or self.incident
        self.notices += [notice] if notice is not None else []
        self.now += timedelta(minutes=1)

    @property
    def waiting(self) -> Mapping[str, int]:
        return self.crowd.waiting if self.crowd is not None else {}

    @property
    def said(self) -> list[NoticeKind]:
        return [notice.kind for notice in self.notices]


@pytest.fixture
def minutes() -> Minutes:
    return Minutes()


def test_while_one_sweep_can_signal_all_that_wait_there_is_no_crowd(minutes: Minutes) -> None:
    minutes.sweep(FRESH)
    minutes.sweep(FRESH)

    assert minutes.crowd is None
    assert minutes.notices == []


def test_each_of_a_crowd_is_counted_by_the_first_sweep_and_told_of_by_the_second(minutes: Minutes) -> None:
    minutes.sweep(300, failing=310)
    assert minutes.crowd == Crowd(NOON, {"web": 300}, 300)
    assert minutes.notices == []

    minutes.sweep(220, failing=310)

    assert minutes.said == [NoticeKind.OPENED]
    assert "310 instances fail at once, 220 wait for their first look" in minutes.notices[0].subject
    assert minutes.notices[0].severity is Severity.URGENT
    assert minutes.incident is not None
    assert minutes.incident.opened_at == NOON


def test_a_crowd_that_a_second_sweep_does_not_see_is_forgotten_when_the_third_has_not_either(minutes: Minutes) -> None:
    minutes.sweep(MANY)
    minutes.sweep(FRESH)
    assert minutes.waiting == {"web": FRESH}
    minutes.sweep(0)

    assert minutes.crowd is None
    assert minutes.notices == []


def test_people_hear_again_when_twice_as_many_wait_and_not_before(minutes: Minutes) -> None:
    for waiting in (200, 200, 399, 390, 400, 700, 799):
        minutes.sweep(waiting)

    assert minutes.said == [NoticeKind.OPENED, NoticeKind.PROGRESS]
    assert "400 wait" in minutes.notices[1].subject


def test_three_thousand_within_minutes_are_few_messages(minutes: Minutes) -> None:
    for waiting in (150, 400, 800, 1_600, 2_900, *range(2_800, 0, -100), 0, 0):
        minutes.sweep(waiting)

    assert minutes.said == [NoticeKind.OPENED, *[NoticeKind.PROGRESS] * 2, NoticeKind.RESOLVED]


def test_it_is_over_when_two_sweeps_in_a_row_could_signal_all_of_them(minutes: Minutes) -> None:
    for waiting in (300, 200, FRESH, MANY, FRESH):
        minutes.sweep(waiting)
    assert minutes.said == [NoticeKind.OPENED]

    minutes.sweep(0, failing=290)

    assert minutes.said == [NoticeKind.OPENED, NoticeKind.RESOLVED]
    assert "after 5m: 290 instances still fail" in minutes.notices[1].body
    assert "At worst 300 waited" in minutes.notices[1].body
    assert minutes.crowd is None
    assert minutes.incident is not None
    assert minutes.incident.resolved_at == after(minutes=5)
    assert minutes.incident.call is None


def test_what_fails_with_its_zone_is_not_said_to_work(minutes: Minutes) -> None:
    minutes.sweep(300)
    minutes.sweep(300)
    for _ in range(2):
        minutes.see(Counted(0, {}, {}, zones_fail=True))

    assert "no instances still fail outside of impaired zones" in minutes.notices[1].body


def test_the_next_crowd_is_an_incident_of_its_own(minutes: Minutes) -> None:
    for waiting in (300, 300, 0, 0, 300, 300):
        minutes.sweep(waiting)

    assert [notice.incident_id for notice in minutes.notices] == ["defib:crowd-1", "defib:crowd-1", "defib:crowd-2"]


def test_a_sweep_that_did_not_see_everything_makes_no_crowd_smaller(minutes: Minutes) -> None:
    minutes.sweep(300)
    for _ in range(3):
        minutes.sweep(0, complete=False)
    assert minutes.waiting == {"web": 300}

    minutes.sweep(400, complete=False)

    assert minutes.waiting == {"web": 400}
    assert minutes.said == [NoticeKind.OPENED]


def test_the_page_follows_each_count_of_those_whose_failure_lasts_though_nothing_is_said(minutes: Minutes) -> None:
    minutes.sweep(300)
    minutes.sweep(300, lasting=200)
    minutes.sweep(200, lasting=180)

    assert minutes.said == [NoticeKind.OPENED]
    assert minutes.incident is not None
    assert [(t.service, t.instances, t.since) for t in troubles([minutes.incident])] == [("web", 180, NOON)]


def test_who_waits_adds_to_the_cases_of_the_service() -> None:
    waits = Incident("defib:crowd", 1, NOON, services={"web": 40})
    held = replace(waits, service="zone:us-east-1a", services={"web": 2})

    assert [trouble.instances for trouble in troubles([waits, held])] == [42]


def test_the_page_asks_for_what_tells_of_many_services_once_people_know() -> None:
    zone, crowd = Impairment("us-east-1a", NOON, 7, incident=1), Crowd(NOON, {"web": 200}, 200)

    assert bulletins(Stack(impaired=(zone, replace(zone, zone="us-east-1b", incident=0)), crowd=crowd)) == (
        "zone:us-east-1a",
    )
    assert bulletins(Stack(crowd=replace(crowd, incident=1))) == ("defib:crowd",)


@pytest.mark.parametrize("services", [1, 2, 6, 7, 50])
def test_a_message_names_the_services_that_have_most_and_fits(services: int) -> None:
    waiting = {f"service-{n:02}": 100 - n for n in range(services)}
    counted = Counted(100_000, {**waiting, "web": 90_000}, {})

    notice = follow(Crowd(NOON - timedelta(minutes=1), waiting, MANY), counted, None, POLICY, NOON)[2]

    assert notice is not None
    assert "Those that wait: 90000 of web, 100 of service-00" in notice.body
    assert ("other service" in notice.body) is (services > 4)
    assert len(notice.subject) <= SUBJECT_MAX
    assert len(notice.sms) <= SMS_MAX


def test_an_incident_that_the_table_has_lost_still_ends() -> None:
    told = Crowd(NOON, {"web": 200}, 200, told=200, incident=4, below_since=NOON)

    crowd, incident, notice = follow(told, Counted(0, {}, {}), None, POLICY, ending := after(minutes=2))

    assert (crowd, notice and notice.incident_id) == (None, "defib:crowd-4")
    assert incident is not None
    assert incident.resolved_at == ending
