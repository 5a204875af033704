"""A target group names no instance: who is unhealthy there is looked at, once, however often is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.model import Cause, Signal, Source, TargetGroupSignal
from defib.core.rationing import AT_ONCE
from defib.core.stack import Impairment, Stack
from defib.shell.ports import Rejected, Transient
from defib.shell.reconcile import Reconciling
from defib.shell.store import Remembered
from defib.shell.target_group import expanded, look_at_all
from tests.core.facts import NOON, POLICY, after, case, observed
from tests.fakes import FakeClock, FakeJournal, FakeObserver, FakeQueues, FakeStore, FakeSwitch

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/6d0ecf831eec9f09"
ALARM = TargetGroupSignal(ARN, NOON, "alarm web is ALARM")
QUESTION = TargetGroupSignal(ARN, NOON, "asked between two sweeps", until=after(seconds=50))


class Bench:
    """A load balancer, a table, and who is to be looked at."""

    def __init__(self) -> None:
        self.clock, self.store = FakeClock(NOON), FakeStore()
        self.observer = FakeObserver(self.clock)

    def unhealthy(self, *instance_ids: str) -> None:
        self.observer.unhealthy[ARN] = instance_ids

    def looked_at(self, found: TargetGroupSignal) -> list[str]:
        edges = Reconciling(self.clock, self.observer, self.store, FakeQueues(), FakeJournal(), FakeSwitch())
        signals = expanded(found, edges)
        assert {(s.source, s.reason) for s in signals} <= {(Source.LOAD_BALANCER, found.reason)}
        return [signal.instance_id for signal in signals]


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("found", [ALARM, QUESTION])
def test_whoever_is_unhealthy_is_looked_at(bench: Bench, found: TargetGroupSignal) -> None:
    assert bench.looked_at(found) == []
    bench.unhealthy("i-0aa1", "i-0aa2")

    assert bench.looked_at(found) == ["i-0aa1", "i-0aa2"]


def test_who_is_known_to_fail_is_passed_over_by_a_question_and_not_by_an_alarm(bench: Bench) -> None:
    bench.unhealthy("i-0aa1", "i-0aa2")
    known = case(version=0, cause=Cause.APPLICATION_DOWN, look_again_at=after(minutes=3))
    bench.store.remember(Remembered(known, None, ()))

    assert bench.looked_at(QUESTION) == ["i-0aa2"]
    assert bench.looked_at(ALARM) == ["i-0aa1", "i-0aa2"]


def test_a_question_that_comes_when_the_next_sweep_asks_is_not_put(bench: Bench) -> None:
    bench.unhealthy("i-0aa1")
    bench.clock.advance(timedelta(seconds=50))
    bench.observer.errors[ARN] = Transient("never asked")

    assert bench.looked_at(QUESTION) == []
    with pytest.raises(Transient):
        bench.looked_at(ALARM)


def test_while_a_zone_is_impaired_looks_are_left_to_the_sweep(bench: Bench) -> None:
    bench.unhealthy("i-0aa1")
    bench.store.whole = Stack(impaired=(Impairment("us-east-1a", NOON, 40),))

    assert bench.looked_at(QUESTION) == []
    assert bench.looked_at(ALARM) == ["i-0aa1"]


def test_of_a_hundred_that_are_unhealthy_one_question_has_a_few_looked_at(bench: Bench) -> None:
    bench.unhealthy(*(f"i-{n}" for n in range(100)))

    assert 0 < len(bench.looked_at(QUESTION)) < 2 * AT_ONCE
    assert len(bench.looked_at(ALARM)) == 100


def test_a_load_balancer_that_does_not_answer_has_the_question_put_again(bench: Bench) -> None:
    bench.observer.errors[ARN] = Transient("Throttling")

    with pytest.raises(Transient):
        bench.looked_at(QUESTION)


def test_a_group_that_can_not_be_asked_holds_up_nobody_else_of_its_message(bench: Bench) -> None:
    edges = Reconciling(bench.clock, bench.observer, bench.store, FakeQueues(), FakeJournal(), FakeSwitch())
    others = replace(ALARM, target_group_arn=ARN.replace("/web/", "/api/"))
    bench.observer.unhealthy[others.target_group_arn] = ("i-0aa2",)
    bench.observer.errors[ARN] = Rejected("no such target group", "TargetGroupNotFound")
    for instance_id in ("i-0aa1", "i-0aa2"):
        bench.observer.observations[instance_id] = observed(instance_id=instance_id)

    with pytest.raises(Rejected):
        look_at_all([Signal(Source.ALARM, "i-0aa1", NOON, "alarm web is ALARM")], [ALARM, others], edges, POLICY)

    assert [instance_id for instance_id, _ in bench.observer.observed] == ["i-0aa1", "i-0aa2"]
