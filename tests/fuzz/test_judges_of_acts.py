"""Judges of what Defib does say that an invariant is broken where it is: it acts, forgets or waits as it never may."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.approval import Approval, Choice
from defib.core.asking import DETAIL_TYPE, EVENT_SOURCE
from defib.core.case import Action, Attempt, Case, Outcome
from defib.core.incident import NoticeKind
from defib.core.issue import Issues
from defib.core.model import Cause, InstanceState, Result, Source, Verdict
from defib.shell.ports import Transient
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.trouble import Nth, Trouble
from sim.fuzz.world import World
from sim.machine import Machine
from tests.fuzz.worlds import MINUTE, broken, later, told

breaks = pytest.mark.breaks


def first(world: World) -> Machine:
    return next(iter(world.cloud.machines.values()))


def attempt(at: datetime, number: int = 1, action: Action = Action.STOP) -> Attempt:
    return Attempt(number, action, "because", at)


def case_of(machine: Machine, at: datetime, *attempts: Attempt) -> Case:
    return Case(
        machine.instance_id,
        1,
        machine.service,
        machine.name,
        machine.zone,
        at,
        Source.SWEEP,
        Cause.SYSTEM_IMPAIRED,
        at,
        confirmed_at=at,
        confirmed_cause=Cause.SYSTEM_IMPAIRED,
        attempts=attempts,
    )


def keep(world: World, case: Case) -> None:
    world.store.cases[case.instance_id, case.number] = case


def act(world: World, *before: Attempt, action: Action = Action.STOP) -> Case:
    """Defib is about to act on the first machine, after what it has tried before."""
    now = attempt(world.time.now, len(before) + 1, action)
    case = case_of(first(world), world.time.now, *before, now)
    world.judge.act(now, case)
    return case


# --- Acts ------------------------------------------------------------------------------------------------------------


@breaks("needless", "evidence", "intent precedes act", "patience")
def test_an_act_out_of_the_blue_is_none_that_may_be() -> None:
    world = told("april-30")
    act(world)
    assert broken(world) >= {"needless", "evidence", "intent precedes act", "patience"}


@breaks("patience")
def test_an_act_on_what_nobody_has_confirmed_is_judged_by_what_was_seen_of_it() -> None:
    world = told("april-30")
    now = attempt(world.time.now)
    unconfirmed = replace(case_of(first(world), world.time.now, now), confirmed_at=None, confirmed_cause=None)
    world.judge.act(now, unconfirmed)


@pytest.mark.parametrize("over", [True, False])
def test_a_call_that_begins_before_the_last_one_to_the_same_instance_has_ended_is_found(over: bool) -> None:
    """Whatever a process does while another waits for EC2's answer."""
    world = told("april-30")
    one, other = attempt(world.time.now, 1), attempt(world.time.now, 2)
    case = case_of(first(world), world.time.now, one, other)

    def meanwhile() -> None:
        if over:
            world.judge.act_over(one, case)
        with pytest.raises(Transient):
            perform(other, case, world.seen.observe(case.instance_id, ()))

    perform = world._performing.actor.perform
    world.outside._befalls_any = True
    world.outside._nth = Nth(world.outside.calls + 1, Trouble.RACE)
    world.outside.race = meanwhile
    first(world).state = InstanceState.PENDING
    with pytest.raises(Transient):
        perform(one, case, world.seen.observe(case.instance_id, ()))
    assert any("while another is in flight" in line for line in world.judge.broken) is not over


def test_a_drain_that_its_target_group_has_not_consented_to_is_found() -> None:
    world = told("zonal-shift")
    machine = first(world)
    balancer = world.cloud.balancer_of(machine)
    assert balancer is not None
    act(world, action=Action.DRAIN)
    assert not any("whose target group" in line for line in world.judge.broken)
    balancer.manageable = False
    act(world, action=Action.DRAIN)
    assert any("whose target group is not opted in" in line for line in world.judge.broken)


