"""The page follows: what is in trouble becomes what customers read, whatever fails on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.incident import Incident, Member, Phase
from defib.core.model import Cause
from defib.core.page.model import ComponentStatus, Impact, IncidentStatus
from defib.core.page.settings import PageSettings, Publishing, ServiceOnPage
from defib.core.policy import Policy, Service
from defib.shell.page import Made, Paging, follow, publish_draft
from defib.shell.ports import Transient
from defib.shell.store import Conflict
from sim.memory.page import FakePageStore, FakeSite
from tests.core.page.shown import NOON, POLICY, minutes
from tests.fakes import FakeClock, FakeQueues


class Stage:
    def __init__(self, policy: Policy = POLICY, copies: int = 0) -> None:
        self.policy = policy
        self.clock = FakeClock(NOON)
        self.store = FakePageStore()
        self.sites = [FakeSite() for _ in range(1 + copies)]
        self.queues = FakeQueues()
        self.copies_failed: list[str] = []
        failed = lambda error: self.copies_failed.append(str(error))  # noqa: E731 - one line of a fake
        self.edges = Paging(self.clock, self.store, tuple(self.sites), self.queues, failed, self.queues)

    def fail(self, service: str = "web", phase: Phase = Phase.REPAIRING, since: datetime = NOON) -> None:
        member = Member("i-1-1", "i-1", "web-1", "us-east-1a", Cause.INSTANCE_IMPAIRED, since, phase)
        over = self.clock.now() if phase is Phase.CLOSED else None
        self.store.incidents[service] = Incident(service, 1, since, members=(member,), resolved_at=over)

    def at(self, after: float) -> Made:
        self.clock.advance(NOON + minutes(after) - self.clock.now())
        return follow(self.edges, self.policy)

    def worst(self) -> ComponentStatus:
        """By what customers read last."""
        return self.sites[0].pages[-1].worst


def test_the_first_call_makes_a_page_and_the_next_leaves_it() -> None:
    stage = Stage()
    assert stage.at(0) is Made.ANEW
    assert stage.at(1) is Made.AS_IT_WAS
    assert len(stage.sites[0].pages) == 1
    assert [c.name for c in stage.sites[0].pages[0].components] == ["API", "Workers", "Website"]


@pytest.mark.parametrize(("lost", "says"), [(True, "no longer followed here"), (False, "Website works again")])
def test_what_is_over_works_again_only_where_somebody_has_seen_that(lost: bool, says: str) -> None:
    stage = Stage()
    stage.fail()
    stage.at(3)
    known = stage.store.incidents["web"]
    over = NOON + minutes(4)
    ended = tuple(replace(m, phase=Phase.CLOSED, closed_at=over, is_lost=lost) for m in known.members)
    stage.store.incidents["web"] = replace(known, members=ended, resolved_at=over)
    stage.at(5)
    assert says in stage.sites[0].pages[-1].incidents[0].updates[-1].body


def test_an_outage_is_on_the_page_after_the_hold_time_and_off_it_when_it_is_over() -> None:
    stage = Stage()
    stage.fail()
    stage.at(1)
    assert stage.worst() is ComponentStatus.OPERATIONAL
    stage.at(2)
    assert stage.worst() is ComponentStatus.DEGRADED
    stage.clock.advance(minutes(7))
    stage.fail(phase=Phase.CLOSED)
    stage.at(9)
    assert stage.worst() is ComponentStatus.OPERATIONAL
    (incident,) = stage.sites[0].pages[-1].incidents
    assert incident.status is IncidentStatus.RESOLVED


def test_a_page_that_nothing_changes_is_made_anew_often_enough_to_tell_its_age() -> None:
    stage = Stage()
    made = [stage.at(minute) for minute in range(11)]
    assert [minute for minute, anew in enumerate(made) if anew] == [0, 5, 10]


def test_a_zone_that_fails_shows_the_services_that_fail_with_it() -> None:
    stage = Stage()
    stage.store.of_many = ["zone:us-east-1a"]
    stage.store.incidents["zone:us-east-1a"] = Incident("zone:us-east-1a", 1, NOON, services={"web": 7, "api": 1})
    stage.at(5)
    page = stage.sites[0].pages[-1]
    assert {c.key: c.status for c in page.components}["web"] is ComponentStatus.MAJOR_OUTAGE
    assert {incident.impact for incident in page.incidents} == {Impact.CRITICAL, Impact.MINOR}


def test_who_writes_first_wins_and_the_other_looks_again() -> None:
    stage = Stage()
    stage.at(0)
    stage.fail()
    rival = stage.store.now

    def written() -> None:
        stage.store.now = replace(rival, version=rival.version + 1)

    stage.store.interruptions = [written]
    stage.at(3)
    assert stage.worst() is ComponentStatus.DEGRADED
    assert len(stage.store.kept) == 1


def test_a_call_that_always_loses_gives_up_and_the_next_succeeds() -> None:
    stage = Stage()
    stage.fail()

    def lost() -> None:
        raise Conflict("somebody else")

    stage.store.interruptions = [lost] * 5
    with pytest.raises(Conflict, match="others wrote first 5 times"):
        stage.at(3)
    stage.at(4)
    assert stage.worst() is ComponentStatus.DEGRADED


def test_a_page_that_could_not_be_laid_out_is_by_the_next_call() -> None:
    stage = Stage()
    stage.at(0)
    stage.fail()
    stage.sites[0].error = Transient("S3 does not answer")
    with pytest.raises(Transient):
        stage.at(3)
    stage.sites[0].error = None
    assert stage.at(4)
    assert stage.worst() is ComponentStatus.DEGRADED


def test_what_an_earlier_build_has_laid_out_is_laid_out_anew_by_the_next_call() -> None:
    stage = Stage(copies=1)
    stage.at(0)
    stage.edges = replace(stage.edges, build="next")
    stage.sites[0].build = "next"
    assert stage.at(1)
    assert [len(site.pages) for site in stage.sites] == [1, 2]
    stage.sites[1].build = "next"
    assert not stage.at(2)


def test_a_copy_that_fails_holds_up_neither_the_page_nor_other_copies_and_is_told_of_as_a_copy() -> None:
    stage = Stage(copies=2)
    stage.sites[1].error = Transient("us-west-2 does not answer")
    assert stage.at(0)
    assert [len(site.pages) for site in stage.sites] == [1, 0, 1]
    assert stage.copies_failed == ["us-west-2 does not answer"]
    stage.sites[1].error = None
    stage.at(1)
    assert [len(site.pages) for site in stage.sites] == [1, 1, 1]
    assert len(stage.copies_failed) == 1


@pytest.mark.parametrize("place", [0, 1])
def test_a_page_or_a_copy_that_takes_more_than_a_turn_is_not_said_to_be_done_and_the_next_goes_on(place: int) -> None:
    stage = Stage(copies=1)
    stage.sites[place].in_part = True
    assert [stage.at(0), stage.at(1)] == [Made.IN_PART, Made.IN_PART]
    stage.sites[place].in_part = False
    assert stage.at(2) is Made.ANEW
    assert [len(site.pages) for site in stage.sites] == [1, 1]
    assert stage.copies_failed == []


def test_a_page_that_fails_is_the_calls_failure_though_its_copy_is_whole() -> None:
    stage = Stage(copies=1)
    stage.sites[0].error = Transient("S3 does not answer")
    with pytest.raises(Transient, match="S3"):
        stage.at(0)
    assert [len(site.pages) for site in stage.sites] == [0, 1]
    assert stage.copies_failed == []


def test_the_pages_that_follow_are_told_of_every_look_at_this_one() -> None:
    stage = Stage()
    stage.at(0)
    stage.at(1)
    stage.fail()
    stage.at(3)
    assert stage.queues.handed_on == ["page-1", "page-1", "page-2"]


def test_readers_get_a_fresh_page_though_those_that_follow_cannot_be_told_and_the_call_is_made_again() -> None:
    stage = Stage()
    stage.queues.error = Transient("SQS does not answer")
    with pytest.raises(Transient, match="SQS"):
        stage.at(0)
    assert len(stage.sites[0].pages) == 1
    stage.queues.error = None
    assert not stage.at(1)
    assert stage.queues.handed_on == ["page-1"]


def test_the_pages_that_follow_are_told_though_this_one_cannot_be_laid_out() -> None:
    stage = Stage()
    stage.sites[0].error = Transient("S3 does not answer")
    with pytest.raises(Transient, match="S3"):
        stage.at(0)
    assert stage.queues.handed_on == ["page-1"]


def test_a_hundred_and_fifty_services_that_fail_and_recover_at_once_are_shown_so_by_one_call_each() -> None:
    services = tuple(Service(f"s{n}", {"n": (str(n),)}, page=ServiceOnPage(f"Service {n}")) for n in range(150))
    stage = Stage(replace(POLICY, services=services))
    for service in services:
        stage.fail(service.name)
    stage.at(2)
    assert len(stage.sites[0].pages[-1].open) == 150
    for service in services:
        stage.fail(service.name, Phase.CLOSED)
    stage.at(3)
    assert len(stage.sites[0].pages) == 2
    assert [incident.status.value for incident in stage.sites[0].pages[-1].incidents] == ["resolved"] * 150


def test_an_incident_keeps_its_timeline_through_every_call() -> None:
    stage = Stage()
    for minute, phase in ((2, Phase.REPAIRING), (3, Phase.VERIFYING), (4, Phase.CLOSED)):
        stage.fail(phase=phase)
        stage.at(minute)
    (incident,) = stage.sites[0].pages[-1].incidents
    assert [u.status.value for u in incident.updates] == ["identified", "monitoring", "resolved"]
    assert all(u.body for u in incident.updates)


class TestDraft:
    policy = replace(POLICY, page=PageSettings(enabled=True, publishing=Publishing.DRAFT, hold=timedelta(minutes=2)))

    def test_staff_are_asked_once_with_the_command_that_publishes(self) -> None:
        stage = Stage(self.policy)
        stage.fail()
        for minute in (2, 3, 4):
            stage.at(minute)
        (notice,) = stage.store.notices
        assert stage.queues.notices == [notice]
        assert (notice.incident_id, notice.service, notice.sequence) == ("draft:page-1", "web", 1)
        assert '"DetailType": "Publish"' in notice.body
        assert len(notice.sms) <= 140
        assert len(notice.subject) <= 100
        assert stage.worst() is ComponentStatus.OPERATIONAL
        assert stage.sites[0].pages[-1].incidents == ()

    def test_what_a_person_publishes_is_on_the_page_and_follows_from_then_on(self) -> None:
        stage = Stage(self.policy)
        stage.fail()
        stage.at(2)
        assert publish_draft(1, stage.edges, self.policy)
        stage.at(3)
        assert stage.worst() is ComponentStatus.DEGRADED
        stage.fail(phase=Phase.CLOSED)
        stage.at(9)
        assert [i.status for i in stage.sites[0].pages[-1].incidents] == [IncidentStatus.RESOLVED]

    def test_publishing_twice_or_what_is_gone_does_nothing(self) -> None:
        stage = Stage(self.policy)
        stage.fail()
        stage.at(2)
        assert [publish_draft(n, stage.edges, self.policy) for n in (1, 1, 2)] == [True, False, False]
