"""Looking whether everybody can be reached: at its time, after the sweep, and in its way never."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from defib.core.policy import Delivery
from defib.core.reach import Problem, Question, Reach, Readings
from defib.shell.ports import Transient
from defib.shell.reach import AGAIN, LOOK_FOR, ROOM, Look, Looking, look
from defib.shell.store import Conflict
from tests.core.subscribed import GOOD, PHONE, POLICY
from tests.fakes import FakeClock, FakeQueues
from tests.fakes.reach import FakeReachStore, FakeReader

EVERY = POLICY.delivery.check_every
OPTED_OUT = replace(GOOD, opted_out=(PHONE,))


@dataclass
class Stage:
    clock: FakeClock = field(default_factory=FakeClock)
    reader: FakeReader = field(default_factory=lambda: FakeReader(GOOD))
    store: FakeReachStore = field(default_factory=FakeReachStore)
    queues: FakeQueues = field(default_factory=FakeQueues)

    def look(self, left: timedelta = timedelta(seconds=40)) -> Look | None:
        return look(Looking(self.clock, lambda: self.reader, self.store, self.queues), POLICY, left)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_the_first_sweep_looks_and_then_one_every_so_often(stage: Stage) -> None:
    assert stage.look() == Look((), {})
    stage.clock.advance(EVERY - timedelta(seconds=1))
    assert stage.look() is None
    stage.clock.advance(timedelta(seconds=1))
    assert stage.look() is not None
    assert len(stage.reader.asked) == 2


def test_the_operator_says_how_often(stage: Stage) -> None:
    often = replace(POLICY, delivery=Delivery(check_every=timedelta(minutes=5)))
    edges = Looking(stage.clock, lambda: stage.reader, stage.store, stage.queues)

    look(edges, often, ROOM)
    stage.clock.advance(timedelta(minutes=5))

    assert look(edges, often, ROOM) is not None


def test_without_enough_time_left_the_next_sweep_looks_instead(stage: Stage) -> None:
    assert stage.look(left=ROOM - timedelta(milliseconds=1)) is None
    assert stage.reader.asked == []
    assert stage.look(left=ROOM) is not None


def test_it_asks_until_a_deadline_well_before_the_functions(stage: Stage) -> None:
    stage.look()

    assert stage.reader.asked == [stage.clock.now() + LOOK_FOR]
    assert LOOK_FOR < ROOM


def test_no_client_is_made_before_it_is_time() -> None:
    def reader() -> FakeReader:
        raise AssertionError("it was not time")

    store = FakeReachStore(Reach(version=1, looked_at=FakeClock().now()))

    assert look(Looking(FakeClock(), reader, store, FakeQueues()), POLICY, ROOM) is None


def test_where_nobody_is_to_be_told_nobody_is_asked_after(stage: Stage) -> None:
    edges = Looking(stage.clock, lambda: stage.reader, stage.store, stage.queues)

    assert look(edges, replace(POLICY, contacts=()), ROOM) is None


def test_a_new_problem_is_remembered_and_told_once(stage: Stage) -> None:
    stage.reader.says = OPTED_OUT
    for _ in range(3):
        stage.look()
        stage.clock.advance(EVERY)

    (notice,) = stage.queues.notices
    assert stage.store.notices == [notice]
    assert [finding.problem for finding in stage.store.now.findings] == [Problem.OPTED_OUT]


def test_every_look_reports_what_still_holds(stage: Stage) -> None:
    stage.reader.says = OPTED_OUT
    stage.look()
    stage.clock.advance(EVERY)

    again = stage.look()

    assert again is not None
    assert [finding.endpoint for finding in again.findings] == [PHONE]


def test_its_end_is_told_once(stage: Stage) -> None:
    stage.reader.says = OPTED_OUT
    stage.look()
    stage.reader.says = GOOD
    for _ in range(2):
        stage.clock.advance(EVERY)
        stage.look()

    assert [notice.kind for notice in stage.queues.notices] == ["opened", "resolved"]


def test_what_was_not_answered_is_asked_again_soon(stage: Stage) -> None:
    stage.reader.says = Readings(unanswered=dict.fromkeys(Question, "no answer"))

    found = stage.look()
    stage.clock.advance(AGAIN)

    assert found is not None
    assert set(found.unanswered) == set(Question)
    assert stage.queues.notices == []
    assert stage.look() is not None


def test_when_another_sweep_has_looked_meanwhile_nobody_hears_it_twice(stage: Stage) -> None:
    def rival() -> None:
        stage.store.now = replace(stage.store.now, version=1, looked_at=stage.clock.now())

    stage.reader.says = OPTED_OUT
    stage.store.interruptions = [rival]

    assert stage.look() is None
    assert stage.queues.notices == []


def test_a_queue_that_fails_leaves_the_notice_to_the_sweep(stage: Stage) -> None:
    stage.reader.says = OPTED_OUT
    stage.queues.error = Transient("no")

    with pytest.raises(Transient):
        stage.look()

    assert len(stage.store.notices) == 1, "it is due in the table until it has gone out"


def test_a_table_that_fails_is_the_callers_to_tell(stage: Stage) -> None:
    def refuse() -> None:
        raise Transient("throttled")

    stage.store.interruptions = [refuse]

    with pytest.raises(Transient):
        stage.look()
    assert not issubclass(Conflict, Transient)
