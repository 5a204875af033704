"""Members of Auto Scaling groups that are healed in Standby, and never left there where nobody knows of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.announce import announce
from defib.core.case import Act, Action, Attempt, Close, Decision, Escalate, Hold, Outcome, Wait
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.member import leave_standby
from defib.core.membership import GroupMember
from defib.core.model import (
    Cause,
    Checks,
    Event,
    Peers,
    Registration,
    Target,
    TargetHealth,
    Verdict,
)
from defib.core.step import step
from tests.core.facts import NOON, OK, POLICY, WEB, after, attempt, case, observed, policy, target
from tests.core.members import ENTERED, EVIDENCE, LEFT, TAGS, action_of, decided, member

DRAINED, STOPPED, STARTED = attempt(Action.DRAIN), attempt(Action.STOP), attempt(Action.START)
UNANSWERED = replace(attempt(Action.EXIT_STANDBY, verdict=Verdict.LOST), claimed_at=NOON)
DRAINING, HEALTHY, UNUSED = TargetHealth.DRAINING, TargetHealth.HEALTHY, TargetHealth.UNUSED
PERHAPS = replace(attempt(Action.ENTER_STANDBY, verdict=Verdict.LOST), claimed_at=NOON)


LADDER: list[tuple[list[Attempt], str, Action | None]] = [
    ([EVIDENCE], "InService", Action.ENTER_STANDBY),
    ([EVIDENCE, ENTERED], "EnteringStandby", None),
    ([EVIDENCE, ENTERED], "Standby", Action.STOP),
    ([EVIDENCE, attempt(Action.ENTER_STANDBY, verdict=Verdict.LOST)], "Standby", Action.STOP),
    ([EVIDENCE, attempt(Action.ENTER_STANDBY, verdict=Verdict.LOST)], "InService", Action.ENTER_STANDBY),
    ([EVIDENCE, PERHAPS], "Standby", Action.STOP),
    ([EVIDENCE, PERHAPS], "EnteringStandby", None),
    ([EVIDENCE, PERHAPS], "InService", Action.ENTER_STANDBY),
    ([EVIDENCE, PERHAPS, PERHAPS], "InService", None),
    ([EVIDENCE, attempt(Action.ENTER_STANDBY, verdict=Verdict.RETRY)], "InService", Action.ENTER_STANDBY),
    ([EVIDENCE, ENTERED, LEFT], "InService", Action.ENTER_STANDBY),
]


@pytest.mark.parametrize(("attempts", "lifecycle", "expected"), LADDER)
def test_a_member_is_stopped_only_in_standby(attempts: list[Attempt], lifecycle: str, expected: Action | None) -> None:
    assert action_of(decided(case(*attempts), member(lifecycle), GroupMember.STANDBY)) is expected


def test_a_standby_of_which_nobody_has_heard_has_time_to_show_before_it_is_asked_for_once_more() -> None:
    decision = decided(case(EVIDENCE, PERHAPS), member(), GroupMember.STANDBY, minutes=0.3)

    assert isinstance(decision, Wait)


def test_a_standby_that_defib_did_not_begin_is_left_alone() -> None:
    decision = decided(case(EVIDENCE), member("Standby"), GroupMember.STANDBY)

    assert isinstance(decision, Hold)
    assert decision.guard == "group_state"


def test_a_standby_that_does_not_come_is_peoples_business() -> None:
    decision = decided(case(EVIDENCE, ENTERED), member("EnteringStandby"), GroupMember.STANDBY, minutes=20)

    assert isinstance(decision, Escalate)


def test_what_works_again_is_returned_to_service_before_it_is_called_healed() -> None:
    repaired = case(EVIDENCE, ENTERED, STOPPED, STARTED)
    back = replace(repaired, attempts=(*repaired.attempts, replace(LEFT, number=5)), healthy_since=NOON)
    well = member("Standby", checks=Checks(OK, OK, OK), membership=None)

    assert action_of(decided(repaired, well, GroupMember.STANDBY, Cause.HEALTHY)) is Action.EXIT_STANDBY
    assert decided(back, well, GroupMember.STANDBY, Cause.HEALTHY) == Close(
        Outcome.HEALED, "stopping and starting it cured it"
    )


def test_one_that_its_group_has_not_put_back_into_its_target_group_is_not_healed_yet() -> None:
    noted, earlier_version = {"standby_places": (WEB,)}, {"registrations": (WEB,)}
    gone, there = (observed(tags=TAGS, targets=(target(health),)) for health in (UNUSED, HEALTHY))
    for places in (noted, earlier_version):
        back = case(EVIDENCE, ENTERED, STOPPED, STARTED, LEFT, healthy_since=NOON, **places)

        assert isinstance(decided(back, gone, GroupMember.STANDBY, Cause.HEALTHY), Wait)
        assert isinstance(decided(back, there, GroupMember.STANDBY, Cause.HEALTHY), Close)


def test_nor_one_that_defib_has_also_drained_from_another_target_group_meanwhile() -> None:
    extra = Registration("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/extra/0123456789abcdef", 80)
    in_standby = case(EVIDENCE, ENTERED, standby_places=(WEB, extra), group="web-asg")
    elsewhere = (target(DRAINING), Target(extra, HEALTHY, manageable=True, others_healthy=2))
    drained, _ = step(
        in_standby, member("Standby", targets=elsewhere), policy(group_member=GroupMember.STANDBY), after(minutes=5)
    )
    assert drained.registrations == (extra,)
    attempts = (EVIDENCE, ENTERED, DRAINED, STOPPED, STARTED, attempt(Action.RESTORE), LEFT)
    back = case(
        *attempts, standby_places=drained.standby_places, registrations=drained.registrations, healthy_since=NOON
    )
    in_extra_only = observed(tags=TAGS, targets=(target(UNUSED), Target(extra, HEALTHY, manageable=True)))

    assert isinstance(decided(back, in_extra_only, GroupMember.STANDBY, Cause.HEALTHY), Wait)


def test_standby_notes_where_it_served_so_that_its_return_can_be_seen() -> None:
    serving = member(targets=(target(HEALTHY, manageable=False),))

    entering, _ = step(
        replace(case(EVIDENCE), group="web-asg"), serving, policy(group_member=GroupMember.STANDBY), after(minutes=5)
    )

    assert entering.intent is not None
    assert entering.intent.action is Action.ENTER_STANDBY
    assert (entering.standby_places, entering.registrations) == ((WEB,), ())


def test_what_can_not_be_returned_to_service_is_said() -> None:
    refused = attempt(Action.EXIT_STANDBY, verdict=Verdict.REFUSED, code="AccessDenied")
    decision = decided(
        case(EVIDENCE, ENTERED, STOPPED, STARTED, refused), member(membership=None), GroupMember.STANDBY, Cause.HEALTHY
    )

    assert isinstance(decision, Escalate)
    assert "AccessDenied" in decision.reason
    assert "Return i-0aa1 to service in Auto Scaling group web-asg" in decision.ask


def test_a_return_to_service_that_fails_in_passing_is_tried_again_after_a_pause() -> None:
    failed = attempt(Action.EXIT_STANDBY, NOON, Verdict.RETRY, "Throttling")
    so_far = case(EVIDENCE, ENTERED, STOPPED, STARTED, failed)
    moments = (NOON, NOON + POLICY.repair.retry_backoff)
    first, later = (leave_standby(so_far, POLICY.repair, now) for now in moments)

    assert isinstance(first, Wait)
    assert first.look_again_at == moments[1]
    assert later is not None
    assert action_of(later) is Action.EXIT_STANDBY


RETURNS: list[tuple[str, tuple[Attempt, ...], float, type[Decision]]] = [
    ("no answer came, and it has had no time to show", (UNANSWERED,), 10, Wait),
    ("no answer came", (UNANSWERED,), 20, Act),
    ("no answer came again, and that is believed", (UNANSWERED, UNANSWERED), 20, Close),
    ("it was not in Standby any more", (UNANSWERED, LEFT), 20, Close),
    ("its group was busy then", (UNANSWERED, attempt(Action.EXIT_STANDBY, verdict=Verdict.RETRY)), 20, Act),
    ("it may not be asked", (UNANSWERED, attempt(Action.EXIT_STANDBY, verdict=Verdict.REFUSED)), 20, Escalate),
    ("it was in Standby before", (UNANSWERED, LEFT, ENTERED, STOPPED, STARTED, UNANSWERED), 20, Act),
    ("so it was, and needed no start", (UNANSWERED, LEFT, ENTERED, UNANSWERED), 20, Act),
]


@pytest.mark.parametrize(("attempts", "seconds", "expected"), [row[1:] for row in RETURNS], ids=[r[0] for r in RETURNS])
def test_a_return_to_service_of_which_nobody_has_heard_is_asked_for_once_more(
    attempts: tuple[Attempt, ...], seconds: float, expected: type[Decision]
) -> None:
    so_far = case(EVIDENCE, ENTERED, STOPPED, STARTED, *attempts, healthy_since=after(minutes=-5))
    well = member("Standby", checks=Checks(OK, OK, OK), membership=None)

    decision = decided(so_far, well, GroupMember.STANDBY, Cause.HEALTHY, minutes=seconds / 60)

    assert isinstance(decision, expected)
    assert action_of(decision) is (Action.EXIT_STANDBY if expected is Act else None)


def test_until_that_is_answered_it_is_not_well_yet_and_may_be_in_standby() -> None:
    perhaps = replace(case(EVIDENCE, ENTERED, STOPPED, STARTED, UNANSWERED), group="web-asg")

    waiting, _ = step(perhaps, observed(tags=TAGS), policy(group_member=GroupMember.STANDBY), after(seconds=10))
    stopped = decided(perhaps, member("Standby"), GroupMember.STANDBY, Cause.STOPPED_BY_PERSON)

    assert waiting.healthy_since is None
    assert isinstance(stopped, Close)
    assert "may be in Standby in its Auto Scaling group web-asg: return it" in stopped.reason


def test_what_may_not_be_stopped_now_stays_in_standby_where_no_check_of_its_group_counts() -> None:
    """Drained it would be put back; in service its group would terminate what fails."""
    limits = policy(group_member=GroupMember.STANDBY, minimum_healthy=1)
    failing = replace(case(EVIDENCE, ENTERED), group="web-asg", standby_places=(WEB,))
    alone = member("Standby", peers=Peers(running=1, healthy=0))

    held = decide(failing, alone, diagnose(alone, failing, limits, NOON), limits, NOON)
    late = after(hours=2)
    given_up = decide(failing, alone, diagnose(alone, failing, limits, late), limits, late)

    assert isinstance(held, Hold)
    assert (held.action, held.guard) == (Action.STOP, "minimum_healthy")
    assert isinstance(given_up, Escalate), "not for ever"


def test_what_works_and_may_not_be_moved_now_is_returned_to_service() -> None:
    limits = policy(group_member=GroupMember.STANDBY, minimum_healthy=1, planned_restart=True)
    event = Event("instance-retirement", after(days=2))
    planned = replace(
        case(EVIDENCE, ENTERED, cause=Cause.EVENT_SCHEDULED, confirmed_cause=Cause.EVENT_SCHEDULED),
        group="web-asg",
        event=event,
    )
    alone = member("Standby", checks=Checks(OK, OK, OK, events=(event,)), peers=Peers(running=1, healthy=0))

    decision = decide(planned, alone, diagnose(alone, planned, limits, NOON), limits, NOON)

    assert action_of(decision) is Action.EXIT_STANDBY


def test_a_repair_that_ends_with_people_leaves_it_in_standby_and_says_so() -> None:
    limits = policy(group_member=GroupMember.STANDBY)
    failing = replace(case(EVIDENCE, ENTERED, STOPPED, STARTED, STOPPED, STARTED), group="web-asg")

    given_up, _ = step(failing, member("Standby"), limits, after(minutes=30))
    again, _ = step(given_up, member("Standby", checks=Checks(OK, OK, OK)), limits, after(minutes=40))
    closed, _ = step(again, member("Standby", checks=Checks(OK, OK, OK)), limits, after(minutes=50))

    assert given_up.handed_over_at is not None
    assert "in Standby in its Auto Scaling group web-asg" in given_up.ask
    assert closed.outcome is Outcome.RECOVERED
    assert "in Standby in its Auto Scaling group web-asg" in closed.reason
    assert closed.count(Action.EXIT_STANDBY) == 0


@pytest.mark.parametrize(
    ("started", "outcome", "headline"),
    [
        (30, Outcome.HEALED, "works again in Standby after 1h: one of"),
        (-1, Outcome.RECOVERED, "works again after 1h: it"),
    ],
    ids=["by Defib's own later start", "by people"],
)
def test_whoever_has_one_in_standby_hears_at_the_end_that_it_serves_only_once_they_return_it(
    started: float, outcome: Outcome, headline: str
) -> None:
    back = attempt(Action.START, after(minutes=started))
    theirs = case(
        EVIDENCE, ENTERED, STOPPED, back, handed_over_at=NOON, ask="Look.", healthy_since=NOON, group="ann's asg"
    )
    incident, _ = announce(None, replace(theirs, handed_over_at=None, confirmed_at=None), theirs, POLICY, NOON)

    over, _ = step(theirs, observed(tags=TAGS), policy(group_member=GroupMember.STANDBY), after(hours=1))
    _, (told,) = announce(incident, theirs, over, POLICY, after(hours=1))

    assert over.outcome is outcome
    assert "It is in Standby in its Auto Scaling group ann's asg" in over.reason
    assert headline in told.subject
    assert "What you must do: Return it to service in Auto Scaling group ann's asg, unless somebody has:" in told.body
    assert (
        "exit-standby --region us-east-1 --instance-ids i-0aa1 --auto-scaling-group-name 'ann'\\''s asg'" in told.body
    )
    assert told.sms.endswith("Return it to service in its group.")


def test_so_they_do_where_aws_has_called_off_what_it_was_to_be_moved_for() -> None:
    event = Event("instance-retirement", after(days=2))
    theirs = case(EVIDENCE, ENTERED, handed_over_at=NOON, idle=True, event=event, group="web-asg")
    planned = replace(theirs, confirmed_cause=Cause.EVENT_SCHEDULED)

    over, _ = step(planned, observed(tags=TAGS), policy(group_member=GroupMember.STANDBY), after(hours=1))

    assert over.outcome is Outcome.RECOVERED
    assert "It is in Standby in its Auto Scaling group web-asg" in over.reason


def test_a_persons_stop_of_one_in_standby_says_where_it_is() -> None:
    decision = decided(case(EVIDENCE, ENTERED), member("Standby"), GroupMember.STANDBY, Cause.STOPPED_BY_PERSON)

    assert isinstance(decision, Close)
    assert "in Standby in its Auto Scaling group web-asg" in decision.reason
