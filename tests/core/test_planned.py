"""What AWS has announced of an instance that works: when it is a case, when it is restarted, and whom it disturbs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.announce import announce, under_repair
from defib.core.case import Act, Action, Attempt, Case, Close, Decision, Escalate, Outcome, Wait, heals_before
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.incident import Incident, NoticeKind, Phase
from defib.core.maintenance import DAYS, UNTIL_TAG, Maintenance, next_window
from defib.core.message import compose
from defib.core.model import Cause, Checks, Event, Observation, TargetHealth, Verdict
from defib.core.news import News
from defib.core.planned import at_rest
from defib.core.policy import Mode, Policy
from tests.core.facts import NOON, OK, POLICY, after, attempt, case, impaired, observed, policy, target

RETIREMENT = Event("instance-retirement", after(days=2))
AHEAD = observed(checks=Checks(OK, OK, events=(RETIREMENT,)))
NOW_ON = Maintenance("11:00", timedelta(hours=2), days=DAYS)
LATER = Maintenance("20:00", timedelta(hours=2), days=DAYS)
TOO_LATE = Maintenance("20:00", timedelta(hours=2), date="2026-05-09")
WAITING = case(
    cause=Cause.EVENT_SCHEDULED, confirmed_cause=Cause.EVENT_SCHEDULED, event=RETIREMENT, since=NOON, failing_since=NOON
)
EVIDENCE = attempt(Action.EVIDENCE)
MOVED = (attempt(Action.STOP, after(minutes=-9)), attempt(Action.START, after(minutes=-8)))


def wants(*windows: Maintenance, planned_restart: bool = True) -> Policy:
    return policy(planned_restart=planned_restart, maintenance=windows)


def waiting(*attempts: Attempt, **changes: object) -> Case:
    """The waiting case after these attempts."""
    return replace(WAITING, attempts=case(*attempts).attempts, **changes)  # type: ignore[arg-type]  # keyword arguments of one known dataclass


def decided(so_far: Case, facts: Observation, limits: Policy, now: datetime = NOON) -> Decision:
    return decide(so_far, facts, diagnose(facts, so_far, limits, now), limits, now)


@pytest.mark.parametrize(
    ("code", "begins", "so_far", "cause"),
    [
        ("instance-retirement", after(days=14), None, Cause.EVENT_SCHEDULED),
        ("instance-stop", after(minutes=1), None, Cause.EVENT_SCHEDULED),
        ("instance-reboot", after(days=1), None, Cause.EVENT_SCHEDULED),
        ("system-reboot", after(days=1), None, Cause.EVENT_SCHEDULED),
        ("system-maintenance", after(days=1), None, Cause.EVENT_SCHEDULED),
        ("something-new", after(days=1), None, Cause.HEALTHY),
        ("instance-retirement", NOON, None, Cause.HEALTHY),
        ("instance-retirement", NOON, WAITING, Cause.EVENT_SCHEDULED),
        ("instance-retirement", after(days=1), case(), Cause.HEALTHY),
        ("instance-retirement", after(days=1), case(confirmed_at=None, confirmed_cause=None), Cause.EVENT_SCHEDULED),
    ],
)
def test_an_event_to_come_is_a_cause_except_in_the_middle_of_a_repair(
    code: str, begins: datetime, so_far: Case | None, cause: Cause
) -> None:
    facts = observed(checks=Checks(OK, OK, events=(Event(code, begins),)))

    assert diagnose(facts, so_far, POLICY, NOON).cause is cause


@pytest.mark.parametrize(
    "changes",
    [{"checks": Checks(OK, impaired(), events=(RETIREMENT,))}, {"targets": (target(TargetHealth.UNHEALTHY),)}],
)
def test_what_fails_is_diagnosed_by_its_failure(changes: dict[str, object]) -> None:
    assert diagnose(replace(AHEAD, **changes), None, POLICY, NOON).cause is not Cause.EVENT_SCHEDULED  # type: ignore[arg-type]  # keyword arguments of one known dataclass


@pytest.mark.parametrize(
    ("limits", "tag", "acts"),
    [
        (wants(NOW_ON), "", True),
        (wants(NOW_ON, LATER), "", True),
        (wants(LATER), "", False),
        (wants(TOO_LATE), "", False),
        (wants(), "", False),
        (wants(NOW_ON, planned_restart=False), "", False),
        (replace(wants(), maintenance=(NOW_ON,)), "", True),
        (wants(NOW_ON), "2026-04-30T13:00:00Z", False),
        (wants(NOW_ON), "2026-04-30T11:00:00Z", True),
    ],
    ids=["on", "one is on", "later", "too late", "none", "not wanted", "of all", "a person is at it", "is done"],
)
def test_it_is_restarted_in_a_window_before_its_time_and_nowhere_else(limits: Policy, tag: str, acts: bool) -> None:
    facts = replace(AHEAD, tags={**AHEAD.tags, UNTIL_TAG: tag}) if tag else AHEAD

    decision = decided(waiting(EVIDENCE), facts, limits)

    assert isinstance(decision, Act if acts else Wait)
    assert not isinstance(decision, Act) or decision.action is Action.STOP


def test_after_a_stop_of_which_ec2_does_not_know_yet_it_waits() -> None:
    decision = decided(waiting(EVIDENCE, attempt(Action.STOP)), AHEAD, wants(NOW_ON))

    assert isinstance(decision, Wait)
    assert decision.reason == "EC2's reads lag behind the stop"


@pytest.mark.parametrize(
    ("limits", "now", "looks"),
    [
        (wants(LATER), NOON, after(hours=1)),
        (wants(LATER), after(hours=7, minutes=40), after(hours=8)),
        (wants(), after(days=1, hours=23, minutes=30), after(days=2)),
        (wants(), after(days=3), after(days=3, hours=1)),
    ],
)
def test_it_looks_again_when_the_window_begins_or_the_time_has_come_and_once_an_hour(
    limits: Policy, now: datetime, looks: datetime
) -> None:
    decision = decided(WAITING, AHEAD, limits, now)

    assert isinstance(decision, Wait)
    assert decision.look_again_at == looks


def test_a_move_that_aws_refuses_is_peoples_business_even_within_the_window() -> None:
    refused = waiting(EVIDENCE, attempt(Action.STOP, verdict=Verdict.REFUSED, code="UnsupportedOperation"))

    decision = decided(refused, AHEAD, wants(NOW_ON))

    assert isinstance(decision, Escalate)
    assert "UnsupportedOperation" in decision.reason


def test_a_move_that_does_not_end_well_is_peoples_business_even_within_the_window() -> None:
    moved = waiting(EVIDENCE, attempt(Action.STOP), attempt(Action.START), attempt(Action.STOP), attempt(Action.START))
    sick = observed(checks=Checks(OK, impaired()), launched_at=NOON)

    decision = decided(replace(moved, cause=Cause.INSTANCE_IMPAIRED), sick, wants(NOW_ON), after(minutes=30))

    assert isinstance(decision, Escalate)


def test_a_stop_that_aws_throttles_is_tried_again_after_a_pause() -> None:
    throttled = waiting(EVIDENCE, attempt(Action.STOP, verdict=Verdict.RETRY))

    assert isinstance(decided(throttled, AHEAD, wants(NOW_ON), after(seconds=1)), Wait)
    assert isinstance(decided(throttled, AHEAD, wants(NOW_ON), after(minutes=5)), Act)


@pytest.mark.parametrize(
    ("attempts", "rests"),
    [
        ((), True),
        ((EVIDENCE,), True),
        ((EVIDENCE, attempt(Action.DRAIN, verdict=None)), False),
        ((EVIDENCE, attempt(Action.DRAIN)), False),
        ((EVIDENCE, attempt(Action.DRAIN, verdict=Verdict.LOST)), True),
        ((EVIDENCE, attempt(Action.DRAIN), attempt(Action.RESTORE)), True),
        ((EVIDENCE, attempt(Action.ENTER_STANDBY)), False),
        ((EVIDENCE, attempt(Action.ENTER_STANDBY), attempt(Action.EXIT_STANDBY)), True),
        ((EVIDENCE, attempt(Action.STOP)), False),
        ((EVIDENCE, attempt(Action.STOP, verdict=Verdict.REFUSED)), True),
    ],
)
def test_it_is_at_rest_while_nothing_is_taken_from_it(attempts: tuple[Attempt, ...], rests: bool) -> None:
    assert at_rest(waiting(*attempts)) is rests


NEXT: list[tuple[Maintenance, datetime, str]] = [
    (Maintenance("02:30", timedelta(hours=2), "Europe/Berlin", days=("sun",)), NOON, "2026-05-03 00:30"),
    (Maintenance("12:00", timedelta(hours=1), days=("thu",)), NOON, "2026-05-07 12:00"),
    (Maintenance("12:01", timedelta(hours=1), days=("thu",)), NOON, "2026-04-30 12:01"),
    (Maintenance("00:30", timedelta(hours=1), "Pacific/Auckland", days=("fri",)), NOON, "2026-04-30 12:30"),
    (Maintenance("12:00", timedelta(hours=1), date="2026-12-24"), NOON, "2026-12-24 12:00"),
    (Maintenance("12:00", timedelta(hours=1), date="2026-04-29"), NOON, "none"),
]


@pytest.mark.parametrize(("entry", "now", "begins"), NEXT)
def test_the_next_window_is_the_first_that_has_not_begun(entry: Maintenance, now: datetime, begins: str) -> None:
    found = next_window(wants(entry), wants(entry).services[0], now)

    assert (f"{found.start:%Y-%m-%d %H:%M}" if found is not None else "none") == begins


def told(incident: Incident | None, before: Case, now: Case) -> tuple[Incident | None, list[NoticeKind]]:
    incident, notices = announce(incident, before, now, wants(LATER), NOON)
    return incident, [n.kind for n in notices]


UNSEEN = replace(WAITING, confirmed_at=None, confirmed_cause=None, event=None, cause=Cause.HEALTHY)


def foretold() -> Incident:
    incident, kinds = told(None, UNSEEN, WAITING)
    assert incident is not None
    assert kinds == [NoticeKind.PLANNED]
    return incident


def test_an_announcement_keeps_no_incident_open_and_a_failure_opens_its_own() -> None:
    assert foretold().resolved_at == NOON
    failing = replace(case(EVIDENCE), instance_id="i-0bb2", name="web-3")

    incident, kinds = told(foretold(), replace(failing, confirmed_at=None), failing)

    assert incident is not None
    assert (incident.number, kinds) == (2, [NoticeKind.OPENED])


def test_a_look_that_finds_nothing_new_changes_no_incident() -> None:
    assert told(foretold(), WAITING, replace(WAITING, look_again_at=after(hours=1))) == (foretold(), [])


def test_a_move_is_counted_as_a_repair_from_its_first_act_in_the_newest_incident() -> None:
    begun = waiting(EVIDENCE, attempt(Action.DRAIN, verdict=None))

    incident, kinds = told(foretold(), WAITING, begun)

    assert incident is not None
    assert (incident.number, incident.resolved_at, kinds) == (2, None, [])
    assert under_repair(incident, "i-0bb2-1") == ("i-0aa1",)


def test_a_failure_that_joins_a_move_is_announced_as_an_outage() -> None:
    moving, _ = told(foretold(), WAITING, waiting(EVIDENCE, attempt(Action.DRAIN, verdict=None)))
    failing = replace(case(EVIDENCE), instance_id="i-0bb2", name="web-3")

    incident, kinds = told(moving, replace(failing, confirmed_at=None), failing)

    assert incident is not None
    assert (incident.number, kinds) == (2, [NoticeKind.OPENED])


def test_an_announcement_in_the_middle_of_an_outage_does_not_keep_it_open() -> None:
    failing = replace(case(EVIDENCE), instance_id="i-0bb2", name="web-3")
    outage, _ = told(None, replace(failing, confirmed_at=None), failing)
    both, kinds = told(outage, UNSEEN, WAITING)
    assert kinds == [NoticeKind.PLANNED]

    over, kinds = told(both, failing, replace(failing, closed_at=NOON, outcome=Outcome.HEALED))

    assert over is not None
    assert (over.resolved_at, kinds) == (NOON, [NoticeKind.RESOLVED])
    assert [m.phase for m in over.members] == [Phase.CLOSED, Phase.WATCHING]


def test_a_move_that_is_over_after_the_outage_that_it_joined_ends_that_for_whoever_heard_of_it() -> None:
    failing = replace(case(EVIDENCE), instance_id="i-0bb2", name="web-3")
    outage, _ = told(None, replace(failing, confirmed_at=None), failing)
    begun = waiting(EVIDENCE, attempt(Action.DRAIN, verdict=None))
    both, _ = told(outage, UNSEEN, begun)
    left, kinds = told(both, failing, replace(failing, closed_at=NOON, outcome=Outcome.HEALED))
    assert kinds == [NoticeKind.PROGRESS]

    over, kinds = told(left, begun, replace(waiting(EVIDENCE, *MOVED), closed_at=NOON, outcome=Outcome.HEALED))

    assert over is not None
    assert (over.resolved_at, kinds) == (NOON, [NoticeKind.RESOLVED])


@pytest.mark.parametrize(
    ("attempts", "launched", "words"),
    [
        ((), after(days=-30), "AWS has done or called off the instance-retirement"),
        (MOVED, after(minutes=-8), "it is on another host"),
        ((), after(minutes=-8), "the instance-retirement is off since somebody else started it at 11:52:00 UTC"),
    ],
    ids=["by AWS", "by Defib", "by a person"],
)
def test_an_event_that_is_announced_no_more_ends_its_case_and_says_by_whom(
    attempts: tuple[Attempt, ...], launched: datetime, words: str
) -> None:
    so_far = waiting(*attempts, healthy_since=after(minutes=-6), opened_at=after(days=-1))

    decision = decided(so_far, observed(launched_at=launched), wants())

    assert isinstance(decision, Close)
    assert words in decision.reason


def test_an_announcement_of_which_the_case_has_not_heard_yet_begins_nothing() -> None:
    unheard = replace(WAITING, event=None)

    assert isinstance(decided(unheard, AHEAD, wants(NOW_ON)), Wait)


def test_an_announcement_says_when_aws_says_that_it_ends() -> None:
    ends = replace(WAITING, event=Event("system-maintenance", after(days=2), after(days=2, hours=3)))

    _, notice = compose(Incident("web", 1, NOON), ends, News.ANNOUNCED, wants().services[0], wants(), NOON)

    assert "AWS says that it ends by 02 May 15:00 UTC." in notice.body


def test_a_move_is_no_heal_of_a_flapping_instance() -> None:
    moved = replace(WAITING, closed_at=NOON, outcome=Outcome.HEALED)

    assert heals_before(moved, NOON) == ()
    assert heals_before(replace(moved, confirmed_cause=Cause.INSTANCE_IMPAIRED), NOON) == (NOON,)


@pytest.mark.parametrize(
    ("limits", "changes", "words"),
    [
        (wants(LATER), {}, "Defib stops and starts it on another host."),
        (wants(LATER), {}, "In the maintenance window from 30 April 20:00 UTC to 30 April 22:00 UTC"),
        (wants(TOO_LATE), {}, "no maintenance window of service web begins before then"),
        (wants(LATER, planned_restart=False), {}, "planned_restart is off for service web"),
        (policy(planned_restart=True, maintenance=(LATER,), mode=Mode.OBSERVE), {}, "is in observe mode"),
        (
            wants(),
            {"group": "web-asg"},
            "aws autoscaling terminate-instance-in-auto-scaling-group --instance-id i-0aa1",
        ),
        (wants(), {}, "aws ec2 stop-instances --instance-ids i-0aa1"),
    ],
)
def test_people_read_what_aws_will_do_what_defib_does_before_and_what_they_can_do(
    limits: Policy, changes: dict[str, object], words: str
) -> None:
    so_far = replace(WAITING, **changes)  # type: ignore[arg-type]  # keyword arguments of one known dataclass

    _, notice = compose(Incident("web", 1, NOON), so_far, News.ANNOUNCED, limits.services[0], limits, NOON)

    assert notice.subject == "[Defib web] PLANNED: web-2 is to be retired by AWS from 02 May 12:00 UTC"
    assert words in notice.body
    assert not notice.sms.endswith("...")
