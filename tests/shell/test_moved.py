"""What was restarted as planned, while AWS still lists the event: for the hour that its list may lag, and later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from defib.core.case import Action, Outcome
from defib.core.incident import NoticeKind, Phase
from defib.core.maintenance import DAYS, Maintenance
from defib.core.model import Event, Switch
from defib.core.page.derive import derive
from defib.core.page.model import PublicIncident, Shown
from defib.core.page.settings import PageSettings, ServiceOnPage
from defib.core.page.trouble import troubles
from defib.core.policy import Policy
from tests.core.facts import after, policy
from tests.shell.machine import Machine, healing

DAILY = Maintenance("14:00", timedelta(minutes=15), days=DAYS)
MOVES = policy(planned_restart=True, maintenance=(DAILY,), minimum_healthy=1)
RESTART = [Action.EVIDENCE, Action.DRAIN, Action.STOP, Action.START, Action.RESTORE]
REPAIR = [Action.EVIDENCE, Action.REBOOT, Action.DRAIN, Action.STOP, Action.START, Action.RESTORE]
SHOWN = replace(
    policy(planned_restart=True, maintenance=(DAILY,), minimum_healthy=1, page=ServiceOnPage(title="Website")),
    page=PageSettings(enabled=True),
)


def announced(limits: Policy = MOVES, days: int = 5) -> Machine:
    """A web server for which AWS has announced its retirement, and goes on doing so wherever it runs."""
    machine = Machine(limits, events=(Event("instance-retirement", after(days=days)),), events_stay=True)
    machine.look()
    return machine


def moved(limits: Policy = MOVES, minutes: int = 40) -> Machine:
    """The same so many minutes after two o'clock, when it was restarted."""
    machine = announced(limits)
    machine.run(timedelta(hours=2, minutes=minutes))
    assert machine.acts == RESTART
    return machine


def kinds(machine: Machine) -> list[NoticeKind]:
    return [n.kind for n in machine.notices]


def test_one_failed_sample_after_it_stops_nothing() -> None:
    machine = moved()
    machine.break_down()
    machine.look()
    machine.clock.advance(timedelta(seconds=50))
    machine.sick = False
    machine.look()
    machine.run(timedelta(minutes=15))

    assert machine.acts == RESTART
    assert kinds(machine) == [NoticeKind.PLANNED, NoticeKind.PROGRESS]


def test_a_failure_after_it_is_a_case_of_its_own_with_all_the_time_of_one() -> None:
    machine = moved(minutes=50)
    machine.break_down()
    machine.look()
    over = machine.run()
    assert (over.number, over.outcome) == (1, Outcome.GAVE_WAY)

    healed = machine.run()

    assert (healed.number, healed.outcome) == (2, Outcome.HEALED)
    assert healed.resumed_at is None
    assert healed.confirmed_at is not None
    assert healed.confirmed_at - over.opened_at > timedelta(hours=2, minutes=50)
    assert machine.acts == [*RESTART, *REPAIR]
    assert [n.subject.partition("] ")[2] for n in machine.notices[2:4]] == [
        "resolved: web-2 was restarted as planned; now its instance status check fails",
        "web-2 fails its instance check since 14:50 UTC",
    ]


def test_within_the_hour_after_a_repair_nothing_is_announced_and_nothing_restarted_again() -> None:
    machine = moved(minutes=20)
    machine.break_down()
    machine.look()
    assert machine.run().outcome is Outcome.GAVE_WAY
    assert machine.run().outcome is Outcome.HEALED
    machine.policy = healing(MOVES, maintenance=(replace(DAILY, lasts=timedelta(hours=9)),))
    told = len(machine.notices)

    while machine.clock.now() < machine.launched_at + timedelta(minutes=59):
        machine.clock.advance(timedelta(minutes=1))
        machine.look()
    assert (len(machine.notices), machine.acts) == (told, [*RESTART, *REPAIR])

    machine.clock.advance(timedelta(minutes=1))
    machine.look()
    assert kinds(machine)[told:] == [NoticeKind.PLANNED, NoticeKind.PROGRESS]


def test_a_failure_after_people_were_asked_about_the_list_is_healed_and_told_of() -> None:
    machine = moved(minutes=90)
    assert kinds(machine) == [NoticeKind.PLANNED, NoticeKind.PROGRESS, NoticeKind.ESCALATED]
    machine.break_down()
    machine.look()

    assert machine.run().outcome is Outcome.GAVE_WAY
    assert machine.run().outcome is Outcome.HEALED
    assert kinds(machine)[3:] == [
        NoticeKind.RESOLVED,
        NoticeKind.OPENED,
        NoticeKind.PROGRESS,
        NoticeKind.RESOLVED,
    ]


def test_what_people_were_asked_about_is_called_safe_when_the_list_has_heard_for_it_has_worked_all_along() -> None:
    machine = moved(minutes=90)
    machine.events = ()

    assert machine.run().outcome is Outcome.HEALED
    assert "web-2 is safe: it is on another host" in machine.notices[-1].subject


def test_whoever_deregisters_it_after_that_for_a_deployment_is_not_fought() -> None:
    machine = moved()
    machine.registered = False
    machine.look()
    machine.events = ()
    machine.look()

    assert machine.acts == RESTART
    assert machine.case is not None
    assert machine.case.outcome is Outcome.HEALED


def pages(machine: Machine, until: datetime) -> Iterator[PublicIncident]:
    """The status page's incidents as they change until then, looked at every half a minute."""
    shown = Shown()
    while machine.clock.now() < until:
        machine.tick(timedelta(seconds=30))
        latest = machine.store.latest_incident("web")
        derived = derive(shown, troubles([latest] if latest else []), machine.policy, machine.clock.now())
        yield from derived.changed
        shown = derived.shown


def test_the_page_shows_it_only_while_it_is_away_and_that_only_from_the_first_act_on() -> None:
    machine = announced(SHOWN)
    machine.boot_takes = timedelta(minutes=4)

    told = list(pages(machine, after(hours=6)))

    first, last = told[0], told[-1]
    assert first.started_at == after(hours=2)
    assert {i.number for i in told} == {1}
    assert last.resolved_at is not None
    assert last.resolved_at - first.started_at < timedelta(minutes=9)
    assert NoticeKind.ESCALATED in kinds(machine)


def test_a_restart_that_is_over_within_the_hold_time_is_no_outage_on_the_page() -> None:
    quick = replace(SHOWN, page=replace(SHOWN.page, hold=timedelta(minutes=9)))

    assert list(pages(announced(quick), after(hours=6))) == []


def test_what_fails_after_it_is_shown_since_it_fails() -> None:
    machine = announced(SHOWN)
    machine.run(timedelta(hours=4))
    machine.break_down()
    machine.look()

    told = list(pages(machine, after(hours=6)))

    assert told[0].started_at == after(hours=4)
    assert told[-1].resolved_at is not None


def test_what_is_stopped_for_it_and_held_then_is_an_open_incident() -> None:
    machine = announced(SHOWN)

    def switched_off(action: Action) -> None:
        if action is Action.STOP:
            machine.switch.says = Switch.OFF

    machine.aftermath = switched_off
    told = list(pages(machine, after(hours=3)))

    incident = machine.store.latest_incident("web")
    assert machine.case is not None
    assert machine.case.held_by == "kill_switch"
    assert incident is not None
    assert incident.resolved_at is None
    assert [m.phase for m in incident.members] == [Phase.HELD]
    assert told[-1].resolved_at is None
