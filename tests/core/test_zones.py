"""A zone that fails as a whole: when it is suspected and told of, what is held with it, and when it has recovered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.announce import announce
from defib.core.case import Act, Action, Hold, Outcome, Wait
from defib.core.decide import decide
from defib.core.effect import Wake
from defib.core.incident import NoticeKind
from defib.core.issue import Issue, Issues
from defib.core.limits import Limits
from defib.core.model import Cause, Checks, Diagnosis
from defib.core.policy import TargetGroup
from defib.core.stack import Impairment, Stack
from defib.core.step import step
from defib.core.zones import Seen, Turn, shift_commands, survey, tell
from tests.core.facts import NOON, OK, POLICY, SERVICE, after, attempt, case, impaired, observed, policy

LIMITS = Limits()
A = "us-east-1a"
LOST = {A: Seen(A, 40, 50, "use1-az4")}
KNOWN = Stack(impaired=(Impairment(A, NOON, 40, incident=1),))


@pytest.mark.parametrize(
    ("failing", "running", "held"), [(5, 16, True), (5, 17, False), (4, 4, False), (300, 1001, False), (40, 0, True)]
)
def test_a_zone_is_suspected_when_enough_of_it_fails_at_once(failing: int, running: int, held: bool) -> None:
    stack, turns = survey(Stack(), {A: Seen(A, failing, running)}, LIMITS, NOON)

    assert (stack.impairment(A) is not None) is held
    assert turns == ()


def test_people_are_told_when_a_second_sweep_sees_it_too() -> None:
    suspected, _ = survey(Stack(), LOST, LIMITS, NOON)

    stack, turns = survey(suspected, LOST, LIMITS, after(minutes=1))
    _, incident, notice = tell(stack, turns[0], None, POLICY, after(minutes=1))

    assert notice.kind is NoticeKind.OPENED
    assert notice.subject.startswith("[Defib] NEEDS YOU: zone use1-az4 (us-east-1a) is impaired: 40 of 50 ")
    assert "start-zonal-shift" in notice.body
    assert "--away-from use1-az4" in notice.body
    assert (incident.service, incident.resolved_at) == ("zone:us-east-1a", None)


def test_what_aws_health_says_of_it_stands_in_the_zones_message() -> None:
    issue = Issue("arn:1", "AWS_EC2_POWER_CONNECTIVITY_ISSUE", NOON, NOON, zone_ids=("use1-az4",), zones=(A,))
    suspected = replace(KNOWN, issues=Issues((issue,)))

    _, _, notice = tell(suspected, Turn(KNOWN.impaired[0], LOST[A]), None, POLICY, NOON)

    assert "AWS Health tells of an open issue: AWS_EC2_POWER_CONNECTIVITY_ISSUE in use1-az4." in notice.body


def test_the_command_that_shifts_traffic_names_each_load_balancer_of_the_policy_once() -> None:
    arns = (f"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/0123" for name in ("a", "b"))
    groups = tuple(TargetGroup(arn, "app/web/50dc6c495c0c9188") for arn in arns)
    (command,) = shift_commands("use1-az4", policy(target_groups=groups))

    assert "--resource-identifier arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/" in command
    assert "--away-from use1-az4" in command


def test_one_failed_sample_of_a_zone_disturbs_nobody() -> None:
    suspected, _ = survey(Stack(), LOST, LIMITS, NOON)

    assert survey(suspected, {}, LIMITS, after(minutes=1)) == (Stack(), ())


def test_a_zone_has_recovered_once_few_have_failed_for_long_enough() -> None:
    below, turns = survey(KNOWN, {A: Seen(A, 2, 50)}, LIMITS, after(minutes=20))
    assert (below.impairment(A) is not None, turns) == (True, ())

    clear, turns = survey(below, {A: Seen(A, 2, 50)}, LIMITS, after(minutes=23))
    _, incident, notice = tell(clear, turns[0], None, POLICY, after(minutes=23))

    assert clear.impaired == ()
    assert notice.kind is NoticeKind.RESOLVED
    assert "works again after 23m" in notice.subject
    assert "2 instances still fail" in notice.body
    assert incident.resolved_at == after(minutes=23)


def test_a_zone_that_fails_again_starts_its_recovery_over() -> None:
    below, _ = survey(KNOWN, {}, LIMITS, after(minutes=20))
    again, _ = survey(below, LOST, LIMITS, after(minutes=21))

    assert survey(again, {}, LIMITS, after(minutes=23))[1] == ()


def test_a_sweep_that_did_not_see_everything_ends_no_impairment() -> None:
    below, _ = survey(KNOWN, {}, LIMITS, after(minutes=20))

    assert survey(below, {}, LIMITS, after(minutes=30), complete=False) == (below, ())


def test_a_text_message_about_a_zone_fits() -> None:
    stack, incident, notice = tell(KNOWN, Turn(KNOWN.impaired[0], LOST[A]), None, POLICY, NOON)

    assert len(notice.sms) <= 140
    assert notice.sms.endswith("Shift traffic away?")
    assert stack.impairment(A) == replace(KNOWN.impaired[0], incident=incident.number)


def test_what_fails_with_its_zone_is_no_news_of_its_own() -> None:
    held = case(held_by="zone_impaired", held_action=Action.EVIDENCE, told_of=("zone_impaired",))

    assert announce(None, case(confirmed_at=None), held, POLICY, NOON) == (None, ())


def test_what_recovers_with_its_zone_is_no_news_either() -> None:
    held = case(held_by="zone_impaired", told_of=("zone_impaired",))
    well = replace(held, held_by="", cause=Cause.HEALTHY)
    closed = replace(well, closed_at=NOON, outcome=Outcome.RECOVERED)

    assert announce(None, held, well, POLICY, NOON) == (None, ())
    assert announce(None, well, closed, POLICY, NOON) == (None, ())


@pytest.mark.parametrize(("began", "acts"), [(-5, True), (-2, True), (-0.5, False)])
def test_what_began_while_its_zone_was_impaired_must_last_as_long_as_anything_else(began: float, acts: bool) -> None:
    held = case(held_by="zone_impaired", told_of=("zone_impaired",), confirmed_at=after(minutes=-4))
    since = after(minutes=began)

    decision = decide(held, observed(), Diagnosis(Cause.SYSTEM_IMPAIRED, since, ()), POLICY, NOON)

    assert isinstance(decision, Act if acts else Hold)


def test_what_must_last_first_is_no_news_and_stays_held_with_its_zone() -> None:
    held = case(held_by="zone_impaired", told_of=("zone_impaired",), confirmed_at=after(minutes=-4))
    since = after(minutes=-0.5)

    later, effects = step(held, observed(checks=Checks(impaired(since), OK)), POLICY, NOON)

    assert later.held_by == "zone_impaired"
    assert announce(None, held, later, POLICY, NOON) == (None, ())
    assert effects == (Wake(held.instance_id, since + SERVICE.patience.check),)


def test_what_is_held_no_more_just_waits_until_it_has_lasted() -> None:
    released = case(told_of=("zone_impaired",), confirmed_at=after(minutes=-4))
    since = after(minutes=-0.5)

    decision = decide(released, observed(), Diagnosis(Cause.SYSTEM_IMPAIRED, since, ()), POLICY, NOON)

    assert decision == Wait("its system status check fails: not yet long enough to count", after(minutes=0.5))


def test_what_still_fails_when_its_zone_has_recovered_is_news() -> None:
    held = case(held_by="zone_impaired", told_of=("zone_impaired",))

    _, notices = announce(None, held, case(attempt(Action.EVIDENCE), told_of=("zone_impaired",)), POLICY, NOON)

    assert [notice.kind for notice in notices] == [NoticeKind.OPENED]
