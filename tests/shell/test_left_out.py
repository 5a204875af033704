"""What Defib took out of its target group and could not heal: people hear of it, and whatever heals it puts it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.case import Action, Case, Outcome
from defib.core.left_out import WITHIN, owed
from defib.core.model import Source
from defib.core.step import open_case
from defib.shell.ports import Rejected
from tests.core.facts import NOON, SERVICE, WEB, after, attempt, case, observed, policy
from tests.shell.machine import Machine, broken

RESTARTS = policy()
RESTARTS = replace(
    RESTARTS,
    repair=replace(RESTARTS.repair, reboots=0, restarts=1, starts=2, handed_over_age=timedelta(hours=1)),
)


def given_up() -> Machine:
    """One that was drained, stopped and started in vain, and is people's business."""
    machine = broken(RESTARTS, cures=frozenset())
    case = machine.run(timedelta(minutes=40))
    assert case.handed_over_at is not None
    assert not machine.registered
    return machine


def closed(*attempts: Action, outcome: Outcome = Outcome.HANDED_OVER, **changes: bool) -> Case:
    done = [attempt(action) for action in attempts]
    return case(*done, registrations=(WEB,), outcome=outcome, closed_at=NOON, **changes)


def test_people_hear_that_it_is_out_of_its_target_group_when_it_is_handed_over() -> None:
    asked = given_up().notices[-1]

    assert "(It is deregistered from web; Defib registers it again when it works.)" in asked.body


def test_a_later_case_that_heals_it_puts_it_back() -> None:
    machine = given_up()
    machine.policy = replace(RESTARTS, opt_in=replace(RESTARTS.opt_in, value="not now"))
    machine.look()
    assert "It is deregistered from web: register it when it is to serve again" in machine.notices[-1].body
    machine.policy = replace(RESTARTS, repair=replace(RESTARTS.repair, reboots=1))
    machine.cures = frozenset({Action.REBOOT})
    machine.look()

    healed = machine.run()

    assert (healed.number, healed.outcome) == (2, Outcome.HEALED)
    assert machine.acts[-2:] == [Action.REBOOT, Action.RESTORE]
    assert machine.registered


OWED = [
    ("it was handed over", closed(Action.DRAIN), True),
    ("people stopped it", closed(Action.DRAIN, outcome=Outcome.LEFT_ALONE), True),
    ("it had taken that over itself", closed(drained_before=True), True),
    ("nothing was taken", closed(Action.ENTER_STANDBY), False),
    ("it was put back", closed(Action.DRAIN, Action.RESTORE), False),
    ("it put back what it had taken over", closed(Action.RESTORE, drained_before=True), False),
    ("it was seen to be back", closed(Action.DRAIN, outcome=Outcome.RECOVERED), False),
]


@pytest.mark.parametrize(("earlier", "is_owed"), [row[1:] for row in OWED], ids=[row[0] for row in OWED])
def test_a_case_takes_over_what_the_one_before_it_has_not_put_back(earlier: Case, is_owed: bool) -> None:
    follows = open_case(Source.SWEEP, observed(), SERVICE, earlier, after(minutes=1))

    assert (follows.registrations, follows.drained_before) == (((WEB,), True) if is_owed else ((), False))


def test_where_people_have_had_it_for_long_it_is_where_they_want_it() -> None:
    assert owed(closed(Action.DRAIN), NOON + WITHIN) == ()


def test_who_is_asked_to_register_it_does_not_read_that_defib_will() -> None:
    machine = broken(replace(RESTARTS, repair=replace(RESTARTS.repair, restarts=3)))

    def refuse(action: Action) -> None:
        if action is Action.RESTORE:
            raise Rejected("no such target group")

    machine.fault = refuse
    machine.run(timedelta(minutes=30))

    assert machine.case is not None
    assert machine.case.ask == f"Register {machine.case.instance_id} in target group web."
