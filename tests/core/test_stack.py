"""What holds for the whole stack: zones that fail as a whole, and repairs counted over all services."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.announce import announce
from defib.core.case import Act, Action, Case, Escalate, Hold, Outcome, Wait, Wake
from defib.core.decide import decide
from defib.core.guards.limits import stack_rate, stack_share
from defib.core.guards.question import Question
from defib.core.heals import heals_before
from defib.core.incident import NoticeKind
from defib.core.issue import Issue, Issues
from defib.core.limits import Limits
from defib.core.model import Cause, Checks, Diagnosis, TargetHealth, Verdict
from defib.core.policy import Repair, TargetGroup
from defib.core.stack import Begun, Impairment, Stack
from defib.core.step import step
from defib.core.zones import Seen, Turn, shift_commands, survey, tell
from tests.core.facts import NOON, OK, POLICY, SERVICE, after, attempt, case, impaired, observed, policy, target

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


@pytest.mark.parametrize(("seconds", "counted"), [(0, 2), (599, 2), (600, 1), (659, 1), (660, 0)])
def test_a_repair_counts_for_the_rate_for_ten_minutes_after_it_began_over_or_not(seconds: int, counted: int) -> None:
    stack = Stack(begun=(Begun("i-1-1", NOON, over=True), Begun("i-2-1", after(minutes=1)), Begun("mine-1", NOON)))

    assert stack.begun_lately("mine-1", after(seconds=seconds)) == counted


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


def test_a_limit_of_the_stack_is_said_once_an_incident() -> None:
    first, second = case(), case(instance_id="i-0aa2")
    incident, said = announce(None, first, replace(first, held_by="stack_rate"), POLICY, NOON)
    _, repeated = announce(incident, second, replace(second, held_by="stack_rate"), POLICY, NOON)

    assert [n.kind for n in said] == [NoticeKind.OPENED, NoticeKind.HELD]
    assert [n.kind for n in repeated] == [NoticeKind.PROGRESS]


ORDERED = case(attempt(Action.EVIDENCE), attempt(Action.REBOOT, verdict=None))
ABANDONED = case(attempt(Action.EVIDENCE), attempt(Action.REBOOT, verdict=Verdict.ABANDONED))
REBOOTED = case(attempt(Action.EVIDENCE), attempt(Action.REBOOT))


def test_a_repair_counts_from_the_decision_on_its_first_act_until_its_case_is_over() -> None:
    assert Stack().after(case(attempt(Action.EVIDENCE, verdict=None)), NOON) == Stack()

    begun = Stack().after(ORDERED, NOON)
    assert (begun.under_repair("another"), begun.under_repair(ORDERED.id)) == (1, 0)
    assert begun.begun_lately("another", NOON) == 1
    assert begun.after(REBOOTED, NOON) == begun

    over = begun.after(replace(REBOOTED, handed_over_at=NOON), NOON)
    assert (over.under_repair("another"), over.begun_lately("another", NOON)) == (0, 1)


@pytest.mark.parametrize(
    ("so_far", "counts"),
    [
        (replace(ABANDONED, held_by="stack_share"), 0),
        (replace(REBOOTED, held_by="instance_store_data"), 0),
        (case(attempt(Action.EVIDENCE), attempt(Action.STOP), held_by="zone_impaired"), 1),
        (case(attempt(Action.EVIDENCE), attempt(Action.REBOOT, verdict=Verdict.RETRY)), 1),
    ],
    ids=["before anything was done", "after a reboot", "while it is stopped", "not held, to be tried again"],
)
def test_what_is_held_gives_its_place_back_unless_defib_keeps_it_from_serving(so_far: Case, counts: int) -> None:
    assert Stack().after(ORDERED, NOON).after(so_far, NOON).under_repair("another") == counts


def test_a_place_that_was_given_back_is_taken_anew_only_by_the_next_decision_to_act() -> None:
    gave_back = Stack().after(ORDERED, NOON).after(replace(ABANDONED, held_by="stack_share"), NOON)
    assert gave_back.after(ABANDONED, NOON) == gave_back

    again = gave_back.after(replace(ORDERED, attempts=(*ABANDONED.attempts, ORDERED.attempts[-1])), after(minutes=2))
    assert again.begun == (Begun(ORDERED.id, after(minutes=2)),)


FULL = Stack(running=9, begun=(Begun("another-1", NOON),))
OURS = Begun(REBOOTED.id, NOON)


@pytest.mark.parametrize(
    ("so_far", "own", "action", "held"),
    [
        (case(attempt(Action.EVIDENCE)), (), Action.REBOOT, True),
        # What was decided while more ran and came to nothing.
        (ABANDONED, (OURS,), Action.REBOOT, True),
        (REBOOTED, (OURS,), Action.STOP, False),
        # What a guard has held since has given its place back.
        (REBOOTED, (), Action.STOP, True),
        (REBOOTED, (replace(OURS, over=True),), Action.STOP, True),
        (REBOOTED, (replace(OURS, at=after(minutes=2)),), Action.STOP, True),
        (case(attempt(Action.EVIDENCE), attempt(Action.STOP)), (), Action.START, False),
        (case(attempt(Action.EVIDENCE)), (), Action.START, True),
    ],
)
def test_where_the_share_is_under_repair_only_what_has_a_place_and_has_used_it_goes_on(
    so_far: Case, own: tuple[Begun, ...], action: Action, held: bool
) -> None:
    stack = replace(FULL, begun=(*FULL.begun, *own))
    asked = Question(action, so_far, observed(stack=stack), SERVICE, POLICY, after(minutes=5))

    assert (stack_share(asked) is not None) is held


@pytest.mark.parametrize(("so_far", "held"), [(ABANDONED, True), (REBOOTED, False)])
def test_a_repair_is_begun_once_for_the_rate_when_something_was_done(so_far: Case, held: bool) -> None:
    stack = Stack(running=1_000, begun=tuple(Begun(f"another-{n}", NOON) for n in range(LIMITS.rate)))
    asked = Question(Action.STOP, so_far, observed(stack=stack), SERVICE, POLICY, after(minutes=5))

    assert (stack_rate(asked) is not None) is held


def test_a_repair_that_is_long_over_is_forgotten() -> None:
    stack = Stack(begun=(Begun("i-1-1", NOON, over=True), Begun("i-2-1", NOON)))
    later = stack.after(case(attempt(Action.STOP, verdict=None)), after(minutes=10))

    assert [b.case_id for b in later.begun] == ["i-2-1", "i-0aa1-1"]


@pytest.mark.parametrize(("running", "allowed"), [(None, 1), (3, 1), (14, 2), (15, 3), (10_000, 2000)])
def test_the_share_is_rounded_down_but_one_is_always_allowed(running: int | None, allowed: int) -> None:
    assert LIMITS.at_once(running) == allowed


def test_a_case_knows_how_often_its_instance_was_healed_within_a_day() -> None:
    healed = case(closed_at=after(hours=20), outcome=Outcome.HEALED, healed_before=(NOON, after(hours=10)))
    recovered = replace(healed, outcome=Outcome.RECOVERED)

    assert heals_before(None, NOON) == ()
    assert heals_before(healed, after(hours=25)) == (after(hours=10), after(hours=20))
    assert heals_before(recovered, after(hours=25)) == (after(hours=10),)


@pytest.mark.parametrize(("heals", "asked"), [(2, False), (3, True)])
def test_an_instance_healed_too_often_is_left_to_people_once_evidence_is_taken(heals: int, asked: bool) -> None:
    so_far = case(attempt(Action.EVIDENCE), healed_before=tuple(NOON - timedelta(hours=h) for h in range(heals)))

    diagnosis = Diagnosis(Cause.INSTANCE_IMPAIRED, NOON, ())
    decision = decide(so_far, observed(), diagnosis, replace(POLICY, repair=Repair(heals_a_day=3)), NOON)

    assert isinstance(decision, Escalate) is asked


CROWDED = Stack(failing=1_000)
RESTS = Limits().hold_among(1_000, Repair().hold)


@pytest.mark.parametrize(
    ("so_far", "rests"),
    [
        (case(attempt(Action.EVIDENCE)), RESTS),
        (case(attempt(Action.EVIDENCE), handed_over_at=NOON), RESTS),
        # What has begun holds a place that others wait for.
        (case(attempt(Action.EVIDENCE), attempt(Action.REBOOT, after(minutes=-10))), Repair().hold),
    ],
    ids=["waits for its turn", "is left to people", "has been begun"],
)
def test_in_a_crowd_what_waits_is_looked_at_less_often(so_far: Case, rests: timedelta) -> None:
    full = observed(stack=CROWDED, under_repair=POLICY.services[0].concurrent_repairs)

    decision = decide(so_far, full, Diagnosis(Cause.INSTANCE_IMPAIRED, after(minutes=-20), ()), POLICY, NOON)

    assert isinstance(decision, Hold | Wait)
    assert decision.look_again_at == NOON + rests
    assert Repair().hold < RESTS


@pytest.mark.parametrize(("others", "first"), [(1, Action.DRAIN), (0, Action.STOP)])
def test_it_is_not_taken_out_where_nobody_else_serves(others: int, first: Action) -> None:
    facts = observed(targets=(replace(target(TargetHealth.UNHEALTHY), others_healthy=others),))
    so_far = case(attempt(Action.EVIDENCE), cause=Cause.SYSTEM_IMPAIRED)

    decision = decide(so_far, facts, Diagnosis(Cause.SYSTEM_IMPAIRED, NOON, ()), POLICY, NOON)

    assert isinstance(decision, Act)
    assert decision.action is first
