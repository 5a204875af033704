"""Drilling after a sweep: asked once, listened for, told of when nobody answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from defib.core.call import CallAnswer, Reaction
from defib.core.drill import Drill
from defib.core.drill_news import passed
from defib.core.policy import Policy
from defib.core.reach import Problem
from defib.shell.drill import LISTENING, drill
from defib.shell.ports import Transient
from defib.shell.reach import LOOK_FOR, ROOM, Looking, look
from tests.core.subscribed import GOOD
from tests.core.subscribed import POLICY as EVERYBODY
from tests.fakes import FakeClock, FakeQueues
from tests.fakes.reach import FakeReachStore, FakeReader

EIGHT = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
POLICY = replace(EVERYBODY, contacts=(EVERYBODY.contacts[0], replace(EVERYBODY.contacts[1], email_for=("low",))))
"""One of the two wants to hear of nothing urgent."""
WITHIN = POLICY.drill.answer_within


@dataclass
class Stage:
    """A Monday, from eight o'clock on."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(EIGHT))
    store: FakeReachStore = field(default_factory=FakeReachStore)
    queues: FakeQueues = field(default_factory=FakeQueues)
    policy: Policy = POLICY

    @property
    def edges(self) -> Looking:
        return Looking(self.clock, lambda: FakeReader(GOOD), self.store, self.queues)

    def sweep(self, after: timedelta = timedelta(0), left: timedelta = ROOM) -> tuple[Drill, ...]:
        """One sweep's drilling and looking, so much later."""
        self.clock.advance(after)
        changed = drill(self.edges, self.policy, left)
        look(self.edges, self.policy, left)
        return changed

    def answer(self) -> None:
        incident = self.store.incidents["drill:oncall", 1]
        answer = CallAnswer(incident.id, Reaction.ACKNOWLEDGE, "Ada")
        self.store.incidents["drill:oncall", 1], _ = passed(incident, answer, self.policy, self.clock.now())


@pytest.fixture
def drilled() -> Stage:
    """Ten o'clock: the contact that is told of incidents has been asked."""
    stage = Stage()
    stage.sweep()
    stage.sweep(timedelta(hours=2))
    return stage


def test_at_its_hour_each_contact_is_asked_once(drilled: Stage) -> None:
    drilled.sweep(timedelta(minutes=1))

    assert [notice.incident_id for notice in drilled.queues.notices] == ["drill:oncall-1"]
    assert drilled.store.notices == drilled.queues.notices


def test_an_answer_is_remembered_with_who_and_how_fast(drilled: Stage) -> None:
    drilled.clock.advance(timedelta(minutes=3))
    drilled.answer()

    (heard,) = drilled.sweep()

    assert not heard.open
    assert heard.answer.endswith("drill answered by Ada after 3m")
    assert drilled.sweep(WITHIN) == ()
    assert drilled.store.now.findings == ()


def test_without_an_answer_everybody_hears_of_it_as_soon_as_it_is_late(drilled: Stage) -> None:
    drilled.sweep(WITHIN - timedelta(seconds=1))
    assert len(drilled.queues.notices) == 1

    drilled.sweep(timedelta(seconds=1))

    assert [finding.problem for finding in drilled.store.now.findings] == [Problem.UNANSWERED]
    assert [notice.service for notice in drilled.queues.notices] == ["drill:oncall", "defib:contacts"]


def test_a_late_answer_ends_the_trouble(drilled: Stage) -> None:
    drilled.sweep(WITHIN)
    drilled.answer()
    drilled.sweep(POLICY.delivery.check_every)

    assert [notice.kind for notice in drilled.queues.notices] == ["escalated", "opened", "resolved"]


def test_an_answer_in_the_last_minute_is_heard_by_the_sweep_after_it_however_long_people_may_take() -> None:
    patient = replace(POLICY, drill=replace(POLICY.drill, answer_within=LISTENING))
    stage = Stage(policy=patient)
    stage.sweep()
    stage.sweep(timedelta(hours=2))
    stage.clock.advance(LISTENING - timedelta(seconds=30))
    stage.answer()

    (heard,) = stage.sweep(timedelta(minutes=1))

    assert not heard.open


def test_an_answer_more_than_a_day_late_changes_nothing(drilled: Stage) -> None:
    drilled.sweep(WITHIN + LISTENING)
    drilled.answer()

    assert drilled.sweep(timedelta(minutes=1)) == ()
    assert [one.open for one in drilled.store.now.drills] == [True]


def test_without_enough_time_left_the_next_sweep_drills() -> None:
    stage = Stage()
    stage.sweep()

    assert stage.sweep(timedelta(hours=2), left=ROOM - timedelta(milliseconds=1)) == ()
    assert len(stage.sweep()) == 1


def test_when_time_runs_out_the_next_sweep_drills_the_others() -> None:
    class Slow(FakeClock):
        """Every look at it takes as long as there is for all."""

        def now(self) -> datetime:
            return self.advance(LOOK_FOR)

    stage = Stage()
    stage.sweep()
    stage.clock = Slow(EIGHT + timedelta(hours=2))

    assert drill(stage.edges, POLICY, ROOM) == ()
    assert stage.queues.notices == []

    stage.clock = FakeClock(EIGHT + timedelta(hours=2, minutes=1))
    assert len(drill(stage.edges, POLICY, ROOM)) == 1


def test_where_the_policy_wants_no_drills_nobody_is_asked_nor_noted_for_one() -> None:
    never = replace(POLICY, drill=replace(POLICY.drill, every=timedelta(0)))
    stage = Stage()
    assert drill(stage.edges, never, ROOM) == ()
    assert stage.store.now.drills == ()

    stage.sweep()
    stage.clock.advance(timedelta(hours=2))
    assert drill(stage.edges, never, ROOM) == ()
    assert stage.queues.notices == []


def test_one_who_wrote_first_is_heard_by_the_next_sweep() -> None:
    stage = Stage()
    stage.sweep()

    def rival() -> None:
        stage.store.now = replace(stage.store.now, version=stage.store.now.version + 1)

    stage.store.interruptions = [rival]
    assert stage.sweep(timedelta(hours=2)) == ()
    assert [one.number for one in stage.sweep()] == [1]


def test_a_queue_that_fails_leaves_the_drill_to_the_sweep_that_sends_again() -> None:
    stage = Stage()
    stage.sweep()
    stage.queues.error = Transient("no")

    with pytest.raises(Transient):
        stage.sweep(timedelta(hours=2))

    assert [notice.incident_id for notice in stage.store.notices] == ["drill:oncall-1"]
