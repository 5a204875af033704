"""Approve mode over the whole ladder in memory: it asks, waits, and acts only on a yes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from defib.core.approval import Answer, Choice
from defib.core.case import Action, Case, Outcome
from defib.core.incident import NoticeKind
from defib.core.model import Signal, Source, Switch
from defib.core.policy import Mode
from defib.shell.reconcile import Reconciling, reconcile
from tests.core.facts import policy
from tests.shell.machine import INSTANCE, Machine, broken

POLICY = policy(mode=Mode.APPROVE, minimum_healthy=1)


def asking() -> Machine:
    """It has asked a minute ago, or longer."""
    machine = broken(POLICY)
    machine.run(timedelta(minutes=3))
    return machine


def say(machine: Machine, choice: Choice, case_id: str = f"{INSTANCE}-1") -> None:
    machine.observe()
    edges = Reconciling(machine.clock, machine.observer, machine.store, machine.queues, machine.journal, machine.switch)
    signal = Signal(Source.OPERATOR, INSTANCE, machine.clock.now(), "", answer=Answer(case_id, choice, "Ann"))
    reconcile(signal, edges, POLICY)
    machine.work()


def kinds(machine: Machine) -> list[NoticeKind]:
    return [notice.kind for notice in machine.notices]


def case_of(machine: Machine) -> Case:
    assert machine.case is not None
    return machine.case


def test_it_takes_evidence_asks_once_and_waits() -> None:
    machine = broken(POLICY)
    machine.run(timedelta(minutes=25))

    assert machine.acts == [Action.EVIDENCE]
    assert kinds(machine) == [NoticeKind.OPENED, NoticeKind.APPROVAL]
    assert machine.journal.without_effect == []


def test_one_yes_is_for_the_whole_repair() -> None:
    machine = asking()
    say(machine, Choice.APPROVE)
    case = machine.run()

    assert case.outcome is Outcome.HEALED
    assert machine.acts[:3] == [Action.EVIDENCE, Action.REBOOT, Action.DRAIN]
    assert {Action.STOP, Action.START, Action.RESTORE} <= set(machine.acts)
    assert kinds(machine).count(NoticeKind.APPROVAL) == 1
    assert "may be repaired, says Ann" in machine.notices[2].subject


def test_a_no_is_handed_over_untouched() -> None:
    machine = asking()
    say(machine, Choice.REJECT)
    machine.run(timedelta(hours=3))

    assert machine.acts == [Action.EVIDENCE]
    assert kinds(machine) == [NoticeKind.OPENED, NoticeKind.APPROVAL, NoticeKind.ESCALATED]
    assert "Ann said no to its repair" in machine.notices[-1].subject


def test_silence_is_handed_over_untouched_and_a_later_yes_is_only_a_line_in_the_log() -> None:
    machine = asking()
    machine.run(timedelta(minutes=40))
    say(machine, Choice.APPROVE)
    machine.run(timedelta(hours=1))

    assert machine.acts == [Action.EVIDENCE]
    assert "nobody approved its repair within 30m" in machine.notices[-1].subject
    ((answer, instance_id, why),) = machine.journal.without_effect
    assert (answer.by, instance_id) == ("Ann", INSTANCE)
    assert "handed over" in why


def test_a_yes_to_another_case_changes_nothing() -> None:
    machine = asking()
    before = case_of(machine)
    say(machine, Choice.APPROVE, f"{INSTANCE}-7")

    assert machine.acts == [Action.EVIDENCE]
    assert case_of(machine).approval == before.approval
    assert [why for _, _, why in machine.journal.without_effect] == ["that case is not open"]


def test_a_yes_that_is_delivered_twice_counts_once() -> None:
    machine = asking()
    say(machine, Choice.APPROVE)
    say(machine, Choice.APPROVE)

    assert machine.acts == [Action.EVIDENCE, Action.REBOOT]
    assert len(machine.journal.without_effect) == 1


def test_a_yes_about_an_instance_that_is_well_opens_nothing() -> None:
    machine = Machine(POLICY)
    say(machine, Choice.APPROVE)

    assert machine.case is None
    assert len(machine.journal.without_effect) == 1


def test_a_no_in_the_middle_ends_the_repair_but_gives_back_what_was_taken() -> None:
    machine = asking()
    say(machine, Choice.APPROVE)
    while Action.STOP not in machine.acts:
        machine.run(timedelta(seconds=5))
    say(machine, Choice.REJECT)
    case = machine.run()

    assert machine.acts[-2:] == [Action.START, Action.RESTORE]
    assert case.outcome is Outcome.HEALED
    assert case.approval is not None
    assert (case.approval.choice, case.approval.by) == (Choice.REJECT, "Ann")


def test_a_no_overtakes_an_order_that_is_already_on_its_way() -> None:
    machine = asking()
    machine.observe()
    edges = Reconciling(machine.clock, machine.observer, machine.store, machine.queues, machine.journal, machine.switch)
    for choice in (Choice.APPROVE, Choice.REJECT):
        answer = Answer(f"{INSTANCE}-1", choice, "Ann")
        reconcile(Signal(Source.OPERATOR, INSTANCE, machine.clock.now(), "", answer=answer), edges, POLICY)
    machine.work()

    assert machine.acts == [Action.EVIDENCE]
    assert case_of(machine).handed_over_at is not None


def test_while_the_kill_switch_is_off_nobody_is_asked() -> None:
    machine = broken(POLICY)
    machine.switch.says = Switch.OFF
    machine.run(timedelta(minutes=50))
    assert kinds(machine) == [NoticeKind.OPENED, NoticeKind.HELD]

    machine.switch.says = Switch.ON
    machine.run(timedelta(minutes=5))

    assert kinds(machine)[-1] is NoticeKind.APPROVAL
    assert machine.acts == [Action.EVIDENCE]


def test_after_the_yes_the_kill_switch_still_holds() -> None:
    machine = asking()
    machine.switch.says = Switch.OFF
    say(machine, Choice.APPROVE)
    machine.run(timedelta(minutes=50))
    assert machine.acts == [Action.EVIDENCE]

    machine.switch.says = Switch.ON

    assert machine.run().outcome is Outcome.HEALED


def test_one_that_comes_back_by_itself_needs_no_answer() -> None:
    machine = asking()
    machine.sick = False
    case = machine.run()
    say(machine, Choice.APPROVE)

    assert case.outcome is Outcome.RECOVERED
    assert machine.acts == [Action.EVIDENCE]
    assert machine.journal.without_effect[0][2] == "that case is not open"


def test_too_few_healthy_others_are_said_instead_of_a_question() -> None:
    machine = broken(POLICY)
    machine.peers = replace(machine.peers, healthy=0)
    machine.run(timedelta(minutes=20))

    assert kinds(machine) == [NoticeKind.OPENED, NoticeKind.HELD]
    assert "only 0 of the others" in machine.notices[-1].body