@breaks("pauses")
def test_what_has_just_failed_is_tried_again_at_once() -> None:
    world = told("april-30")
    failed = Result("i-1", 1, Verdict.RETRY, world.time.now, "InsufficientInstanceCapacity")
    act(world, replace(attempt(world.time.now, action=Action.START), result=failed), action=Action.START)
    assert "pauses" in broken(world)


@pytest.mark.parametrize(
    ("said", "may"),
    [
        ((), False),
        ((Choice.APPROVE,), True),
        ((Choice.REJECT,), False),
        ((Choice.APPROVE, Choice.REJECT), False),
    ],
)
def test_a_yes_that_nobody_has_said_and_a_no_that_nobody_minds_are_found(said: tuple[Choice, ...], may: bool) -> None:
    """Whatever Defib remembers of it."""
    world = told("approval-given")
    now = world.time.now
    approval = Approval(now, now + MINUTE, Choice.APPROVE, now, "somebody")
    case = replace(case_of(first(world), now, attempt(now)), approval=approval)
    for choice in said:
        world.bus.put(EVENT_SOURCE, DETAIL_TYPE, {"case": case.id, "answer": choice.value, "by": "somebody"})
    later(world, timedelta(minutes=2, seconds=1))
    world.judge.act(case.attempts[0], case)
    answered = [line for line in world.judge.broken if "yes" in line or "said no" in line]
    assert (answered == []) is may


def test_an_issue_of_awss_that_defib_has_forgotten_still_forbids_a_restart() -> None:
    story = scenario_story("aws-issue")
    world = told("aws-issue", story.scenario.health_issues[0].at + 3 * MINUTE)
    world.store.whole = replace(world.store.whole, issues=Issues())
    act(world)
    assert any("while AWS has an open issue" in line for line in world.judge.broken)


@pytest.mark.parametrize("busy", [True, False])
def test_a_place_beyond_the_share_is_found_though_the_act_that_took_it_was_lost(busy: bool) -> None:
    world = told("april-30")
    now = world.time.now
    one, other = list(world.cloud.machines.values())[:2]
    if busy:
        repaired = case_of(one, now, attempt(now))
        world.judge.act(repaired.attempts[0], repaired)
        keep(world, repaired)
        world.judge.remembered(repaired)
    taken_up = case_of(other, now, replace(attempt(now), claimed_at=now))
    keep(world, taken_up)
    world.judge.remembered(taken_up)
    lost = taken_up.with_result(Result(taken_up.id, 1, Verdict.LOST, now))
    again = lost.with_intent(Action.STOP, "because", now)
    world.judge.act(again.attempts[-1], again)
    assert any(f"stop on {other.name}: 1 under repair" in line for line in world.judge.broken) is busy


# --- The course of a case --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "found"), [pytest.param(timedelta(days=1), True, marks=breaks("ends")), (MINUTE, False)]
)
def test_a_case_that_goes_on_for_ever_is_found(age: timedelta, found: bool) -> None:
    world = told("april-30")
    keep(world, case_of(first(world), world.time.now - age))
    world.judge.at_end(world.lanes)
    assert ("ends" in broken(world)) is found


def test_a_guard_that_holds_a_case_in_silence_is_found() -> None:
    world = told("april-30")
    keep(world, replace(case_of(first(world), world.time.now), held_by="stop_protection"))
    world.judge.at_end(world.lanes)
    assert [line for line in world.judge.broken if "is held (stop_protection), and nobody has heard" in line]


