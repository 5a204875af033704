"""Starting what is stopped: tries, other types, and plain words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.case import Act, Action, Attempt, Escalate, Hold, Wait
from defib.core.maintenance import UNTIL_TAG
from defib.core.model import Cause, Checks, InstanceState, Observation, Verdict
from defib.core.policy import Mode
from defib.core.start import jitter
from defib.core.start_failure import MEANINGS, NO_ROOM, explained, meaning, remedy
from tests.core.facts import OK, POLICY, after, attempt, case, impaired, observed, policy, special
from tests.core.starts import (
    DENIED,
    EVIDENCE,
    FALLBACK,
    FULL,
    IMPOSSIBLE,
    LATER,
    STOP,
    STOPPED_FACTS,
    UNFIT,
    decided,
    resize,
)
from tests.core.test_guard import NOONS


@pytest.mark.parametrize(
    ("attempts", "facts", "action", "to"),
    [
        ((FULL,) * 2, STOPPED_FACTS, Action.START, ""),
        ((FULL,) * 3, STOPPED_FACTS, Action.RESIZE, "m6g.large"),
        ((*(FULL,) * 3, resize("m6g.large")), replace(STOPPED_FACTS, instance_type="m6g.large"), Action.START, ""),
        ((*(FULL,) * 3, resize("m6g.large", Verdict.REFUSED)), STOPPED_FACTS, Action.RESIZE, "m8g.large"),
        ((*(FULL,) * 3, resize("m6g.large", Verdict.RETRY)), STOPPED_FACTS, Action.RESIZE, "m6g.large"),
        (
            (*(FULL,) * 3, resize("m6g.large"), *(FULL,) * 3),
            replace(STOPPED_FACTS, instance_type="m6g.large"),
            Action.RESIZE,
            "m8g.large",
        ),
        (
            (*(FULL,) * 3, resize("m6g.large"), *(FULL,) * 3, resize("m8g.large"), *(FULL,) * 3),
            replace(STOPPED_FACTS, instance_type="m8g.large"),
            Action.RESIZE,
            "m7g.large",
        ),
        ((*(FULL,) * 3, resize("m6g.large"), *(FULL,) * 3, resize("m7g.large")), STOPPED_FACTS, Action.START, ""),
        (
            (*(FULL,) * 3, resize("m6g.large"), IMPOSSIBLE),
            replace(STOPPED_FACTS, instance_type="m6g.large"),
            Action.RESIZE,
            "m8g.large",
        ),
        ((FULL,) * 3, replace(STOPPED_FACTS, traits=special(hibernation=True).traits), Action.START, ""),
        ((FULL,) * 3, replace(STOPPED_FACTS, tags={**STOPPED_FACTS.tags, UNTIL_TAG: LATER}), Action.START, ""),
    ],
    ids=[
        "its own type first",
        "then the first fallback",
        "which is started",
        "or refused, and passed over",
        "or tried again",
        "then the second",
        "then its own again",
        "which is started",
        "one that its zone does not have is passed over at once",
        "never one that is configured for hibernation",
        "nor in a planned outage",
    ],
)
def test_another_type_is_tried_where_there_is_no_room(
    attempts: tuple[Attempt, ...], facts: Observation, action: Action, to: str
) -> None:
    so_far = case(EVIDENCE, STOP, *attempts, cause=Cause.STOPPED_BY_DEFIB, instance_type="m7g.large")

    decision = decided(so_far, facts)

    assert isinstance(decision, Act), decision
    assert (decision.action, decision.to) == (action, to)


@pytest.mark.parametrize("fallen", [Cause.STOPPED_BY_DEFIB, Cause.STOPPED_UNASKED])
def test_what_may_not_become_another_type_is_started_as_it_is_where_that_may_be(fallen: Cause) -> None:
    asking = policy(mode=Mode.APPROVE, fallback_types=("m6g.large",))
    so_far = case(EVIDENCE, STOP, *(FULL,) * 3, cause=fallen)

    decision = decided(so_far, STOPPED_FACTS, asking)

    assert isinstance(decision, Act | Hold)
    assert (decision.action, isinstance(decision, Hold)) == (Action.START, fallen is Cause.STOPPED_UNASKED)


def test_what_aws_would_start_as_no_type_of_its_own_is_peoples_business_at_once() -> None:
    decision = decided(case(EVIDENCE, STOP, IMPOSSIBLE, instance_type="m7g.large"))

    assert isinstance(decision, Escalate)
    assert "AWS does not start its type in its zone" in decision.reason


@pytest.mark.parametrize("refused", [IMPOSSIBLE, UNFIT, DENIED], ids=["zone", "configuration", "rights to the type"])
@pytest.mark.parametrize("handed_over_at", [None, after(minutes=-2)], ids=["before", "after the hand-over"])
def test_what_aws_refuses_to_start_as_what_defib_made_it_gets_its_own_type_back(
    refused: Attempt, handed_over_at: datetime | None
) -> None:
    so_far = case(
        *(EVIDENCE, STOP, *(FULL,) * 3, resize("m6g.large"), refused),
        cause=Cause.STOPPED_BY_DEFIB,
        instance_type="m7g.large",
        handed_over_at=handed_over_at,
    )

    decision = decided(so_far, replace(STOPPED_FACTS, instance_type="m6g.large"), policy(fallback_types=("m6g.large",)))

    assert isinstance(decision, Act), decision
    assert (decision.action, decision.to) == (Action.RESIZE, "m7g.large")
    assert decision.reason == "EC2 does not start m6g.large: it is to run as m7g.large"


def test_what_is_refused_as_its_own_type_too_is_peoples_business_who_read_as_what_it_was_tried() -> None:
    tried = (*(FULL,) * 3, resize("m6g.large"), DENIED, resize("m7g.large"), DENIED)

    decision = decided(case(EVIDENCE, STOP, *tried, cause=Cause.STOPPED_BY_DEFIB, instance_type="m7g.large"))

    assert isinstance(decision, Escalate)
    assert decision.reason.endswith("(UnauthorizedOperation); now as m7g.large, before as m6g.large")


def test_a_type_that_is_refused_is_tried_no_more_often_than_any_where_there_is_no_other() -> None:
    tried = (*(FULL,) * 3, resize("m6g.large"), *(IMPOSSIBLE,) * 5)
    maintained = replace(STOPPED_FACTS, instance_type="m6g.large", tags={**STOPPED_FACTS.tags, UNTIL_TAG: LATER})
    so_far = case(EVIDENCE, STOP, *tried, cause=Cause.STOPPED_BY_DEFIB, instance_type="m7g.large")

    decision = decided(so_far, maintained)

    assert isinstance(decision, Escalate)
    assert decision.reason.endswith("now as m6g.large, before as m7g.large")


@pytest.mark.parametrize(("seconds", "starts"), [(19, False), (20, True)])
def test_a_change_of_its_type_has_time_to_reach_all_of_ec2(seconds: int, starts: bool) -> None:
    changed = replace(attempt(Action.RESIZE, after(seconds=-seconds)), to="m6g.large")
    facts = replace(STOPPED_FACTS, instance_type="m6g.large")

    decision = decided(case(EVIDENCE, STOP, *(FULL,) * 3, changed), facts)

    assert isinstance(decision, Act if starts else Wait)
    assert isinstance(decision, Act) or decision.look_again_at == after(seconds=1)


def test_a_start_that_falls_back_for_want_of_room_counts_as_one() -> None:
    fell_back = replace(STOPPED_FACTS, state_reason_code="Server.InsufficientInstanceCapacity")
    accepted = attempt(Action.START, after(minutes=-3))

    decision = decided(case(EVIDENCE, STOP, *(accepted,) * 3), fell_back)

    assert isinstance(decision, Act)
    assert decision.action is Action.RESIZE


def test_one_that_falls_back_to_stopped_is_started_again_after_a_pause() -> None:
    fell = replace(attempt(Action.START, after(seconds=-31)), reason="fell back")
    facts = replace(STOPPED_FACTS, state_reason_code="Client.InternalError")

    first = decided(case(EVIDENCE, STOP, fell, fell, fell), facts)

    assert isinstance(first, Wait)
    assert first.reason == "its start was accepted, but it fell back to stopped; trying again"
    later = decided(case(EVIDENCE, STOP, fell, fell, fell), facts, now=first.look_again_at)
    assert isinstance(later, Act)
    assert later.action is Action.START


def test_no_other_type_helps_against_a_failing_key() -> None:
    no_key = replace(STOPPED_FACTS, state_reason_code="Client.InternalError")

    decision = decided(case(EVIDENCE, STOP, *(attempt(Action.START, after(minutes=-3)),) * 5), no_key)

    assert isinstance(decision, Escalate)
    assert "encryption key" in decision.reason
    assert "kms:CreateGrant" in decision.ask


def test_people_are_asked_when_no_type_has_room() -> None:
    others = (resize("m6g.large"), *(FULL,) * 3, resize("m8g.large"), *(FULL,) * 3)
    tried = (*(FULL,) * 3, *others, resize("m7g.large"), *(FULL,) * 5)

    decision = decided(case(EVIDENCE, STOP, *tried, instance_type="m7g.large"))

    assert isinstance(decision, Escalate)
    assert "could not be started in 14 tries: AWS has no room for its type" in decision.reason
    assert decision.reason.endswith("now as m7g.large, before as m6g.large, m8g.large")


def test_one_try_is_said_as_one() -> None:
    once = replace(POLICY, repair=replace(POLICY.repair, starts=1))

    decision = decided(case(EVIDENCE, STOP, FULL), limits=once)

    assert isinstance(decision, Escalate)
    assert "could not be started in 1 try: AWS has no room" in decision.reason


@pytest.mark.parametrize("last", [FULL, resize("m7g.large")], ids=["a start", "a change of its type"])
def test_whatever_ends_the_tries_people_hear_why_it_does_not_start(last: Attempt) -> None:
    limits, tried = policy(fallback_types=("m6g.large",)), (*(FULL,) * 3, resize("m6g.large"), *(FULL,) * 3, last)
    limits = replace(limits, repair=replace(limits.repair, attempts=len(tried) + 2))

    decision = decided(case(EVIDENCE, STOP, *tried, instance_type="m7g.large"), limits=limits)

    assert isinstance(decision, Escalate)
    assert "tries: AWS has no room for its type in its zone at present" in decision.reason
    assert "change its type to one that AWS has room for" in decision.ask


@pytest.mark.parametrize(
    ("attempts", "facts"),
    [
        ((attempt(Action.START, after(seconds=-5)),), STOPPED_FACTS),
        ((FULL, attempt(Action.STOP, after(minutes=-1), Verdict.RETRY, "InsufficientCapacity")), STOPPED_FACTS),
        ((FULL,), observed(checks=Checks(OK, impaired(), OK))),
    ],
    ids=["it was accepted a moment ago", "it was not the last that was tried", "it runs"],
)
def test_where_that_is_not_that_it_does_not_start_they_hear_that_nothing_has_cured_it(
    attempts: tuple[Attempt, ...], facts: Observation
) -> None:
    limits = replace(FALLBACK, repair=replace(FALLBACK.repair, attempts=len(attempts) + 2))

    decision = decided(case(EVIDENCE, STOP, *attempts), facts, limits)

    assert isinstance(decision, Escalate)
    assert decision.reason.endswith("actions have not cured it")


def test_members_of_a_placement_group_hear_what_aws_advises() -> None:
    facts = replace(STOPPED_FACTS, traits=special(placement_group="hpc").traits)

    decision = decided(case(EVIDENCE, STOP, *(FULL,) * 5), facts, POLICY)

    assert isinstance(decision, Escalate)
    assert "hpc" in decision.ask
    assert "stop and start all" in decision.ask


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_every_code_has_plain_words_and_a_remedy(code: str) -> None:
    assert meaning(code)
    assert code in explained(code)
    assert remedy(code).startswith(MEANINGS[code].remedy)


def test_what_lacks_room_is_known_by_the_call_and_by_the_state_reason_and_the_rest_is_repeated() -> None:
    assert all(meaning(f"Server.{code}") for code in NO_ROOM)
    assert explained("Server.SomethingNew") == "Server.SomethingNew"


def test_pauses_of_many_cases_differ_and_those_of_one_are_always_the_same() -> None:
    many = [jitter(case(instance_id=f"i-{n:04d}"), 3) for n in range(200)]

    assert len(set(many)) > 150
    assert all(0.5 <= factor <= 1 for factor in many)
    assert max(many) - min(many) > 0.4
    assert jitter(case(), 3) == jitter(case(), 3) != jitter(case(), 4)
    assert timedelta(seconds=15) * jitter(case(), 3) <= timedelta(seconds=15)


@pytest.mark.parametrize(("attempts", "called"), [((EVIDENCE, STOP), True), ((EVIDENCE,), False)])
def test_in_a_planned_outage_people_are_called_for_what_fell_back_after_a_stop_of_defibs(
    attempts: tuple[Attempt, ...], called: bool
) -> None:
    fell_back = observed(state=InstanceState.STOPPED, state_reason_code="Server.InternalError")
    tries = tuple(attempt(Action.START, after(minutes=-7 + n)) for n in range(5))
    limits = policy(maintenance=(NOONS,))

    decision = decided(case(*attempts, *tries), fell_back, limits)

    assert isinstance(decision, Escalate if called else Wait)


@pytest.mark.parametrize(
    ("verdict", "code", "detail", "reason"),
    [
        (
            Verdict.REFUSED,
            "InvalidParameterValue",
            "starting i-0aa1: InvalidParameterValue: there is no volume at its root (/dev/xvda)",
            "AWS refused to start it: InvalidParameterValue: there is no volume at its root (/dev/xvda)",
        ),
        (
            Verdict.RETRY,
            "RequestLimitExceeded",
            "starting i-0aa1: RequestLimitExceeded: Request limit exceeded.",
            "it could not be started in 5 tries: RequestLimitExceeded: Request limit exceeded.",
        ),
        (Verdict.LOST, "", "not taken up in time", "it could not be started in 5 tries: not taken up in time"),
    ],
    ids=["refused", "throttled", "lost"],
)
def test_a_failure_of_another_kind_is_told_in_awss_own_words_and_never_as_the_stop_before_it(
    verdict: Verdict, code: str, detail: str, reason: str
) -> None:
    tried = attempt(Action.START, after(minutes=-3), verdict, code)
    assert tried.result is not None
    tried = replace(tried, result=replace(tried.result, detail=detail))
    stopped = replace(STOPPED_FACTS, state_reason="Client.UserInitiatedShutdown: User initiated shutdown")

    decision = decided(case(EVIDENCE, STOP, *(tried,) * (1 if verdict is Verdict.REFUSED else 5)), stopped)

    assert isinstance(decision, Escalate)
    assert decision.reason == reason


def test_a_start_that_fell_back_for_a_reason_that_nobody_knows_is_told_in_ec2s_words() -> None:
    words = "Server.NewReason: something that no page explains"
    stopped = replace(STOPPED_FACTS, state_reason=words, state_reason_code="Server.NewReason")
    tries = [attempt(Action.START, after(minutes=-40 + 8 * number)) for number in range(5)]

    decision = decided(case(EVIDENCE, STOP, *tries), stopped)

    assert isinstance(decision, Escalate)
    assert decision.reason == f"it could not be started in 5 tries: {words}"
