"""One intent, carried out at most once, and only if it still stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from defib.core.case import Action, Case
from defib.core.effect import Perform
from defib.core.model import Checks, Observation, Result, Switch, Verdict
from defib.core.policy import Mode, Policy
from defib.core.step import step
from defib.core.traits import Traits
from defib.shell.perform import DEAD, LOOK_HOLDS, Performing, perform
from defib.shell.ports import Rejected, Transient, Unanswered
from defib.shell.store import Conflict, Remembered
from infra.functions import SHAPES
from tests.core.facts import NOON, OK, POLICY, after, attempt, case, impaired, observed, policy
from tests.fakes import FakeActor, FakeClock, FakeJournal, FakeObserver, FakeQueues, FakeStore, FakeSwitch

UNANSWERED = Traits(unread="describing instance type m7g.large: no answer", unanswered=True)
BAD = observed(checks=Checks(OK, impaired(after(minutes=-5))))


class Bench:
    """A stored case that wants a reboot, and everything that carries it out."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOON)
        self.store, self.actor, self.queues = FakeStore(), FakeActor(), FakeQueues()
        self.journal = FakeJournal()
        self.switch: FakeSwitch | None = FakeSwitch()
        self.observer = FakeObserver(self.clock, {"i-0aa1": BAD})
        wanted, effects = step(case(attempt(Action.EVIDENCE), version=0), BAD, POLICY, NOON)
        self.case: Case = self.store.remember(Remembered(wanted, None, ())).case
        self.order = next(e for e in effects if isinstance(e, Perform))

    def perform(self, order: Perform | None = None, policy: Policy = POLICY) -> None:
        edges = Performing(self.clock, self.observer, self.store, self.actor, self.queues, self.journal, self.switch)
        perform(order or self.order, edges, policy)

    def wanting_a_stop(self) -> Perform:
        """The order of a later case, which a reboot has not cured."""
        tried = (attempt(Action.EVIDENCE, after(minutes=-15)), attempt(Action.REBOOT, after(minutes=-14)))
        wanted, effects = step(case(*tried, number=2, version=0), BAD, POLICY, NOON)
        self.store.remember(Remembered(wanted, None, ()))
        return next(e for e in effects if isinstance(e, Perform))

    @property
    def results(self) -> list[Result]:
        return [s.result for s in self.queues.signals if s.result is not None]

    @property
    def actions(self) -> list[Action]:
        return [a.action for a, _, _ in self.actor.performed]


class SlowSwitch(FakeSwitch):
    """Its answer takes a while."""

    def __init__(self, clock: FakeClock, takes: timedelta) -> None:
        super().__init__()
        self._clock = clock
        self._takes = takes

    def read(self) -> Switch:
        self._clock.advance(self._takes)
        return super().read()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_an_intent_is_claimed_carried_out_and_reported(bench: Bench) -> None:
    bench.perform()

    assert bench.actions == [Action.REBOOT]
    assert [r.verdict for r in bench.results] == [Verdict.DONE]
    stored = bench.store.latest_case("i-0aa1")
    assert stored is not None
    assert stored.intent is not None
    assert stored.intent.claimed_at == NOON


def test_the_claim_is_stored_before_the_act(bench: Bench) -> None:
    bench.actor.answers[Action.REBOOT] = RuntimeError("the process dies here")

    with pytest.raises(RuntimeError):
        bench.perform()
    bench.actor.answers.clear()
    bench.perform()

    assert bench.actions == [Action.REBOOT]


def test_a_second_delivery_does_nothing(bench: Bench) -> None:
    bench.perform()
    bench.perform()

    assert bench.actions == [Action.REBOOT]


def test_a_rival_that_claims_first_has_it(bench: Bench) -> None:
    def rival() -> None:
        raise Conflict("claimed by another")

    bench.store.interruptions = [rival]
    bench.perform()

    assert bench.actions == []
    assert bench.results == []


STALE = [
    Perform("i-0aa1-2", "i-0aa1", 2, Action.REBOOT),
    Perform("i-0aa1-1", "i-0aa1", 1, Action.EVIDENCE),
    Perform("i-0bb2-1", "i-0bb2", 1, Action.STOP),
]


@pytest.mark.parametrize("order", STALE)
def test_an_order_for_anything_but_the_pending_intent_is_dropped(bench: Bench, order: Perform) -> None:
    bench.perform(order)

    assert bench.actions == []


def test_an_overdue_order_is_dropped(bench: Bench) -> None:
    bench.clock.advance(POLICY.repair.act_timeout)
    bench.perform()

    assert bench.actions == []


