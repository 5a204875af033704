"""What works, but not for long: announced events, over the whole ladder in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from defib.core.case import Action, Outcome
from defib.core.incident import NoticeKind
from defib.core.maintenance import DAYS, UNTIL_TAG, Maintenance
from defib.core.model import Check, Checks, CheckStatus, Event, Peers, Signal, Source, Switch
from defib.core.policy import Policy
from defib.shell.reconcile import Reconciling, reconcile
from defib.shell.store import Remembered
from tests.core.facts import NOON, OK, REGION, after, case, observed, policy
from tests.shell.machine import INSTANCE, Machine, healing
from tests.shell.sweeping import Bench

SUNDAYS = Maintenance("14:00", timedelta(hours=1), days=("sun",))
DAILY = replace(SUNDAYS, days=DAYS)
MOVES = policy(planned_restart=True, maintenance=(DAILY,), minimum_healthy=1)
RETIREMENT = Event("instance-retirement", after(hours=20))
TAGS = {"Name": "web-2", "service": "web", "self-heal": "true"}
TWO = after(hours=2)
"""When the window begins."""


def announced(limits: Policy = MOVES, event: Event = RETIREMENT) -> Machine:
    """A web server that works, for which AWS has announced an event, after Defib's first look."""
    machine = Machine(limits, events=(event,))
    machine.look()
    return machine


def kinds(machine: Machine) -> list[NoticeKind]:
    return [n.kind for n in machine.notices]


def test_it_is_moved_in_its_window_and_people_hear_before_and_after() -> None:
    machine = announced()
    assert kinds(machine) == [NoticeKind.PLANNED]
    assert "from 30 April 14:00 UTC to 30 April 15:00 UTC" in machine.notices[0].body

    machine.run(timedelta(hours=1, minutes=59))
    assert machine.acts == []

    closed = machine.run()
    assert closed.outcome is Outcome.HEALED
    assert machine.acts == [Action.EVIDENCE, Action.DRAIN, Action.STOP, Action.START, Action.RESTORE]
    assert all(a.intended_at >= TWO for a in closed.attempts)
    assert kinds(machine) == [NoticeKind.PLANNED, NoticeKind.PROGRESS, NoticeKind.RESOLVED]
    assert "it is on another host" in machine.notices[-1].subject
    assert machine.registered


def test_what_is_another_services_by_its_tags_waits_for_that_ones_window_and_its_people_hear_of_it() -> None:
    stays = replace(policy(planned_restart=False), contacts=())
    moves = replace(MOVES.services[0], name="db", match={"service": ("db",)})
    machine = announced(replace(stays, services=(*stays.services, moves)))
    machine.tags["service"] = "db"
    left = machine.run(timedelta(hours=1, minutes=30))
    assert (left.service, left.outcome, left.acted) == ("web", Outcome.LEFT_ALONE, False)

    machine.look()
    moved = machine.run()
    assert (moved.service, moved.outcome) == ("db", Outcome.HEALED)
    assert [(n.service, n.kind) for n in machine.notices[:3]] == [
        ("web", NoticeKind.PLANNED),
        ("web", NoticeKind.RESOLVED),
        ("db", NoticeKind.PLANNED),
    ]


def test_a_wait_of_days_is_no_age_of_the_repair_and_costs_a_look_an_hour() -> None:
    machine = announced(policy(planned_restart=True, maintenance=(SUNDAYS,)), Event("instance-stop", after(days=5)))
    machine.run(timedelta(days=3, hours=1))
    assert len(machine.observer.observed) <= 3 * 24 + 3

    assert machine.run(timedelta(hours=2)).outcome is Outcome.HEALED
    assert NoticeKind.ESCALATED not in kinds(machine)


@pytest.mark.parametrize(
    "limits",
    [policy(), policy(maintenance=(DAILY,)), policy(planned_restart=True, maintenance=(SUNDAYS,))],
    ids=["not wanted, no window", "not wanted", "no window before it"],
)
def test_what_nothing_avoids_is_told_with_the_commands_and_again_a_day_before(limits: Policy) -> None:
    machine = announced(limits, Event("instance-retirement", after(hours=30)))
    machine.run(timedelta(hours=29))

    assert machine.acts == []
    assert kinds(machine) == [NoticeKind.PLANNED, NoticeKind.PLANNED]
    assert machine.notices[1].at == after(hours=6)
    assert all(f"aws ec2 stop-instances --region {REGION} --instance-ids {INSTANCE}" in n.body for n in machine.notices)
    assert all("before 01 May 18:00 UTC" in n.body for n in machine.notices)


