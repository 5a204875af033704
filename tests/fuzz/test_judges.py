"""Each judge says that its invariant is broken where it is: Defib does, says or forgets what it never would."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.aws.zonal_shift import ArcRouter
from defib.core.approval import Approval, Choice
from defib.core.asking import DETAIL_TYPE, EVENT_SOURCE
from defib.core.audience import audience
from defib.core.case import Action, Attempt, Case
from defib.core.contact import Contact
from defib.core.digest import summed_up
from defib.core.incident import Notice, NoticeKind
from defib.core.issue import Issues
from defib.core.medium import Medium, media_of
from defib.core.messages import MessageLimits
from defib.core.model import Cause, InstanceState, Result, Source, Verdict
from defib.core.outbox import Lane, Waiting
from defib.core.page.mail import Letter
from defib.core.page.model import ComponentStatus
from defib.core.post import Places, Post
from defib.core.severity import Severity
from defib.shell.announce import WAITS
from sim.fuzz.cloud import ZONE_IDS
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.trouble import Trouble
from sim.fuzz.world import World
from sim.machine import Machine

MINUTE = timedelta(minutes=1)


def told(name: str, until: timedelta = timedelta(0)) -> World:
    """The scenario of that name, up to that moment."""
    world = World(scenario_story(name))
    world.time.run_until(world.story.scenario.start + until)
    assert world.judge.broken == []
    return world


def later(world: World, by: timedelta) -> None:
    world.time.run_until(world.time.now + by)


def broken(world: World) -> set[str]:
    """The names of the invariants that broke."""
    return {line.partition(":")[0] for line in world.judge.broken}


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


def test_an_act_out_of_the_blue_is_none_that_may_be() -> None:
    world = told("april-30")
    act(world)
    assert broken(world) >= {"needless", "evidence", "intent precedes act", "patience"}


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


# --- The course of a case --------------------------------------------------------------------------------------------


def test_a_case_that_goes_on_for_ever_is_found() -> None:
    world = told("april-30")
    keep(world, case_of(first(world), world.time.now))
    world.judge.at_end(world.lanes)
    assert "ends" in broken(world)


def test_a_guard_that_holds_a_case_in_silence_is_found() -> None:
    world = told("april-30")
    keep(world, replace(case_of(first(world), world.time.now), held_by="stop_protection"))
    world.judge.at_end(world.lanes)
    assert [line for line in world.judge.broken if "is held (stop_protection), and nobody has heard" in line]


@pytest.mark.parametrize("heard", [-MINUTE, MINUTE])
def test_what_was_stopped_and_is_forgotten_is_found_whatever_people_had_read_before(heard: timedelta) -> None:
    world = told("april-30", 12 * MINUTE)
    stopped, notice = first(world), next(iter(world.store.notices.values()))
    stopped.state = InstanceState.STOPPED
    case = case_of(stopped, notice.at)
    world.store.cases = {(case.instance_id, case.number): case}
    notice = replace(notice, case_id=case.id, kind=NoticeKind.ESCALATED)
    world.store.notices = {(notice.incident_id, notice.sequence): notice}
    world.judge.truth.stopped[stopped.instance_id] = notice.at - heard
    world.judge.at_end(world.lanes)
    assert ("started again" in broken(world)) is (heard < timedelta(0))


def test_what_grows_without_bound_is_found() -> None:
    world = told("april-30")
    world.lanes.most_waiting = 100_000
    world.judge.at_end(world.lanes)
    assert "bounded" in broken(world)


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


# --- Shifts ----------------------------------------------------------------------------------------------------------


def test_traffic_that_goes_to_an_impaired_zone_though_people_believe_otherwise_is_found() -> None:
    story = scenario_story("zonal-shift")
    for_good = tuple(replace(fault, lasts=None) for fault in story.scenario.faults)
    world = World(replace(story, scenario=replace(story.scenario, faults=for_good)))
    later(world, 8 * MINUTE)
    (shift,) = world.cloud.shifts.all
    shift.cancelled = True
    later(world, 10 * MINUTE)
    assert "shifted" in broken(world)


def test_traffic_that_never_comes_back_is_found() -> None:
    world = told("zonal-shift")
    balancer = next(iter(world.cloud._shifted))
    arc = ArcRouter(lambda: world.cloud.calls.client("arc-zonal-shift"))
    arc.start(balancer, ZONE_IDS["us-east-1d"], 60 * MINUTE, "it fails")
    assert not world.judge.settled()
    for _ in range(22):
        later(world, MINUTE)
        world.judge.tick()
    assert any(line.startswith("ends: the traffic of") for line in world.judge.broken)


# --- What people read ------------------------------------------------------------------------------------------------


def post(**changes: object) -> Post:
    said = Post(
        contact="oncall",
        media=(Medium.EMAIL,),
        subject="[Defib] 2 more messages",
        email="body",
        sms="sms",
        https="",
        chat="",
        notice="digest",
        service="several",
        incident_id="several",
        severity=Severity.HIGH,
    )
    return replace(said, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("changes", [{"sms": "x" * 141}, {"sms": " "}, {"subject": ""}, {"subject": "x" * 101}])
def test_a_message_that_says_nothing_or_does_not_fit_is_found(changes: dict[str, str]) -> None:
    world = told("april-30")
    world.judge.heard("channel.publish", post(**changes))
    assert "reasons" in broken(world)


@pytest.mark.parametrize("names_it", [False, True])
def test_what_waits_for_a_contact_and_is_thrown_away_is_found(names_it: bool) -> None:
    """That it was marked as waiting says nothing: its reader must have read it, or a digest that names it."""
    world = told("april-30", 12 * MINUTE)
    mail, now = world.store.mail, world.time.now
    notice = replace(next(iter(world.store.notices.values())), sequence=50, at=now)
    world.store.notices[notice.incident_id, 50], world.store.published[notice.incident_id, 50] = notice, now
    for contact in audience(notice.service, notice.tier, world.story.policy):
        mail.mark_told(notice.incident_id, 50, f"{contact.name} {WAITS}")
        waiting = _waiting(notice, contact)
        mail.remember_outbox(mail.outbox(contact.name), waiting)
        if names_it:
            digest = summed_up((waiting,), contact, MessageLimits(), Places("memory"), now)
            world.judge.heard("channel.publish", digest)
        mail.went_out((waiting,), tuple(Medium))
    world.judge.at_end(world.lanes)
    unheard = [line for line in world.judge.broken if f"never heard of {notice.incident_id}-50" in line]
    assert (unheard == []) is names_it


def _waiting(notice: Notice, contact: Contact) -> Waiting:
    return Waiting(
        contact.name,
        Lane.LIMIT,
        notice.at,
        notice.incident_id,
        notice.sequence,
        notice.kind,
        notice.severity,
        notice.subject,
        notice.service,
        tuple(media_of(notice, contact)),
    )


def test_digests_count_among_the_messages_that_a_contact_gets() -> None:
    story = scenario_story("april-30")
    world = World(replace(story, seed=1, policy=replace(story.policy, messages=MessageLimits(most=2))))
    for _ in range(3):
        world.judge.heard("channel.publish", post())
    assert any(line.startswith("limits: oncall gets 3 messages") for line in world.judge.broken)


@pytest.mark.parametrize(("late", "found"), [(14 * MINUTE, False), (16 * MINUTE, True)])
def test_a_letter_that_subscribers_read_too_late_is_found(late: timedelta, found: bool) -> None:
    world = told("page-subscribers", 20 * MINUTE)
    incident = world.site.pages[-1].incidents[0]
    update = min(incident.updates, key=lambda update: update.sequence)
    world.time.run_until(update.at + late)
    world.judge.letter(Letter(incident.id, update.sequence, update.at, "subject", "body"), struck=-1)
    assert any("only after" in line for line in world.judge.broken) is found


@pytest.mark.parametrize("shows", [ComponentStatus.OPERATIONAL, ComponentStatus.UNDER_MAINTENANCE])
def test_a_page_that_says_for_long_what_is_not_so_is_found(shows: ComponentStatus) -> None:
    world = told("page-subscribers", MINUTE)
    world.lanes.run("page", lambda _: None)
    page = world.site.pages[-1]
    components = tuple(replace(component, status=shows) for component in page.components)
    world.site.pages.append(replace(page, components=components))
    later(world, 8 * MINUTE)
    assert "page" in broken(world)


class Unheard:
    """A fault in Defib's own code, at its third call."""

    def at(self, call: int) -> Trouble | None:
        if call == 3:
            raise KeyError("a bug")
        return None


def test_what_leaves_defibs_code_and_is_no_error_of_its_ports_is_found() -> None:
    assert lived(scenario_story("april-30"), Unheard())[1][-1].startswith("crash: KeyError")
