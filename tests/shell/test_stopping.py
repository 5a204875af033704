"""Stops that hang, instances that are terminated meanwhile, and what people hear of one that stays stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from defib.core.audience import audience
from defib.core.case import Action, Outcome
from defib.core.contact import Contact
from defib.core.incident import NoticeKind
from defib.core.model import InstanceState, Switch
from defib.core.policy import Mode
from defib.core.severity import Severity
from defib.shell.ports import Rejected, Transient
from tests.core.facts import POLICY, SERVICE, after, policy
from tests.shell.machine import Failing, broken

FULL = Transient("no room", code="InsufficientInstanceCapacity")
UNREADY = Transient("not in a state for that", code="IncorrectInstanceState")


@pytest.mark.parametrize("allowed", [True, False])
def test_the_third_rung_is_climbed_only_where_it_is_allowed(allowed: bool) -> None:
    machine = broken(
        policy(allow_skip_os_shutdown=allowed),
        stop_takes=timedelta(hours=9),
        force_stop_takes=timedelta(hours=9),
    )
    case = machine.run()

    assert (Action.SKIP_OS_SHUTDOWN in machine.acts) == allowed
    assert (case.outcome is Outcome.HEALED) == allowed
    assert allowed or "AWS Support" in case.ask


def test_one_that_is_terminated_in_the_middle_is_closed_and_said() -> None:
    machine = broken(policy())
    machine.clock.advance(timedelta(minutes=1))
    machine.look()
    machine.state = InstanceState.TERMINATED
    case = machine.run()

    assert case.outcome is Outcome.TERMINATED
    assert (machine.notices[-1].kind, "has been terminated" in machine.notices[-1].subject) == (
        NoticeKind.RESOLVED,
        True,
    )
    assert Action.START not in machine.acts


TAKEN: dict[str, tuple[dict[str, Any], str]] = {
    "its service is renamed": (
        {"policy": replace(POLICY, services=(replace(SERVICE, name="website"),))},
        "service web is no longer configured",
    ),
    "its tag is removed": ({"tags": {"Name": "web-2", "service": "web"}}, "it does not carry the opt-in tag"),
}


@pytest.mark.parametrize(("change", "why"), TAKEN.values(), ids=TAKEN)
def test_whoever_takes_it_from_defib_while_it_is_stopped_hears_that_it_is(change: dict[str, Any], why: str) -> None:
    machine = broken(policy(), fault=Failing(Action.START, FULL, times=9))
    machine.run(timedelta(minutes=10))
    assert machine.state is InstanceState.STOPPED
    for name, value in change.items():
        setattr(machine, name, value)
    case = machine.run()

    assert case.outcome is Outcome.LEFT_ALONE
    said = machine.notices[-1]
    assert "web-2 is STOPPED and left alone" in said.subject
    assert f"is STOPPED and left alone: {why}" in said.body
    assert "Start it, if it should run" in said.body
    assert "It is deregistered from web: register it when it is to serve again" in said.body
    incident = machine.store.latest_incident("web")
    assert incident is not None
    assert incident.resolved_at is not None
    ann = Contact("ann", email=("ann@example.com",))
    assert audience("web", said.tier, replace(machine.policy, contacts=(ann,))) == (ann,), "no service names her here"


@pytest.mark.parametrize("change", TAKEN.values(), ids=TAKEN)
@pytest.mark.parametrize("stale", [False, True], ids=["said to stop", "said to run"])
def test_so_does_whoever_takes_it_while_defib_stops_it(change: tuple[dict[str, Any], str], stale: bool) -> None:
    machine = broken(policy(minimum_healthy=1))

    def take(action: Action) -> None:
        if action is Action.STOP:
            for name, value in change[0].items():
                setattr(machine, name, value)
            machine.state = InstanceState.RUNNING if stale else machine.state

    machine.aftermath = take
    case = machine.run()

    assert (case.outcome, case.last(Action.START)) == (Outcome.LEFT_ALONE, None)
    said = machine.notices[-1]
    assert f"web-2 (i-0aa1) is being STOPPED and left alone: {change[1]}" in said.body
    assert "What you must do: Start it once it has stopped, if it should run." in said.body
    assert said.severity is Severity.HIGH, "what waits for the morning is read when it has been down all night"
    ann = Contact("ann", email=("ann@example.com",))
    assert audience("web", said.tier, replace(machine.policy, contacts=(ann,))) == (ann,), "no service names her here"


TOLD = replace(SERVICE, tell=("ann",))
BOTH = replace(
    POLICY,
    services=(TOLD, replace(TOLD, name="db", match={"service": ("db",)})),
    contacts=(Contact("ann", email=("ann@example.com",)),),
)
"""Two services, of which an instance is given from one to the other."""


def test_what_people_have_is_another_services_once_its_tags_say_so() -> None:
    machine = broken(BOTH, cures=frozenset())
    machine.run()
    asked = machine.store.latest_incident("web")
    assert asked is not None
    assert asked.call is not None
    machine.tags["service"] = "db"
    case = machine.run(timedelta(minutes=5))

    assert (case.service, case.outcome) == ("web", Outcome.LEFT_ALONE)
    said, incident = machine.notices[-1], machine.store.latest_incident("web")
    assert "web-2 is left alone: its tags no longer make it part of service web" in said.subject
    assert "It is deregistered from web" in said.body
    assert incident is not None
    assert (incident.call, incident.resolved_at is None) == (None, False)
    machine.look()
    assert machine.case is not None
    assert machine.case.service == "db"


def test_what_people_have_stopped_by_defib_is_started_before_it_is_another_services() -> None:
    machine = broken(BOTH, fault=Failing(Action.START, FULL, times=99))
    handed_over = machine.run()
    assert (handed_over.handed_over_at is None, machine.state) == (False, InstanceState.STOPPED)
    machine.fault, machine.tags["service"] = None, "db"
    case = machine.run(timedelta(days=1))

    assert (case.service, case.outcome) == ("web", Outcome.HEALED)


def test_whoever_switches_to_observe_while_it_is_stopped_is_asked_at_once_to_start_it() -> None:
    machine = broken(policy(), fault=Failing(Action.START, FULL, times=9))
    machine.run(timedelta(minutes=10))
    assert machine.state is InstanceState.STOPPED
    machine.policy = policy(mode=Mode.OBSERVE)
    machine.run(timedelta(minutes=5))

    said = machine.notices[-1]
    assert (said.kind, said.severity) == (NoticeKind.HELD, Severity.URGENT)
    assert "is STOPPED and held: service web is in observe mode" in said.body
    assert "It would have started it" in said.body


def test_whoever_names_nobody_any_more_while_it_is_stopped_has_every_contact_asked() -> None:
    ann, bob = (Contact(name, email=(f"{name}@example.com",)) for name in ("ann", "bob"))
    healed = replace(policy(tell=("ann",)), contacts=(ann, bob))
    machine = broken(healed, fault=Failing(Action.START, FULL, times=9))
    machine.run(timedelta(minutes=10))
    assert machine.state is InstanceState.STOPPED
    heard_so_far = len(machine.notices)
    machine.policy = replace(policy(mode=Mode.OBSERVE), contacts=(ann, bob))
    machine.run(timedelta(minutes=5))
    del machine.tags["self-heal"]
    machine.run()

    held, left = machine.notices[heard_so_far:]
    assert "web-2 is STOPPED and held" in held.subject
    assert "web-2 is STOPPED and left alone" in left.subject
    for notice in (held, left):
        assert audience("web", notice.tier, machine.policy) == (ann, bob)


def test_a_guard_that_people_have_heard_of_is_told_again_when_it_holds_what_is_stopped() -> None:
    machine = broken(policy())
    machine.switch.says = Switch.OFF
    machine.run(timedelta(minutes=5))
    machine.switch.says = Switch.ON

    def switch_off(action: Action) -> None:
        if action is Action.STOP:
            machine.switch.says = Switch.OFF

    machine.aftermath = switch_off
    machine.run(timedelta(minutes=30))

    assert machine.state is InstanceState.STOPPED
    held = [n for n in machine.notices if n.kind is NoticeKind.HELD]
    assert ["STOPPED" in n.subject for n in held] == [False, True]
    assert held[-1].severity is Severity.URGENT


def test_people_hear_that_it_is_stopped_and_defib_starts_it_when_there_is_room_at_last() -> None:
    machine = broken(policy(), fault=Failing(Action.START, FULL, times=9))
    handed_over = machine.run(timedelta(minutes=40))

    assert handed_over.handed_over_at is not None
    (asked,) = (n for n in machine.notices if n.kind is NoticeKind.ESCALATED)
    assert "NEEDS YOU: web-2 is STOPPED: " in asked.subject
    assert "It is STOPPED now. Defib goes on trying to start it, at first every 1m" in asked.body
    assert "AWS has no room for its type" in asked.body

    case = machine.run(timedelta(hours=3))
    assert case.outcome is Outcome.HEALED
    assert machine.registered


def test_a_changed_type_is_announced_and_said_again_in_the_end() -> None:
    machine = broken(policy(fallback_types=("m6g.large",)), fault=Failing(Action.START, FULL, times=3))
    case = machine.run()

    assert case.outcome is Outcome.HEALED
    assert machine.acts.count(Action.RESIZE) == 1
    assert [n.kind for n in machine.notices][-2:] == [NoticeKind.PROGRESS, NoticeKind.RESOLVED]
    assert "becomes a m6g.large" in machine.notices[-2].subject
    assert "It runs as m6g.large" in machine.notices[-1].body


def test_in_a_long_drought_people_hear_of_each_type_once_and_in_the_end_as_what_it_runs() -> None:
    machine = broken(policy(fallback_types=("m6g.large",)), fault=Failing(Action.START, FULL, times=20))
    machine.instance_type = "m7g.large"
    case = machine.run(timedelta(hours=5))

    assert case.outcome is Outcome.HEALED
    assert machine.acts.count(Action.RESIZE) > 5
    assert [n.subject.partition("becomes ")[2] for n in machine.notices if "becomes" in n.subject] == [
        "a m6g.large: no room for a m7g.large",
        "a m7g.large: no room for a m6g.large",
    ]
    (asked,) = (n for n in machine.notices if n.kind is NoticeKind.ESCALATED)
    assert "now as m7g.large, before as m6g.large" in asked.body
    assert ("It runs as" in machine.notices[-1].body) is (machine.instance_type != "m7g.large")


def test_a_type_that_ec2_does_not_start_it_as_is_given_back_and_its_own_is_started_once_there_is_room() -> None:
    machine = broken(policy(fallback_types=("m5.large",)))
    machine.instance_type = "m7g.large"

    def refuse(action: Action) -> None:
        if action is Action.START and machine.instance_type == "m5.large":
            raise Rejected("Enhanced networking with ENA is required", "InvalidParameterCombination")
        if action is Action.START and machine.clock.now() < after(hours=1):
            raise FULL

    machine.fault = refuse
    case = machine.run(timedelta(hours=5))

    assert case.outcome is Outcome.HEALED
    assert machine.instance_type == "m7g.large"
    assert machine.clock.now() < after(hours=1, minutes=15)
    assert [n.subject.partition("becomes ")[2] for n in machine.notices if "becomes" in n.subject] == [
        "a m5.large: no room for a m7g.large",
        "a m7g.large: AWS does not start a m5.large",
    ]


@pytest.mark.parametrize("others", [3, 4])
def test_with_ever_so_many_types_people_hear_that_none_has_room_not_how_much_was_tried(others: int) -> None:
    types = ("m6g.large", "m8g.large", "c7g.large", "r7g.large")[:others]
    machine = broken(policy(fallback_types=types), fault=Failing(Action.START, FULL, times=1000))
    machine.instance_type = "m7g.large"
    case = machine.run(timedelta(hours=1))

    assert {Action.REBOOT, Action.DRAIN, Action.STOP} <= {a.action for a in case.attempts}
    (asked,) = (n for n in machine.notices if n.kind is NoticeKind.ESCALATED)
    assert "tries: AWS has no room for its type in its zone at present" in asked.body
    assert f"now as m7g.large, before as {', '.join(types)}" in asked.body
    assert "change its type to one that AWS has room for" in asked.body


@pytest.mark.parametrize("action", [Action.STOP, Action.START])
def test_what_ec2_refuses_for_its_state_is_done_a_moment_later(action: Action) -> None:
    case = broken(policy(), fault=Failing(action, UNREADY, times=2)).run()

    assert case.outcome is Outcome.HEALED
    assert case.handed_over_at is None


@pytest.mark.parametrize("action", [Action.STOP, Action.START])
def test_what_ec2_refuses_for_its_state_without_end_is_peoples_business(action: Action) -> None:
    machine = broken(policy(), fault=Failing(action, UNREADY, times=1000))
    case = machine.run(timedelta(hours=1, minutes=10))

    assert case.handed_over_at is not None
    assert len([a for a in case.attempts if a.action is action and a.intended_at < case.handed_over_at]) < 25


def test_what_a_person_has_stopped_just_before_is_not_stopped_again_and_again() -> None:
    machine = broken(policy())

    def stop_first(asked: Action) -> None:
        if asked in (Action.REBOOT, Action.STOP):
            machine.state = InstanceState.STOPPED
            raise UNREADY

    machine.fault = stop_first
    case = machine.run()

    assert case.outcome is Outcome.LEFT_ALONE
    assert [a.action for a in case.attempts].count(Action.REBOOT) == 1