@pytest.mark.parametrize(
    ("facts", "first", "held"),
    [
        ({"instance_type": "mac2.metal"}, "it is a Mac", 1),
        ({"peers": Peers(running=2, healthy=0)}, "It has not restarted it in a window so far. In the maintenance", 1),
        ({"tags": {**TAGS, UNTIL_TAG: "2026-05-30T00:00:00Z"}}, "It has not restarted it in a window so far.", 0),
    ],
    ids=["a Mac", "held in every window", "a person is at it"],
)
def test_what_windows_have_not_avoided_is_told_again_a_day_before(facts: dict[str, Any], first: str, held: int) -> None:
    machine = Machine(MOVES, events=(Event("instance-retirement", after(days=10)),), **facts)
    machine.look()
    machine.run(timedelta(days=9, hours=20))

    assert Action.STOP not in machine.acts
    assert kinds(machine) == [NoticeKind.PLANNED] * (2 + held)
    assert machine.notices[-1].at == after(days=9)
    assert first in machine.notices[-1].body
    assert "What you must do: Stop and start it before 10 May 12:00 UTC" in machine.notices[-1].body


@pytest.mark.parametrize(("instance_type", "told"), [("m7g.large", 1), ("mac2.metal", 2)])
def test_of_what_the_first_window_will_avoid_nobody_is_reminded(instance_type: str, told: int) -> None:
    machine = Machine(MOVES, events=(Event("instance-retirement", after(hours=25)),), instance_type=instance_type)
    machine.look()
    machine.run(timedelta(hours=1, minutes=30))

    assert kinds(machine) == [NoticeKind.PLANNED] * told
    assert machine.case is not None
    assert machine.case.reminded_at == (after(hours=1) if told > 1 else None)


def test_of_what_a_window_on_the_last_day_has_passed_over_people_are_reminded_when_it_ends() -> None:
    short = policy(planned_restart=True, maintenance=(replace(DAILY, lasts=timedelta(minutes=30)),))
    machine = Machine(short, events=(RETIREMENT,), tags={**TAGS, UNTIL_TAG: "2026-05-30T00:00:00Z"})
    machine.look()
    machine.run(timedelta(hours=19))

    assert machine.acts == []
    assert [n.at for n in machine.notices] == [NOON, after(hours=2, minutes=30)]
    assert "Stop and start it before 01 May 08:00 UTC" in machine.notices[-1].body


def test_an_event_announced_on_its_last_day_is_told_once() -> None:
    machine = announced(policy(), Event("system-reboot", after(hours=3)))
    machine.run(timedelta(hours=2))

    assert kinds(machine) == [NoticeKind.PLANNED]


def test_an_event_that_aws_moves_is_told_anew() -> None:
    machine = announced(policy())
    machine.events = (replace(RETIREMENT, not_before=after(days=10)),)
    machine.run(timedelta(hours=2))

    assert kinds(machine) == [NoticeKind.PLANNED, NoticeKind.PLANNED]
    assert "10 May" in machine.notices[1].subject


def test_an_event_that_aws_calls_off_closes_the_case() -> None:
    machine = announced()
    machine.events = ()
    closed = machine.run()

    assert (closed.outcome, machine.acts) == (Outcome.RECOVERED, [])
    assert kinds(machine) == [NoticeKind.PLANNED, NoticeKind.PLANNED]
    assert "called off" in machine.notices[-1].body


def test_nobody_is_asked_about_an_event_that_has_begun_unannounced() -> None:
    machine = announced(event=Event("system-maintenance", NOON - timedelta(minutes=1), after(hours=1)))

    assert machine.case is None
    assert machine.notices == []


def test_a_failure_meanwhile_is_a_case_of_its_own_once_it_has_outlived_its_patience() -> None:
    machine = announced()
    machine.clock.advance(timedelta(minutes=30))
    machine.break_down()
    machine.look()
    assert machine.case is not None
    assert (machine.case.number, machine.case.closed_at, machine.acts) == (1, None, [])

    waited = machine.run()
    assert (waited.number, waited.outcome, waited.attempts) == (1, Outcome.GAVE_WAY, ())
    assert waited.closed_at is not None
    assert waited.closed_at >= after(minutes=31)

    healed = machine.run()
    assert (healed.number, healed.outcome) == (2, Outcome.HEALED)
    assert healed.confirmed_at is not None
    assert healed.confirmed_at - waited.closed_at <= timedelta(seconds=5)
    assert [(n.kind, n.incident_id) for n in machine.notices][:2] == [
        (NoticeKind.PLANNED, "web-1"),
        (NoticeKind.OPENED, "web-2"),
    ]
    assert machine.notices[-1].kind is NoticeKind.RESOLVED


