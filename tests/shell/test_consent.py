"""Who may stop it: the kill switch, over the whole ladder in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from defib.core.audience import audience
from defib.core.case import Action, Outcome
from defib.core.contact import Contact
from defib.core.incident import NoticeKind
from defib.core.model import Cause, Switch
from defib.core.policy import Mode
from defib.core.severity import Severity
from tests.core.facts import policy
from tests.shell.machine import Machine, broken, healing

POLICY = policy(minimum_healthy=1)


def test_with_the_kill_switch_off_only_evidence_is_taken_and_people_are_told_once() -> None:
    machine = broken(POLICY)
    machine.switch.says = Switch.OFF
    machine.run(timedelta(minutes=30))

    assert machine.acts == [Action.EVIDENCE]
    assert [n.kind for n in machine.notices] == [NoticeKind.OPENED, NoticeKind.HELD]
    assert "kill switch" in machine.notices[-1].body


def test_pulled_in_the_middle_it_stops_even_what_would_put_the_instance_back() -> None:
    machine = broken(POLICY)
    while Action.STOP not in machine.acts:
        machine.run(timedelta(seconds=5))
    machine.switch.says = Switch.OFF
    machine.run(timedelta(minutes=20))

    assert machine.acts[-1] is Action.STOP
    assert machine.notices[-1].kind is NoticeKind.HELD
    assert "started it" in machine.notices[-1].body
    yours = "What you must do: Remove the reason, or start it yourself and, when it works, register it in web again"
    assert yours in machine.notices[-1].body


def test_switched_on_again_the_repair_goes_on_by_itself_however_long_it_was_off() -> None:
    machine = broken(POLICY)
    machine.switch.says = Switch.OFF
    machine.run(timedelta(hours=30))
    assert machine.notices[-1].kind is NoticeKind.HELD

    machine.switch.says = Switch.ON

    assert machine.run().outcome is Outcome.HEALED


def test_whoever_switches_to_observe_while_it_is_drained_is_asked_at_once_to_put_it_back() -> None:
    ann = Contact("ann", email=("ann@example.com",))
    machine = broken(replace(POLICY, contacts=(ann,)))
    while Action.START not in machine.acts:
        machine.run(timedelta(seconds=5))
    machine.policy = healing(machine.policy, mode=Mode.OBSERVE)
    held = machine.run(timedelta(minutes=30))

    said = machine.notices[-1]
    assert (held.cause, held.held_by, machine.registered) == (Cause.HEALTHY, "observe_mode", False)
    assert (said.kind, said.severity) == (NoticeKind.HELD, Severity.URGENT)
    assert "is out of service and held: service web is in observe mode" in said.body
    assert "When it works, register it in web again" in said.body
    assert audience("web", said.tier, machine.policy) == (ann,), "no service names her here"
    assert machine.store.whole.under_repair("another") == 0, "others need not wait for what nobody ends"

    machine.policy = healing(machine.policy, mode=Mode.HEAL)
    assert machine.run().outcome is Outcome.HEALED
    assert machine.registered


def test_what_needs_no_act_never_asks_for_the_switch() -> None:
    machine = Machine(POLICY)
    for _ in range(10):
        machine.look()

    assert machine.switch.asked == 0
