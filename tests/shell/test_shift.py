"""A zonal shift is asked for by the sweep, carried out at most once, and told; whatever dies in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.incident import Incident, NoticeKind
from defib.core.model import Switch
from defib.core.policy import Mode, Policy
from defib.core.shift import Move, ShiftAnswer, ShiftOrder
from defib.core.shifting import ended, wanted
from defib.core.stack import Impairment, Stack
from defib.shell.ports import Away, Rejected, Transient, Unanswered
from defib.shell.shift import Shifting, shift
from defib.shell.shifting import pursue_shifts
from defib.shell.store import Conflict
from tests.core.facts import NOON, POLICY
from tests.core.shifted import BALANCER, SERVING, STARTS, A
from tests.fakes import FakeClock, FakeJournal, FakeObserver, FakeQueues, FakeRouter, FakeStore, FakeSwitch

MINUTE = timedelta(minutes=1)


class Bench:
    """A zone that has just been found impaired, and everything that shifts traffic away from it."""

    def __init__(self) -> None:
        self.clock, self.store, self.queues = FakeClock(NOON), FakeStore(), FakeQueues()
        self.router, self.switch, self.journal = FakeRouter(), FakeSwitch(), FakeJournal()
        self.observer = FakeObserver(self.clock, served=dict(SERVING))
        self.store.incidents["zone:us-east-1a", 1] = Incident("zone:us-east-1a", 1, NOON, version=1)
        shifts = wanted(A, "use1-az4", STARTS)
        self.store.whole = Stack(1, impaired=(Impairment(A, NOON, 40, incident=1),), shifts=shifts)

    def sweep(self, policy: Policy = STARTS) -> None:
        now = self.clock.now()
        pursue_shifts(self.store.stack(), self.store, self.queues, self.observer.zone_ids, policy, now)

    def remediate(self, order: ShiftOrder | None = None) -> None:
        edges = Shifting(self.clock, self.observer, self.store, self.router, self.journal, self.switch)
        shift(order or self.queues.shifts[-1], edges, STARTS)

    def told(self) -> list[NoticeKind]:
        return [notice.kind for notice in self.queues.notices]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_wanted_shift_is_ordered_carried_out_and_told(bench: Bench) -> None:
    bench.sweep()
    bench.remediate()
    bench.clock.advance(MINUTE)
    bench.sweep()
    bench.sweep()

    assert bench.router.asked == [("start", BALANCER)]
    assert bench.router.away == {BALANCER: "use1-az4"}
    assert bench.told() == [NoticeKind.PROGRESS]
    assert [line.answer for line in bench.journal.shifts] == [ShiftAnswer.DONE]


def test_what_aws_keeps_away_is_looked_at_again_and_shifted_by_defib_once_aws_does_not(bench: Bench) -> None:
    bench.router.by_aws = Away("AWS has shifted it away by itself")
    bench.sweep()
    bench.remediate()
    bench.clock.advance(MINUTE)
    bench.sweep()
    assert bench.router.away == {}

    bench.router.by_aws = None
    for _ in range(5):
        bench.clock.advance(MINUTE)
        bench.sweep()
    bench.remediate()
    bench.sweep()

    assert bench.router.away == {BALANCER: "use1-az4"}
    assert bench.told() == [NoticeKind.PROGRESS, NoticeKind.PROGRESS]


def test_what_would_take_the_place_of_aws_own_shift_is_held_and_looked_at_again(bench: Bench) -> None:
    bench.router.by_aws = Away("AWS has shifted it away from use1-az2 by itself", held=True)
    bench.sweep()
    bench.remediate()
    bench.sweep()
    assert (bench.store.whole.shifts[0].answer, bench.told()) == (ShiftAnswer.HELD, [NoticeKind.HELD])

    bench.router.by_aws = None
    bench.clock.advance(timedelta(minutes=5))
    bench.sweep()
    bench.remediate()

    assert bench.router.away == {BALANCER: "use1-az4"}


def test_what_nobody_knows_of_is_ended_though_the_next_order_was_held(bench: Bench) -> None:
    bench.sweep()
    bench.router.error = Unanswered("no answer")
    bench.remediate()
    bench.router.error, bench.switch.says = None, Switch.OFF
    bench.clock.advance(MINUTE)
    bench.sweep()
    bench.remediate()
    assert bench.store.whole.shifts[0].answer is ShiftAnswer.HELD

    assert [shift.move for shift in ended(bench.store.whole.shifts, A)] == [Move.END]


def test_it_is_ended_when_the_zone_has_recovered(bench: Bench) -> None:
    bench.sweep()
    bench.remediate()
    (done,) = bench.store.whole.shifts
    ending = replace(done, move=Move.END, ordered_at=None, claimed_at=None, answer=None, said=None)
    bench.store.whole = replace(bench.store.whole, impaired=(), shifts=(ending,))

    bench.sweep()
    bench.remediate()
    bench.sweep()
    bench.sweep()

    assert bench.router.away == {}
    assert bench.told() == [NoticeKind.PROGRESS]
    assert bench.store.whole.shifts == ()


OBSERVED = replace(STARTS, services=(replace(STARTS.services[0], mode=Mode.OBSERVE),))


@pytest.mark.parametrize("policy", [POLICY, OBSERVED], ids=["recommended", "observed"])
@pytest.mark.parametrize("begun", [True, False])
def test_what_the_policy_no_longer_lets_defib_shift_is_ordered_no_more_and_peoples_business(
    bench: Bench, policy: Policy, begun: bool
) -> None:
    """No function has a right to it then, and the sweep no queue: it would fail each minute until the shift ends."""
    if begun:
        bench.sweep()
        bench.remediate()
        given_back = ended(bench.store.whole.shifts, A)
        bench.store.whole = replace(bench.store.whole, impaired=(), shifts=given_back)
    ordered = len(bench.queues.shifts)
    for _ in range(3):
        bench.clock.advance(MINUTE)
        bench.sweep(policy)

    assert len(bench.queues.shifts) == ordered
    (said,) = bench.queues.notices
    assert said.kind is NoticeKind.ESCALATED
    assert "defib.toml no longer lets Defib shift it" in said.body
    asked = ("cancel-zonal-shift", "the shift ends by itself at 15:00 UTC") if begun else ("start-zonal-shift",)
    assert all(words in said.body for words in asked), said.body
    assert (bench.store.whole.shifts == ()) is begun


def test_an_order_delivered_twice_is_carried_out_once(bench: Bench) -> None:
    bench.sweep()
    bench.remediate()
    bench.remediate()

    assert len(bench.router.asked) == 1


def test_of_two_who_have_the_same_order_at_once_one_carries_it_out(bench: Bench) -> None:
    def rival() -> None:
        (asked,) = bench.store.whole.shifts
        claimed = replace(asked, claimed_at=bench.clock.now())
        bench.store.whole = replace(bench.store.whole, version=bench.store.whole.version + 1, shifts=(claimed,))

    bench.sweep()
    bench.store.interruptions = [rival]
    bench.remediate()

    assert bench.router.asked == []


def test_what_came_of_a_call_is_forgotten_where_something_else_is_wanted_since(bench: Bench) -> None:
    class Recovering(FakeRouter):
        """The zone has recovered before the call ends."""

        def start(self, load_balancer: str, zone_id: str, lasts: timedelta, reason: str) -> Away:
            (asked,) = bench.store.whole.shifts
            bench.store.whole = replace(bench.store.whole, shifts=(replace(asked, move=Move.END, ordered_at=None),))
            return super().start(load_balancer, zone_id, lasts, reason)

    bench.router = Recovering()
    bench.sweep()
    bench.remediate()

    (wanted_now,) = bench.store.whole.shifts
    assert (wanted_now.move, wanted_now.answer) == (Move.END, None)
    assert [line.answer for line in bench.journal.shifts] == [ShiftAnswer.DONE], "it is in the log all the same"


def test_an_order_that_is_lost_is_sent_again_and_the_old_one_has_no_effect(bench: Bench) -> None:
    bench.sweep()
    bench.clock.advance(MINUTE)
    bench.sweep()
    first, second = bench.queues.shifts
    bench.remediate(first)
    assert bench.router.asked == []

    bench.remediate(second)
    assert bench.router.asked == [("start", BALANCER)]


def test_one_that_dies_after_its_claim_is_ordered_again(bench: Bench) -> None:
    class Died(BaseException):
        pass

    bench.sweep()
    bench.router.error = Died()  # type: ignore[assignment]  # a kill is no Exception
    with pytest.raises(Died):
        bench.remediate()
    bench.router.error = None

    bench.sweep()
    assert len(bench.queues.shifts) == 1, "it may still be at work"
    bench.clock.advance(MINUTE)
    bench.sweep()
    bench.remediate()

    assert bench.store.whole.shifts[0].answer is ShiftAnswer.DONE


def test_the_kill_switch_holds_a_shift_that_is_already_ordered_and_people_hear_of_it_once(bench: Bench) -> None:
    bench.sweep()
    bench.switch.says = Switch.OFF
    bench.remediate()
    for _ in range(12):
        bench.clock.advance(MINUTE)
        bench.sweep()
        if len(bench.queues.shifts) > 1 and bench.store.whole.shifts[0].claimed_at is None:
            bench.remediate()

    assert bench.router.asked == []
    assert bench.told() == [NoticeKind.HELD]

    bench.switch.says = Switch.ON
    bench.clock.advance(timedelta(minutes=5))
    bench.sweep()
    bench.remediate()
    assert bench.router.away == {BALANCER: "use1-az4"}


@pytest.mark.parametrize(
    ("error", "answer", "orders"),
    [
        (Transient("throttled"), ShiftAnswer.RETRY, 5),
        (Unanswered("no answer"), ShiftAnswer.LOST, 5),
        (Rejected("ARC does not manage it"), ShiftAnswer.REFUSED, 1),
    ],
)
def test_what_arc_refuses_is_tried_a_few_times_at_most_and_then_peoples_business(
    bench: Bench, error: Exception, answer: ShiftAnswer, orders: int
) -> None:
    bench.router.error = error
    for _ in range(10):
        bench.sweep()
        bench.remediate()
        bench.clock.advance(MINUTE)

    assert bench.store.whole.shifts[0].answer is answer
    assert (len(bench.queues.shifts), len(bench.router.asked)) == (orders, orders)
    assert bench.told() == [NoticeKind.ESCALATED]


def test_others_who_write_the_stack_meanwhile_lose_nothing(bench: Bench) -> None:
    def rival() -> None:
        bench.store.whole = replace(bench.store.whole, version=bench.store.whole.version + 1)

    bench.store.interruptions += [rival]
    bench.sweep()
    bench.store.interruptions += [rival, rival]
    bench.remediate()

    assert bench.router.asked == [("start", BALANCER)]
    assert bench.store.whole.shifts[0].answer is ShiftAnswer.DONE


def test_an_order_that_never_gets_to_claim_is_delivered_again(bench: Bench) -> None:
    def rival() -> None:
        bench.store.whole = replace(bench.store.whole, version=bench.store.whole.version + 1)

    bench.sweep()
    bench.store.interruptions += [rival] * 8
    with pytest.raises(Conflict):
        bench.remediate()

    assert bench.router.asked == []


def test_a_zone_whose_id_ec2_did_not_tell_waits_for_it(bench: Bench) -> None:
    (shift_,) = bench.store.whole.shifts
    bench.store.whole = replace(bench.store.whole, shifts=(replace(shift_, zone_id=""),))

    def unknown() -> dict[str, str]:
        raise Transient("no answer")

    pursue_shifts(bench.store.stack(), bench.store, bench.queues, unknown, STARTS, NOON)
    assert bench.queues.shifts == []

    bench.sweep()
    bench.remediate()
    assert bench.router.away == {BALANCER: "use1-az4"}
