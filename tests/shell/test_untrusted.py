"""Signals only say where to look: stale, doubled and reordered ones change nothing of what is done."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from defib.core.case import Action, Outcome
from defib.core.model import Signal, Source
from defib.shell.reconcile import Reconciling, reconcile
from tests.core.facts import policy
from tests.shell.machine import INSTANCE, Machine

POLICY = policy(minimum_healthy=1)
STALE = timedelta(hours=5)
TOLD = (Source.STATE_CHANGE, Source.ALARM, Source.HEALTH)


def tell(machine: Machine, source: Source, ago: timedelta = timedelta(0), reason: str = "state is stopped") -> None:
    """A signal about something that was so ``ago``."""
    machine.observe()
    edges = Reconciling(machine.clock, machine.observer, machine.store, machine.queues, machine.journal, machine.switch)
    reconcile(Signal(source, INSTANCE, machine.clock.now() - ago, reason), edges, machine.policy)


@pytest.mark.parametrize("source", [source for source in Source if source not in (Source.RESULT, Source.OPERATOR)])
def test_old_news_of_a_healthy_instance_leaves_no_trace(source: Source) -> None:
    machine = Machine(POLICY)

    tell(machine, source, STALE)

    assert machine.case is None
    assert machine.queues.wakes == []


@pytest.mark.parametrize("order", list(permutations(TOLD)), ids="-".join)
def test_in_whatever_order_and_however_often_they_come_the_same_is_done(order: tuple[Source, ...]) -> None:
    machine = Machine(POLICY, cures=frozenset({Action.REBOOT}))
    machine.break_down()
    for source in (*order, *order):
        tell(machine, source, STALE)
        machine.clock.advance(timedelta(seconds=1))

    case = machine.run()

    assert case.number == 1
    assert machine.acts == [Action.EVIDENCE, Action.REBOOT]
    assert case.outcome is Outcome.HEALED


def test_news_of_a_stop_that_is_over_does_not_end_a_repair() -> None:
    machine = Machine(POLICY)
    machine.break_down()
    machine.look()
    machine.run(timedelta(minutes=4))
    before = machine.case

    tell(machine, Source.STATE_CHANGE, STALE, "state is terminated")

    assert before is not None
    assert machine.case is not None
    assert machine.case.closed_at is None
    assert machine.case.attempts == before.attempts
