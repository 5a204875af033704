"""The shell over the core: the whole ladder in memory, and when it looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from defib.core.case import Action, Outcome
from defib.core.incident import NoticeKind
from defib.core.model import Cause, InstanceState, Peers, Signal, Source, Verdict
from defib.core.policy import Mode
from defib.core.stack import Stack
from defib.core.traits import Traits
from defib.shell.ports import Transient, Unanswered
from defib.shell.reconcile import Reconciling, look_at, reconcile
from tests.core.facts import NOON, after, attempt, case, policy
from tests.shell.machine import INSTANCE, Failing, Machine, broken
from tests.shell.sweeping import Silent

POLICY = policy(minimum_healthy=1)


def test_a_zombie_that_no_reboot_cures_is_stopped_started_verified_and_put_back() -> None:
    machine = broken(POLICY)
    case = machine.run()

    assert machine.acts == [
        Action.EVIDENCE,
        Action.REBOOT,
        Action.DRAIN,
        Action.STOP,
        Action.START,
        Action.RESTORE,
    ]
    assert case.outcome is Outcome.HEALED
    assert machine.registered
    assert [n.kind for n in machine.notices] == [NoticeKind.OPENED, NoticeKind.PROGRESS, NoticeKind.RESOLVED]


def test_the_trail_says_why_each_act_was_decided_and_that_the_case_was_closed() -> None:
    machine = broken(POLICY)
    case = machine.run()
    decided = [entry for entry in machine.store.audit if entry.decision.startswith("act:")]

    assert [entry.decision for entry in decided] == [f"act:{action}" for action in machine.acts]
    assert [entry.attempt.number for entry in decided if entry.attempt is not None] == [a.number for a in case.attempts]
    assert all(entry.reason for entry in machine.store.audit)
    assert machine.store.audit[-1].decision == "close:healed"


def test_every_decision_is_a_line_in_the_log_beside_what_the_case_was_before() -> None:
    machine = broken(POLICY)
    closed = machine.run()
    lines = machine.journal.decisions

    assert [now.intent.action for _, now, _ in lines if now.intent is not None] == machine.acts
    assert (lines[0][0], lines[-1][1].outcome) == (None, Outcome.HEALED)
    assert lines[-1][0] is not None
    assert lines[-1][0].attempts == closed.attempts


@pytest.mark.parametrize(
    ("lasts", "acts", "kinds"),
    [
        (timedelta(minutes=9), [], []),
        (timedelta(minutes=13), [Action.EVIDENCE, Action.REBOOT], [NoticeKind.OPENED, NoticeKind.RESOLVED]),
    ],
    ids=["while a launch may take as long", "for longer than a launch may take"],
)
def test_what_somebody_reboots_is_let_boot_and_then_rebooted_but_not_stopped(
    lasts: timedelta, acts: list[Action], kinds: list[NoticeKind]
) -> None:
    machine = Machine(POLICY)
    machine.changes_at = machine.clock.now() + lasts
    machine.look()
    case = machine.run()

    assert machine.acts == acts
    assert case.outcome is (Outcome.HEALED if acts else Outcome.RECOVERED)
    assert [notice.kind for notice in machine.notices] == kinds


def test_the_page_is_told_to_follow_each_time_that_an_incident_changes() -> None:
    machine = broken(POLICY)
    machine.run()
    incident = machine.store.latest_incident("web")

    assert incident is not None
    assert machine.queues.changes == [f"web-1-{version}" for version in range(1, incident.version + 1)]


def test_a_look_that_finds_nothing_new_writes_nothing() -> None:
    machine = broken(POLICY)
    before = machine.case
    machine.look()

    assert machine.case is before


def test_a_reboot_that_cures_ends_the_ladder() -> None:
    machine = broken(POLICY, cures=frozenset({Action.REBOOT}))

    assert machine.run().outcome is Outcome.HEALED
    assert machine.acts == [Action.EVIDENCE, Action.REBOOT]


def test_one_that_nothing_cures_is_handed_over_after_two_restarts() -> None:
    machine = broken(POLICY, cures=frozenset())
    case = machine.run()

    assert machine.acts.count(Action.START) == 2
    assert case.handed_over_at is not None
    assert case.closed_at is None
    assert machine.notices[-1].kind is NoticeKind.ESCALATED


def test_one_handed_over_that_people_mend_is_put_back_and_closed() -> None:
    machine = broken(POLICY, cures=frozenset())
    machine.run()
    machine.sick = False
    case = machine.run(timedelta(minutes=10))

    assert case.outcome is Outcome.RECOVERED
    assert machine.notices[-1].kind is NoticeKind.RESOLVED


def test_a_failed_sample_disturbs_nobody() -> None:
    machine = broken(POLICY)
    machine.sick = False
    case = machine.run()

    assert case.outcome is Outcome.RECOVERED
    assert machine.acts == []
    assert machine.notices == []


def test_a_stop_that_does_not_end_is_forced() -> None:
    machine = broken(POLICY, stop_takes=timedelta(hours=9))
    case = machine.run()

    assert Action.FORCE_STOP in machine.acts
    assert case.outcome is Outcome.HEALED


def test_capacity_that_is_missing_for_a_while_is_waited_for() -> None:
    machine = broken(POLICY, fault=Failing(Action.START, Transient("no capacity"), times=3))
    case = machine.run()

    assert case.outcome is Outcome.HEALED
    assert [a.result.verdict for a in case.attempts if a.action is Action.START and a.result] == [
        *[Verdict.RETRY] * 3,
        Verdict.DONE,
    ]


def test_capacity_that_never_comes_is_handed_over_and_said() -> None:
    machine = broken(POLICY, fault=Failing(Action.START, Transient("no capacity"), times=99))
    case = machine.run()

    assert case.handed_over_at is not None
    assert "could not be started in 5 tries" in machine.notices[-1].subject
    assert machine.notices[-1].kind is NoticeKind.ESCALATED


def test_observe_mode_takes_evidence_tells_people_and_changes_nothing() -> None:
    machine = broken(policy(mode=Mode.OBSERVE))
    machine.run(timedelta(minutes=30))

    assert machine.acts == [Action.EVIDENCE]
    assert [n.kind for n in machine.notices] == [NoticeKind.OPENED, NoticeKind.HELD]


def test_too_few_healthy_peers_hold_the_repair_until_there_are_enough() -> None:
    machine = broken(POLICY, peers=Peers(running=2, healthy=0))
    machine.run(timedelta(minutes=10))
    assert machine.acts == [Action.EVIDENCE]

    machine.peers = Peers(running=2, healthy=1)
    assert machine.run().outcome is Outcome.HEALED


def test_a_hold_that_lasts_too_long_is_handed_over() -> None:
    machine = broken(POLICY, peers=Peers(running=2, healthy=0))
    case = machine.run(timedelta(hours=2))

    assert machine.acts == [Action.EVIDENCE]
    assert case.handed_over_at is not None


def test_a_person_who_stops_it_in_the_middle_is_obeyed() -> None:
    machine = broken(POLICY)
    machine.clock.advance(timedelta(minutes=1))
    machine.look()
    machine.state = InstanceState.STOPPED
    case = machine.run()

    assert case.outcome is Outcome.LEFT_ALONE
    assert Action.START not in machine.acts


@pytest.mark.parametrize("tags", [{"service": "web"}, {"self-heal": "true", "service": "other"}, {}])
def test_an_instance_that_is_not_in_our_care_leaves_no_trace(tags: dict[str, str]) -> None:
    machine = broken(POLICY, tags=tags)

    assert machine.case is None
    assert machine.queues.wakes == []


def test_a_healthy_instance_leaves_no_trace_but_a_line_in_the_log() -> None:
    machine = Machine(POLICY)
    machine.look()

    assert machine.case is None
    assert machine.store.audit == []
    assert [now.outcome for _, now, _ in machine.journal.decisions] == [Outcome.NOTHING_WRONG]


def test_wake_ups_do_not_multiply_however_many_signals_come() -> None:
    machine = broken(POLICY)
    for _ in range(20):
        machine.look()
    assert len(machine.queues.wakes) == 1

    machine.run(timedelta(minutes=2))
    for _ in range(20):
        machine.look()
    pending = [w for w, _ in machine.queues.wakes]
    assert len(pending) <= 3


SAYS_STOPPED = Signal(Source.STATE_CHANGE, INSTANCE, NOON, "EC2 says it is stopped", state=InstanceState.STOPPED)


def test_where_ec2s_event_is_ahead_of_its_reads_they_are_read_again_at_once() -> None:
    machine = broken(POLICY)
    machine.state = InstanceState.STOPPING
    machine.look()
    assert machine.case is not None
    machine.queues.wakes.clear()
    edges = Reconciling(machine.clock, machine.observer, machine.store, machine.queues, machine.journal, machine.switch)

    reconcile(replace(SAYS_STOPPED, state=InstanceState.STOPPING), edges, POLICY)
    assert machine.queues.wakes == []
    reconcile(SAYS_STOPPED, edges, POLICY)
    reconcile(SAYS_STOPPED, edges, POLICY)

    soon = machine.clock.now() + timedelta(seconds=2)
    assert [wake.at for wake, _ in machine.queues.wakes] == [soon]
    assert machine.case.look_again_at == soon
    assert (machine.case.cause, machine.acts) == (Cause.STOPPING, [])


def test_what_ec2s_reads_have_seen_stop_waits_its_time_whatever_its_event_says() -> None:
    machine = broken(POLICY)
    machine.state = InstanceState.STOPPED
    machine.look()
    machine.queues.wakes.clear()
    edges = Reconciling(machine.clock, machine.observer, machine.store, machine.queues, machine.journal, machine.switch)

    reconcile(SAYS_STOPPED, edges, POLICY)

    assert machine.queues.wakes == []


@pytest.mark.parametrize(("named", "looks", "sent"), [(10, 10, 0), (11, 0, 11)])
def test_of_an_event_that_names_many_each_becomes_a_message_of_its_own(named: int, looks: int, sent: int) -> None:
    machine = broken(POLICY)
    machine.observe()
    before = len(machine.observer.observed)
    edges = Reconciling(machine.clock, machine.observer, machine.store, machine.queues, machine.journal, machine.switch)

    look_at([Signal(Source.HEALTH, INSTANCE, machine.clock.now(), "AWS says so")] * named, edges, POLICY)

    assert (len(machine.observer.observed) - before, len(machine.queues.signals)) == (looks, sent)


def test_a_lost_wake_up_is_found_by_the_sweep() -> None:
    machine = broken(POLICY)
    machine.queues.wakes.clear()
    machine.clock.advance(timedelta(minutes=1))

    assert machine.store.due_instances(machine.clock.now(), 10) == [INSTANCE]


UNANSWERED = Traits(unread="describing instance type m7g.large: no answer", unanswered=True)


def test_what_a_stop_would_destroy_is_asked_again_where_nothing_answers_and_nobody_is_called_for_it() -> None:
    machine = broken(POLICY)
    tried = (attempt(Action.EVIDENCE, after(minutes=-15)), attempt(Action.REBOOT, after(minutes=-14)))
    machine.store.cases[INSTANCE, 1] = case(*tried)
    machine.observe()
    machine.observer.observations[INSTANCE] = replace(machine.observer.observations[INSTANCE], traits=UNANSWERED)
    edges = Reconciling(machine.clock, machine.observer, machine.store, machine.queues, machine.journal, machine.switch)

    with pytest.raises(Unanswered, match="instance type"):
        reconcile(Signal(Source.SWEEP, INSTANCE, machine.clock.now(), "looking"), edges, POLICY)

    assert machine.case == case(*tried)
    assert machine.notices == []


def test_a_wake_up_that_comes_when_the_look_has_been_had_costs_no_other() -> None:
    machine = broken(POLICY)
    machine.look()
    assert machine.case is not None
    planned = machine.case.look_again_at
    assert planned is not None
    looked = len(machine.observer.observed)

    machine.look(Source.WAKE)
    assert len(machine.observer.observed) == looked
    machine.look(Source.SWEEP)
    assert len(machine.observer.observed) == looked + 1
    machine.clock.advance(planned - machine.clock.now())
    machine.look(Source.WAKE)
    assert len(machine.observer.observed) > looked + 1


@pytest.mark.parametrize(
    ("source", "minutes", "looks"),
    [
        (Source.SWEEP, 60, 1),
        (Source.SWEEP, 61, 0),
        (Source.WAKE, 61, 0),
        (Source.STATE_CHANGE, 61, 1),
        (Source.RESULT, 61, 1),
        (Source.OPERATOR, 61, 1),
    ],
)
def test_of_what_lay_in_the_queue_while_diagnose_was_dead_the_sweeps_own_words_cost_no_look(
    source: Source, minutes: int, looks: int
) -> None:
    machine = broken(POLICY)
    said, before = Signal(source, INSTANCE, machine.clock.now(), "looking"), len(machine.observer.observed)
    machine.clock.advance(timedelta(minutes=minutes))
    machine.observe()
    edges = Reconciling(machine.clock, machine.observer, machine.store, machine.queues, machine.journal, machine.switch)

    reconcile(said, edges, POLICY)

    assert len(machine.observer.observed) - before == looks


def test_a_case_that_waits_among_very_many_rests_for_longer() -> None:
    machine = broken(POLICY)
    machine.store.cases[INSTANCE, 1] = case(attempt(Action.EVIDENCE), handed_over_at=NOON, look_again_at=NOON)
    machine.store.whole = Stack(failing=1_000)

    machine.look(Source.WAKE)

    assert machine.case is not None
    assert machine.case.look_again_at == machine.clock.now() + POLICY.limits.hold_among(1_000, POLICY.repair.hold)


def test_a_notice_that_can_not_be_handed_on_holds_up_neither_the_order_nor_the_wake_up() -> None:
    machine = broken(POLICY)
    queues: Any = Silent(machine.queues, "announce")
    machine.clock.advance(POLICY.services[0].patience.check)
    machine.observe()
    edges = Reconciling(machine.clock, machine.observer, machine.store, queues, machine.journal, machine.switch)

    with pytest.raises(Unanswered):
        reconcile(Signal(Source.WAKE, INSTANCE, machine.clock.now(), "its time has come"), edges, POLICY)

    assert [order.action for order in machine.queues.orders] == [Action.EVIDENCE]
    assert machine.queues.wakes