def test_a_failed_sample_meanwhile_disturbs_nobody() -> None:
    machine = announced()
    machine.break_down()
    machine.look()
    machine.clock.advance(timedelta(seconds=50))
    machine.sick = False
    machine.look()

    assert machine.case is not None
    assert machine.case.closed_at is None
    assert kinds(machine) == [NoticeKind.PLANNED]


def test_an_event_that_outlives_the_move_is_peoples_business() -> None:
    machine = announced(event=replace(RETIREMENT, not_before=after(days=9)))
    machine.events_stay = True
    machine.run(timedelta(days=8, hours=20))

    assert machine.acts.count(Action.STOP) == 1
    assert kinds(machine) == [NoticeKind.PLANNED, NoticeKind.PROGRESS, NoticeKind.ESCALATED]
    assert "AWS Support" in machine.notices[-1].body
    assert machine.registered

    machine.events = ()
    assert machine.run(timedelta(hours=2)).outcome is Outcome.HEALED


def test_while_only_awss_list_has_yet_to_hear_of_the_move_another_of_the_service_is_repaired() -> None:
    machine = announced(healing(MOVES, maintenance=(replace(DAILY, lasts=timedelta(minutes=15)),)))
    machine.events_stay = True
    machine.run(timedelta(hours=2, minutes=20))
    moved = machine.case
    assert moved is not None
    assert (moved.closed_at, moved.handed_over_at, machine.registered) == (None, None, True)
    failing = Checks(OK, Check(CheckStatus.IMPAIRED, machine.clock.now() - timedelta(minutes=5)))
    machine.observer.observations["i-0bb2"] = replace(
        machine.observer.observations[INSTANCE], instance_id="i-0bb2", checks=failing
    )

    edges = Reconciling(machine.clock, machine.observer, machine.store, machine.queues, machine.journal, machine.switch)
    reconcile(Signal(Source.SWEEP, "i-0bb2", machine.clock.now(), "looking"), edges, machine.policy)
    machine.work(until=Action.REBOOT)

    assert [order.action for order in machine.queues.orders] == [Action.REBOOT]
    assert machine.store.stack().under_repair("i-0bb2-1") == 0
    assert kinds(machine) == [NoticeKind.PLANNED, NoticeKind.PROGRESS, NoticeKind.OPENED]


def test_too_few_healthy_others_hold_the_move_and_it_goes_on_when_there_are_enough() -> None:
    machine = announced()
    machine.peers = Peers(running=2, healthy=0)
    machine.run(timedelta(hours=2, minutes=10))
    assert machine.acts == [Action.EVIDENCE]
    assert kinds(machine) == [NoticeKind.PLANNED, NoticeKind.PLANNED]
    assert "only 0 of the others" in machine.notices[-1].body

    machine.peers = Peers(running=2, healthy=2)
    assert machine.run().outcome is Outcome.HEALED


def test_with_the_kill_switch_off_nothing_is_moved() -> None:
    machine = announced()
    machine.switch.says = Switch.OFF
    machine.run(timedelta(hours=19))

    assert machine.acts == [Action.EVIDENCE]


def test_what_was_taken_is_given_back_when_the_stop_is_refused() -> None:
    machine = announced()

    def others_fail(action: Action) -> None:
        if action is Action.DRAIN:
            machine.peers = Peers(running=2, healthy=0)

    machine.aftermath = others_fail
    machine.run(timedelta(hours=19))

    assert Action.STOP not in machine.acts
    assert machine.acts[:3] == [Action.EVIDENCE, Action.DRAIN, Action.RESTORE]
    assert machine.registered


def test_what_was_begun_in_its_window_is_finished_after_it() -> None:
    machine = announced(policy(planned_restart=True, maintenance=(replace(DAILY, lasts=timedelta(minutes=5)),)))
    machine.stop_takes = timedelta(minutes=8)

    assert machine.run(timedelta(hours=4)).outcome is Outcome.HEALED


AHEAD = observed(checks=Checks(OK, OK, events=(RETIREMENT,)))


def test_an_announcement_is_signalled_until_there_is_a_case_that_waits() -> None:
    bench = Bench()
    assert bench.sweep(AHEAD).suspects == 1
    assert [s.source for s in bench.queues.signals] == [Source.SWEEP]

    bench.store.remember(Remembered(case(version=0, look_again_at=after(hours=1)), None, ()))

    assert bench.sweep(AHEAD).suspects == 0


def test_announcements_are_no_zone_trouble_and_hold_nobody_up() -> None:
    bench = Bench()
    bench.observer.running_by_zone = {"us-east-1a": 40}
    ahead = [replace(AHEAD, instance_id=f"i-{n}", zone="us-east-1a") for n in range(40)]
    for _ in range(3):
        bench.sweep(*ahead)
        bench.clock.advance(timedelta(minutes=1))

    assert bench.store.whole.impaired == ()
    assert bench.queues.notices == []