@pytest.mark.parametrize("heard", [pytest.param(-MINUTE, marks=breaks("started again")), MINUTE])
def test_what_was_stopped_and_is_forgotten_is_found_whatever_people_had_read_before(heard: timedelta) -> None:
    world = told("april-30", 12 * MINUTE)
    stopped, notice = first(world), next(iter(world.store.notices.values()))
    stopped.state = InstanceState.STOPPED
    case = replace(case_of(stopped, notice.at), handed_over_at=notice.at)
    world.store.cases = {(case.instance_id, case.number): case}
    notice = replace(notice, case_id=case.id, kind=NoticeKind.ESCALATED)
    world.store.notices = {(notice.incident_id, notice.sequence): notice}
    world.judge.truth.stopped[stopped.instance_id] = notice.at - heard
    world.judge.at_end(world.lanes)
    assert ("started again" in broken(world)) is (heard < timedelta(0))


@pytest.mark.parametrize(
    "cause", [pytest.param(Cause.STOPPED_BY_PERSON, marks=breaks("started again")), Cause.STOPPED_BY_DEFIB]
)
def test_a_stop_of_defibs_own_of_which_people_read_that_it_was_theirs_is_found(cause: Cause) -> None:
    world = told("april-30", 12 * MINUTE)
    stopped, notice = first(world), next(iter(world.store.notices.values()))
    stopped.state = InstanceState.STOPPED
    case = replace(case_of(stopped, notice.at), closed_at=notice.at, outcome=Outcome.LEFT_ALONE, cause=cause)
    world.store.cases = {(case.instance_id, case.number): case}
    world.store.notices = {(notice.incident_id, notice.sequence): replace(notice, case_id=case.id)}
    world.judge.truth.stopped[stopped.instance_id] = notice.at
    world.judge.at_end(world.lanes)
    assert ("started again" in broken(world)) is (cause is Cause.STOPPED_BY_PERSON)


@breaks("bounded")
def test_what_grows_without_bound_is_found() -> None:
    world = told("april-30")
    world.lanes.most_waiting = 100_000
    world.judge.at_end(world.lanes)
    assert "bounded" in broken(world)


def test_an_event_that_nobody_can_read_is_found() -> None:
    world = told("april-30")
    world.bus.put(EVENT_SOURCE, DETAIL_TYPE, {"case": "nobody's", "answer": "approve", "by": "somebody"})
    later(world, MINUTE)
    world.judge.at_end(world.lanes)
    assert any("nobody can read" in line for line in world.judge.broken)


def test_a_zone_that_is_called_impaired_for_ever_is_found() -> None:
    world = told("zone-loss", 8 * MINUTE)
    assert world.store.whole.impaired
    for machine in list(world.cloud.troubled.values()):
        world.cloud.cure(machine)
    forever = world.store.whole
    for _ in range(60):
        later(world, MINUTE)
        world.store.whole = replace(world.store.whole, impaired=forever.impaired)
        world.judge.swept()
    assert any("is called impaired though" in line for line in world.judge.broken)


def test_a_turn_that_never_comes_though_nobody_else_has_it_is_found() -> None:
    world = told("april-30")
    waiting = replace(case_of(first(world), world.time.now), held_by="concurrent_repairs")
    keep(world, waiting)
    assert not world.judge.settled(), "its turn may still come"
    world.judge.at_end(world.lanes)
    assert any("waits for its turn" in line for line in world.judge.broken)


def test_a_turn_that_another_keeps_whom_people_know_of_may_wait() -> None:
    world = told("april-30")
    one, other = list(world.cloud.machines.values())[:2]
    keep(world, replace(case_of(one, world.time.now), held_by="concurrent_repairs"))
    keep(
        world,
        replace(case_of(other, world.time.now, attempt(world.time.now)), service=one.service, held_by="kill_switch"),
    )
    world.judge.at_end(world.lanes)
    assert not any("waits for its turn" in line for line in world.judge.broken)


class Unheard:
    """A fault in Defib's own code, at its third call."""

    def at(self, call: int) -> Trouble | None:
        if call == 3:
            raise KeyError("a bug")
        return None


@breaks("crash")
def test_what_leaves_defibs_code_and_is_no_error_of_its_ports_is_found() -> None:
    assert lived(scenario_story("april-30"), Unheard())[1][-1].startswith("crash: KeyError")