def test_an_order_that_is_overdue_once_it_has_looked_is_dropped_untouched(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = bench.observer.observe

    def slowly(*asked: Any, **near: Any) -> Observation:
        bench.clock.advance(POLICY.repair.act_timeout)
        return look(*asked, **near)

    monkeypatch.setattr(bench.observer, "observe", slowly)
    bench.perform()

    case = bench.store.latest_case("i-0aa1")
    assert bench.actions == []
    assert case is not None
    assert case.intent is not None
    assert case.intent.claimed_at is None


def test_an_order_is_dropped_when_the_world_has_moved(bench: Bench) -> None:
    bench.observer.observations["i-0aa1"] = observed()
    bench.perform()

    assert bench.actions == []
    assert [r.verdict for r in bench.results] == [Verdict.ABANDONED]
    assert "works again" in bench.results[0].detail


def test_an_order_is_dropped_when_something_else_would_be_done_by_now(bench: Bench) -> None:
    """Its host fails, too: a reboot can't mend that any more."""
    bench.observer.observations["i-0aa1"] = observed(checks=Checks(impaired(after(minutes=-5)), impaired(NOON)))
    bench.perform()

    assert bench.actions == []
    assert [r.verdict for r in bench.results] == [Verdict.ABANDONED]
    assert "only a stop and start moves it to another host" in bench.results[0].detail


def test_an_order_is_dropped_when_the_instance_was_opted_out_meanwhile(bench: Bench) -> None:
    bench.observer.observations["i-0aa1"] = observed(checks=BAD.checks, tags={"service": "web"})
    bench.perform()

    assert bench.actions == []


def test_the_kill_switch_stops_an_order_that_is_already_on_its_way(bench: Bench) -> None:
    bench.switch = FakeSwitch(Switch.OFF)
    bench.perform()

    assert bench.actions == []
    assert [r.verdict for r in bench.results] == [Verdict.ABANDONED]
    assert "kill switch" in bench.results[0].detail


@pytest.mark.parametrize(("takes", "made"), [(LOOK_HOLDS, True), (LOOK_HOLDS + timedelta(seconds=1), False)])
def test_no_act_rests_on_a_look_that_is_old_by_then(bench: Bench, takes: timedelta, made: bool) -> None:
    """Where a call hangs for a while: somebody may have pulled the kill switch, or the instance works again."""
    bench.switch = SlowSwitch(bench.clock, takes)
    bench.perform()

    assert bench.actions == ([Action.REBOOT] if made else [])
    assert [r.verdict for r in bench.results] == [Verdict.DONE if made else Verdict.ABANDONED]
    assert made or bench.results[0].detail == "the look just before was 11 s old by then"


@pytest.mark.parametrize("switch", [FakeSwitch(Switch.UNREADABLE), None])
def test_a_kill_switch_that_cannot_be_read_stops_an_order_and_is_told_of(
    bench: Bench, switch: FakeSwitch | None
) -> None:
    bench.switch = switch
    with pytest.raises(Unanswered):
        bench.perform()

    assert bench.actions == []
    assert [r.verdict for r in bench.results] == [Verdict.RETRY]
    assert "kill switch" in bench.results[0].detail


def test_a_switch_that_cannot_be_read_is_not_blamed_for_what_something_else_forbids(bench: Bench) -> None:
    bench.switch = None
    bench.perform(policy=policy(mode=Mode.OBSERVE))

    assert bench.actions == []
    assert [r.verdict for r in bench.results] == [Verdict.ABANDONED]


def test_a_reboot_does_not_wait_to_hear_what_a_stop_would_destroy(bench: Bench) -> None:
    bench.observer.observations["i-0aa1"] = replace(BAD, traits=UNANSWERED)
    bench.perform()

    assert bench.actions == [Action.REBOOT]


def test_a_stop_does_and_is_tried_again_and_told_of(bench: Bench) -> None:
    bench.observer.observations["i-0aa1"] = replace(BAD, traits=UNANSWERED)
    order = bench.wanting_a_stop()
    with pytest.raises(Unanswered):
        bench.perform(order)

    assert bench.actions == []
    assert [r.verdict for r in bench.results] == [Verdict.RETRY]


def test_an_order_that_comes_again_after_its_taker_died_is_reported_lost_at_once(bench: Bench) -> None:
    bench.queues.error = Unanswered("no answer")
    with pytest.raises(Unanswered):
        bench.perform()
    bench.queues.error = None
    bench.clock.advance(timedelta(seconds=10))
    bench.perform()
    assert bench.results == []

    bench.clock.advance(DEAD)
    bench.perform()

    assert bench.actions == [Action.REBOOT]
    assert [r.verdict for r in bench.results] == [Verdict.LOST]
    assert timedelta(seconds=SHAPES["remediate"].timeout_s) < DEAD < POLICY.repair.act_timeout


@pytest.mark.parametrize("order", STALE)
def test_an_order_for_anything_else_says_nothing_of_the_intent_that_was_taken_up(bench: Bench, order: Perform) -> None:
    bench.perform()
    bench.queues.signals.clear()
    bench.clock.advance(DEAD)
    bench.perform(order)

    assert bench.results == []


@pytest.mark.parametrize(
    ("error", "verdict"),
    [(Transient("slow down"), Verdict.RETRY), (Rejected("not allowed"), Verdict.REFUSED)],
)
def test_an_error_is_reported_as_what_must_be_done_about_it(bench: Bench, error: Exception, verdict: Verdict) -> None:
    bench.actor.answers[Action.REBOOT] = error
    bench.perform()

    assert [(r.verdict, r.detail) for r in bench.results] == [(verdict, str(error))]
    assert [r.verdict for _, r in bench.journal.results] == [verdict]


def test_nothing_is_claimed_when_the_instance_cannot_be_observed(bench: Bench) -> None:
    bench.observer.errors["i-0aa1"] = Transient("no answer")

    with pytest.raises(Transient):
        bench.perform()

    stored = bench.store.latest_case("i-0aa1")
    assert stored == bench.case
    bench.observer.errors.clear()
    bench.clock.advance(timedelta(seconds=10))
    bench.perform()
    assert bench.actions == [Action.REBOOT]
