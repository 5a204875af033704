"""Orders that are lost, doubled or overtaken, and rivals: an act is carried out at most once, and decided afresh."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from defib.core.case import Action, Outcome
from defib.core.effect import Perform
from defib.core.incident import Incident, Member, NoticeKind, Phase
from defib.core.model import Cause, InstanceState, Peers, Signal, Source, Verdict
from defib.core.stack import Begun, Stack
from defib.shell.ports import Transient, Unanswered
from defib.shell.reconcile import AFRESH_WITHIN, CONFLICTS_MAX, Reconciling, reconcile
from defib.shell.store import Conflict
from tests.core.facts import NOON, policy
from tests.shell.machine import INSTANCE, Failing, Machine, ProcessDied, broken

POLICY = policy(minimum_healthy=1)


def test_a_rivals_write_makes_defib_decide_again_on_what_is_now_true() -> None:
    machine = Machine(POLICY)
    machine.break_down()
    machine.clock.advance(timedelta(minutes=2))

    def rival() -> None:
        raise Conflict("someone was first")

    machine.store.interruptions = [rival, rival]
    machine.look()

    assert machine.case is not None
    assert machine.acts == [Action.EVIDENCE, Action.REBOOT]


def test_endless_rivals_leave_the_signal_for_another_delivery() -> None:
    machine = Machine(POLICY)
    machine.break_down()
    machine.observe()

    def rival() -> None:
        raise Conflict("someone was first")

    machine.store.interruptions = [rival] * CONFLICTS_MAX
    edges = Reconciling(machine.clock, machine.observer, machine.store, machine.queues, machine.journal, machine.switch)
    with pytest.raises(Conflict, match="delivered again"):
        reconcile(Signal(Source.SWEEP, INSTANCE, machine.clock.now(), "x"), edges, POLICY)


@pytest.mark.parametrize(("took", "looks"), [(AFRESH_WITHIN, 2), (AFRESH_WITHIN + timedelta(seconds=1), 1)])
def test_after_a_call_that_hung_no_second_look_outlasts_the_function(took: timedelta, looks: int) -> None:
    machine = Machine(POLICY)
    machine.break_down()
    machine.observe()
    written: list[datetime] = []

    def rival() -> None:
        written.append(machine.clock.now())
        if len(written) == 1:
            machine.clock.advance(took)
            raise Conflict("someone was first")

    machine.store.interruptions = [rival, rival]
    edges = Reconciling(machine.clock, machine.observer, machine.store, machine.queues, machine.journal, machine.switch)
    with pytest.raises(Conflict, match="delivered again") if looks == 1 else nullcontext():
        reconcile(Signal(Source.SWEEP, INSTANCE, machine.clock.now(), "x"), edges, POLICY)

    assert len(written) == looks


def test_an_order_that_is_lost_is_decided_afresh_after_its_deadline() -> None:
    machine = Machine(POLICY)
    machine.break_down()
    machine.clock.advance(timedelta(minutes=2))
    machine.queues.orders = _Lost()

    machine.look()
    machine.queues.orders = []
    case = machine.run()

    assert case.outcome is Outcome.HEALED
    assert case.attempts[0].result is not None
    assert case.attempts[0].result.verdict is Verdict.LOST


class _Lost(list):  # type: ignore[type-arg]  # a queue that loses everything
    def append(self, _item: object) -> None:
        return None


def test_an_order_delivered_twice_is_carried_out_once() -> None:
    machine = Machine(POLICY)
    machine.break_down()
    machine.clock.advance(timedelta(minutes=2))
    machine.observe()
    edges = Reconciling(machine.clock, machine.observer, machine.store, machine.queues, machine.journal, machine.switch)
    reconcile(Signal(Source.SWEEP, INSTANCE, machine.clock.now(), "x"), edges, POLICY)
    machine.queues.orders = machine.queues.orders * 3

    machine.work()

    assert machine.acts == [Action.EVIDENCE, Action.REBOOT]


def test_an_order_is_dropped_when_the_instance_has_recovered_meanwhile() -> None:
    machine = broken(POLICY)
    machine.clock.advance(timedelta(minutes=1))
    machine.observe()
    edges = Reconciling(machine.clock, machine.observer, machine.store, machine.queues, machine.journal, machine.switch)
    reconcile(Signal(Source.WAKE, INSTANCE, machine.clock.now(), "x"), edges, POLICY)
    machine.work(until=Action.REBOOT)
    machine.sick = False
    machine.observe()
    machine.work()

    assert Action.REBOOT not in machine.acts
    case = machine.case
    assert case is not None
    assert case.attempts[-1].result is not None
    assert case.attempts[-1].result.verdict is Verdict.ABANDONED


def test_where_fewer_run_than_when_it_was_decided_an_order_is_dropped_and_its_place_is_given_back() -> None:
    machine = Machine(POLICY)
    another = Begun("another-1", NOON)
    machine.store.whole = Stack(running=10, begun=(another,))
    machine.break_down()
    machine.clock.advance(timedelta(minutes=2))
    machine.observe()
    edges = Reconciling(machine.clock, machine.observer, machine.store, machine.queues, machine.journal, machine.switch)
    reconcile(Signal(Source.SWEEP, INSTANCE, machine.clock.now(), "x"), edges, POLICY)
    machine.work(until=Action.REBOOT)
    assert machine.store.whole.under_repair("another-1") == 1

    machine.store.whole = replace(machine.store.whole, running=9)
    machine.work()
    assert machine.acts == [Action.EVIDENCE]
    assert machine.case is not None
    assert machine.case.held_by == "stack_share"
    assert machine.store.whole.under_repair("another-1") == 0

    machine.store.whole = replace(machine.store.whole, begun=())
    assert machine.run().outcome is Outcome.HEALED


LADDER = (
    *(Action.REBOOT, Action.DRAIN, Action.STOP, Action.FORCE_STOP, Action.SKIP_OS_SHUTDOWN),
    *(Action.RESIZE, Action.START, Action.RESTORE),
)
FORCES = (Action.FORCE_STOP, Action.SKIP_OS_SHUTDOWN)
TROUBLE = [Unanswered("no answer"), ProcessDied()]
HANGS = timedelta(hours=9)
FULL = Transient("no room", code="InsufficientInstanceCapacity")


def broken_so_that_it_comes_to(action: Action) -> Machine:
    match action:
        case Action.FORCE_STOP:
            return broken(POLICY, stop_takes=HANGS)
        case Action.SKIP_OS_SHUTDOWN:
            allowed = policy(minimum_healthy=1, allow_skip_os_shutdown=True)
            return broken(allowed, stop_takes=HANGS, force_stop_takes=HANGS)
        case Action.RESIZE:
            return broken(
                policy(minimum_healthy=1, fallback_types=("m6g.large",)), fault=Failing(Action.START, FULL, times=3)
            )
        case _:
            return broken(POLICY)


@pytest.mark.parametrize("error", TROUBLE, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("action", LADDER)
def test_an_act_whose_answer_is_lost_though_it_was_carried_out_leaves_nothing_half_done(
    action: Action, error: BaseException
) -> None:
    machine = broken_so_that_it_comes_to(action)
    machine.aftermath = lost = Failing(action, error, times=1)
    case = machine.run()

    assert lost.times == 0
    assert case.outcome is Outcome.HEALED
    assert machine.state is InstanceState.RUNNING
    assert machine.registered
    assert "nothing to it" not in case.reason


def losing(action: Action, error: BaseException, times: int = 1) -> Machine:
    """One of whose orders the first for ``action``, or the first ``times``, are lost before they are carried out."""
    machine = broken_so_that_it_comes_to(action)
    before, lost = machine.fault, Failing(action, error, times)

    def fault(asked: Action) -> None:
        lost(asked)
        if before is not None:
            before(asked)

    machine.fault = fault
    machine.run()
    assert lost.times == 0
    return machine


@pytest.mark.parametrize("error", TROUBLE, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("action", LADDER)
def test_an_act_that_was_lost_before_it_was_carried_out_is_decided_afresh(action: Action, error: BaseException) -> None:
    machine = losing(action, error)

    assert machine.case is not None
    assert machine.case.outcome is Outcome.HEALED
    assert machine.state is InstanceState.RUNNING
    assert machine.registered
    assert action not in FORCES or machine.acts.count(action) == 1


def test_a_stop_that_ends_while_its_repeated_force_is_on_its_way_is_not_forced() -> None:
    machine = broken(POLICY, stop_takes=HANGS)
    machine.fault = lost = Failing(Action.FORCE_STOP, Unanswered("no answer"), times=1)
    original, overtaken = machine.queues.perform, list[Perform]()

    def on_its_way(order: Perform) -> None:
        if order.action is Action.FORCE_STOP and lost.times == 0:
            machine.state, machine.changes_at = InstanceState.STOPPED, None
            machine.observe()
            overtaken.append(order)
        original(order)

    machine.queues.perform = on_its_way  # type: ignore[method-assign,assignment]  # the same call, and what happens meanwhile
    case = machine.run()

    assert len(overtaken) == 1
    assert Action.FORCE_STOP not in machine.acts
    assert case.outcome is Outcome.HEALED


@pytest.mark.parametrize("action", FORCES)
def test_force_that_is_lost_twice_is_peoples_business(action: Action) -> None:
    machine = losing(action, Unanswered("no answer"), times=2)

    assert action not in machine.acts
    assert machine.notices[-1].kind is NoticeKind.ESCALATED
    assert "it does not stop even when forced" in machine.notices[-1].subject
    told = [n.subject for n in machine.notices if n.kind is NoticeKind.PROGRESS]
    assert len(told) == len(set(told))


def test_every_order_names_an_intent_that_was_stored_first() -> None:
    machine = broken(POLICY)
    seen: list[int] = []
    original = machine.queues.perform

    def checked(effect: object) -> None:
        stored = machine.case
        assert stored is not None
        assert stored.intent is not None
        seen.append(stored.intent.number)
        original(effect)  # type: ignore[arg-type]  # the same call, watched

    machine.queues.perform = checked  # type: ignore[method-assign]  # watching the order of events
    machine.run()

    assert seen == [1, 2, 3, 4, 5, 6]


def test_two_cases_of_a_service_never_repair_at_once_when_one_is_allowed() -> None:
    machine = broken(POLICY)
    machine.clock.advance(timedelta(minutes=1))
    machine.look()
    incident = machine.store.latest_incident("web")
    assert incident is not None
    rival = replace(incident.members[0], case_id="i-other-1", instance_id="i-other")
    machine.store.incidents["web", 1] = replace(incident, members=(*incident.members, rival))

    machine.run(timedelta(minutes=8))

    assert Action.STOP not in machine.acts


def test_another_that_is_under_repair_is_not_counted_on_though_ec2_calls_it_healthy() -> None:
    both = Peers(running=2, healthy=2, healthy_ids=frozenset({"i-other", "i-third"}))
    machine = broken(policy(minimum_healthy=2, concurrent_repairs=2), peers=both)
    machine.clock.advance(timedelta(minutes=1))
    machine.look()
    incident = machine.store.latest_incident("web")
    assert incident is not None
    drained = replace(incident.members[0], case_id="i-other-1", instance_id="i-other", phase=Phase.REPAIRING)
    machine.store.incidents["web", 1] = replace(incident, members=(*incident.members, drained))

    case = machine.run(timedelta(minutes=8))

    assert Action.STOP not in machine.acts
    assert case.held_by == "others_under_repair"
    assert NoticeKind.HELD not in [notice.kind for notice in machine.notices], "it waits for its turn"


@pytest.mark.parametrize("limits", [{"replicated": True}, {"minimum_healthy": 2}], ids="".join)
@pytest.mark.parametrize("phase", [Phase.WATCHING, Phase.HELD, Phase.HANDED_OVER])
def test_another_that_has_failed_is_not_counted_on_though_ec2_calls_it_healthy(
    limits: dict[str, Any], phase: Phase
) -> None:
    machine, failed = beside_another(limits, phase)
    machine.store.incidents["web", 1] = failed

    case = machine.run(timedelta(minutes=8))

    assert Action.STOP not in machine.acts
    assert case.held_by == next(iter(limits))


def test_another_whose_case_is_over_or_about_announced_work_is_counted_on() -> None:
    for changes in ({"phase": Phase.CLOSED}, {"phase": Phase.HANDED_OVER, "cause": Cause.EVENT_SCHEDULED}):
        machine, failed = beside_another({"replicated": True}, Phase.HANDED_OVER)
        mine, other = failed.members
        machine.store.incidents["web", 1] = replace(failed, members=(mine, replace(other, **changes)))

        machine.run(timedelta(minutes=8))

        assert Action.STOP in machine.acts


def beside_another(limits: dict[str, Any], phase: Phase) -> tuple[Machine, Incident]:
    """One that fails, of three, and its incident, in which another is of which EC2 says that it works."""
    both = Peers(running=2, healthy=2, healthy_ids=frozenset({"i-other", "i-third"}))
    machine = broken(policy(**limits), peers=both)
    machine.clock.advance(timedelta(minutes=1))
    machine.look()
    incident = machine.store.latest_incident("web")
    assert incident is not None
    (mine,) = incident.members
    other = replace(
        mine, case_id="i-other-1", instance_id="i-other", cause=Cause.APPLICATION_DOWN, phase=phase, idle=False
    )
    return machine, replace(incident, members=(mine, other))


def test_what_waits_behind_one_whose_repair_never_ends_is_handed_over_in_the_end() -> None:
    machine = Machine(policy(concurrent_repairs=1))
    another = Member("i-0bb2-1", "i-0bb2", "web-1", "us-east-1a", Cause.SYSTEM_IMPAIRED, NOON, Phase.REPAIRING)
    machine.store.incidents["web", 1] = Incident("web", 1, NOON, version=1, members=(another,))
    machine.store.whole = Stack(running=100, begun=(Begun("i-0bb2-1", NOON + timedelta(minutes=5)),))
    machine.break_down()
    machine.look()
    case = machine.run(timedelta(minutes=78))
    assert (case.held_by, case.handed_over_at) == ("concurrent_repairs", None)

    case = machine.run(timedelta(minutes=4))

    assert case.handed_over_at is not None
    assert "for 75 minutes no other has come" in machine.notices[-1].body
    assert machine.acts == [Action.EVIDENCE]
