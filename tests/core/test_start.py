"""Starting what is stopped: tries, other types, plain words, and no end of trying after people were asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.case import Act, Action, Attempt, Case, Close, Decision, Escalate, Hold, Outcome, Wait
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.maintenance import UNTIL_TAG
from defib.core.model import Cause, Checks, InstanceState, Observation, Verdict
from defib.core.policy import Mode, Policy
from defib.core.start import jitter, resized, type_by_others
from defib.core.start_failure import MEANINGS, NO_ROOM, explained, meaning, remedy
from tests.core.facts import NOON, OK, POLICY, after, attempt, case, impaired, observed, policy, special
from tests.core.test_guard import NOONS

STOPPED_FACTS = observed(
    state=InstanceState.STOPPED, state_reason_code="Client.UserInitiatedShutdown", instance_type="m7g.large"
)
EVIDENCE, STOP = attempt(Action.EVIDENCE, after(minutes=-9)), attempt(Action.STOP, after(minutes=-8))
FULL = attempt(Action.START, after(minutes=-3), Verdict.RETRY, "InsufficientInstanceCapacity")
LATER = f"{after(hours=1):%Y-%m-%dT%H:%M:%SZ}"
IMPOSSIBLE = attempt(Action.START, after(minutes=-3), Verdict.REFUSED, "Unsupported")
UNFIT = attempt(Action.START, after(minutes=-3), Verdict.REFUSED, "InvalidParameterCombination")
DENIED = attempt(Action.START, after(minutes=-3), Verdict.REFUSED, "UnauthorizedOperation")
FALLBACK = policy(fallback_types=("m6g.large", "m8g.large"))


def resize(to: str, verdict: Verdict = Verdict.DONE) -> Attempt:
    return replace(attempt(Action.RESIZE, after(minutes=-3), verdict), to=to)


def unanswered(to: str) -> Attempt:
    """A change of its type that was taken up, and to which no answer came."""
    return replace(resize(to, Verdict.LOST), claimed_at=after(minutes=-3))


def decided(
    so_far: Case, facts: Observation = STOPPED_FACTS, limits: Policy = FALLBACK, now: datetime = NOON
) -> Decision:
    return decide(so_far, facts, diagnose(facts, so_far, limits, now), limits, now)


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


class TestAfterTheHandOver:
    """Nothing that Defib stopped, or tried to start, is left stopped for want of another try."""

    HANDED = case(EVIDENCE, STOP, *(FULL,) * 5, handed_over_at=NOON, cause=Cause.STOPPED_BY_DEFIB)

    @pytest.mark.parametrize(("seconds", "tries"), [(59, False), (60, True), (7200, True)])
    def test_it_is_started_again_after_a_while(self, seconds: int, tries: bool) -> None:
        decision = decided(self.HANDED, limits=POLICY, now=after(seconds=seconds))

        assert isinstance(decision, Act if tries else Wait)
        assert not isinstance(decision, Act) or decision.action is Action.START

    def test_the_pauses_grow_with_the_time_so_that_it_is_back_soon_after_it_can_be(self) -> None:
        tried = tuple(attempt(Action.START, after(minutes=m), Verdict.RETRY, "x") for m in (0, 50, 100))
        handed = case(EVIDENCE, STOP, *tried, handed_over_at=after(minutes=5))

        assert isinstance(decided(handed, now=after(minutes=106, seconds=59)), Wait)
        assert isinstance(decided(handed, now=after(minutes=107)), Act)

    def test_a_week_of_tries_is_few_enough_for_a_case(self) -> None:
        handed, tries, now = self.HANDED, 0, NOON
        while now < after(minutes=7 * 24 * 60):
            now += timedelta(minutes=1)
            if isinstance(decided(handed, limits=POLICY, now=now), Act):
                tries += 1
                more = (*handed.attempts, attempt(Action.START, now, Verdict.RETRY, "x"))
                handed = replace(handed, attempts=more)

        assert 50 < tries < 150

    def test_in_a_long_drought_every_type_has_its_turn(self) -> None:
        handed, facts, now = replace(self.HANDED, instance_type="m7g.large"), STOPPED_FACTS, NOON
        known, started_as = len(handed.attempts), list[str]()
        while now < after(minutes=24 * 60):
            now += timedelta(seconds=30)
            decision = decided(handed, facts, now=now)
            if not isinstance(decision, Act):
                continue
            started_as += [facts.instance_type] if decision.action is Action.START else []
            facts = replace(facts, instance_type=decision.to or facts.instance_type)
            verdict = Verdict.DONE if decision.action is Action.RESIZE else Verdict.RETRY
            made = replace(attempt(decision.action, now, verdict, "InsufficientInstanceCapacity"), to=decision.to)
            handed = replace(handed, attempts=(*handed.attempts, replace(made, number=len(handed.attempts) + 1)))

        assert len(started_as) > 50
        assert started_as[:6] == ["m6g.large", "m8g.large", "m7g.large"] * 2
        assert len(handed.attempts) - known == 2 * len(started_as)

    def test_a_type_that_was_refused_has_no_more_turns(self) -> None:
        tried = (*(FULL,) * 3, resize("m6g.large"), UNFIT, resize("m8g.large"), FULL)
        attempts = case(EVIDENCE, STOP, *tried).attempts
        handed = replace(self.HANDED, attempts=attempts, handed_over_at=after(minutes=-5), instance_type="m7g.large")
        as_last = replace(STOPPED_FACTS, instance_type="m8g.large")

        decision = decided(handed, as_last)
        assert isinstance(decision, Act)
        assert decision.to == "m7g.large"

        again = case(EVIDENCE, STOP, *tried, resize("m7g.large"), FULL).attempts
        decision = decided(replace(handed, attempts=again))
        assert isinstance(decision, Act)
        assert decision.to == "m8g.large"

    def test_a_type_that_can_not_be_had_costs_a_try_no_more_than_one_call(self) -> None:
        denied = resize("m6g.large", Verdict.REFUSED)
        handed = case(EVIDENCE, STOP, *(FULL,) * 5, denied, handed_over_at=after(minutes=-5), instance_type="m7g.large")

        decision = decided(handed)

        assert isinstance(decision, Act)
        assert decision.action is Action.START

    @pytest.mark.parametrize(
        ("so_far", "facts"),
        [
            (case(EVIDENCE, handed_over_at=NOON), replace(STOPPED_FACTS, state_reason_code="Server.InternalError")),
            (HANDED, replace(STOPPED_FACTS, launched_at=after(minutes=5))),
            (HANDED, replace(STOPPED_FACTS, transition_reason="User initiated (2026-04-30 12:05:00 GMT)")),
            (HANDED, observed()),
        ],
        ids=["never touched by Defib", "started by a person since", "stopped by a person since", "running"],
    )
    def test_what_others_have_taken_up_is_not(self, so_far: Case, facts: Observation) -> None:
        assert not isinstance(decided(so_far, facts, now=after(minutes=30)), Act)

    def test_one_that_such_a_start_revives_is_healed_and_not_by_people(self) -> None:
        revived = case(
            EVIDENCE,
            STOP,
            attempt(Action.START, after(minutes=30)),
            handed_over_at=NOON,
            healthy_since=after(minutes=40),
        )

        decision = decided(revived, observed(launched_at=after(minutes=30)), now=after(minutes=60))

        assert isinstance(decision, Close)
        assert decision.outcome is Outcome.HEALED


def test_a_changed_type_is_said_in_the_end() -> None:
    so_far = case(
        EVIDENCE, STOP, resize("m6g.large"), attempt(Action.START, after(minutes=-8)), instance_type="m7g.large"
    )

    words = "It runs as m6g.large instead of m7g.large; change it back when there is room"
    assert resized(so_far, observed(instance_type="m6g.large")) == words
    assert resized(case(EVIDENCE, STOP), observed()) == ""
    again = case(EVIDENCE, STOP, resize("m6g.large"), resize("m7g.large"), instance_type="m7g.large")
    assert resized(again, observed(instance_type="m7g.large")) == ""


class TestResizedByAPerson:
    """Somebody gives it another type while Defib has it stopped: their wish, and no surprise to anyone."""

    OURS = case(EVIDENCE, STOP, *(FULL,) * 3, instance_type="m7g.large")
    THEIRS = replace(STOPPED_FACTS, instance_type="r7g.xlarge")

    def test_it_is_started_as_what_they_made_it(self) -> None:
        decision = decided(self.OURS, self.THEIRS)

        assert isinstance(decision, Act)
        assert (decision.action, decision.to) == (Action.START, "")
        assert decision.reason == "somebody has changed its type to r7g.xlarge: it is started as that"

    def test_if_that_is_refused_they_hear_at_once(self) -> None:
        tried = (*(FULL,) * 3, resize("m6g.large"), FULL, UNFIT)
        so_far = replace(self.OURS, attempts=case(EVIDENCE, STOP, *tried).attempts)

        decision = decided(so_far, self.THEIRS)

        assert isinstance(decision, Escalate)
        assert decision.reason == (
            "AWS refused to start it: InvalidParameterCombination; now as r7g.xlarge, before as m7g.large, m6g.large"
        )

    def test_when_it_works_again_their_change_is_told_apart_from_defibs_own(self) -> None:
        runs = observed(instance_type="r7g.xlarge", launched_at=after(minutes=-2))
        started = case(
            EVIDENCE,
            STOP,
            attempt(Action.START, after(minutes=-2)),
            instance_type="m7g.large",
            healthy_since=after(minutes=-1),
            opened_at=after(minutes=-10),
        )

        decision = decided(started, runs)

        assert isinstance(decision, Close)
        assert decision.reason == (
            "stopping and starting it cured it. "
            "It runs as r7g.xlarge instead of m7g.large, as somebody wanted during its repair"
        )

    @pytest.mark.parametrize(
        ("so_far", "now_a"),
        [
            (OURS, "m7g.large"),
            (case(EVIDENCE, STOP, resize("m6g.large"), instance_type="m7g.large"), "m6g.large"),
            (case(EVIDENCE, STOP, resize("m6g.large"), resize("m7g.large"), instance_type="m7g.large"), "m7g.large"),
            (case(EVIDENCE, STOP, unanswered("m6g.large"), instance_type="m7g.large"), "m6g.large"),
            (case(EVIDENCE, STOP, unanswered("m6g.large"), instance_type="m7g.large"), "m7g.large"),
            (case(EVIDENCE, STOP, *(unanswered("m6g.large"),) * 2, instance_type="m7g.large"), "m7g.large"),
            (case(EVIDENCE, STOP, resize("m6g.large", Verdict.RETRY), instance_type="m7g.large"), "m7g.large"),
            (case(EVIDENCE, STOP, instance_type=""), "m6g.large"),
        ],
        ids=[
            "its own",
            "defib's",
            "its own again in its turn",
            "no answer came to defib's",
            "which may have come to nothing",
            "as may both of two",
            "defib's failed",
            "its own is not known",
        ],
    )
    def test_what_defib_did_itself_is_nobodys_wish(self, so_far: Case, now_a: str) -> None:
        assert type_by_others(so_far, observed(instance_type=now_a)) == ""

    @pytest.mark.parametrize("theirs", ["m7g.large", "m8g.large"])
    @pytest.mark.parametrize("handed_over_at", [None, after(minutes=-2)], ids=["before", "after the hand-over"])
    def test_a_type_that_defib_has_tried_before_is_their_wish_too(
        self, theirs: str, handed_over_at: datetime | None
    ) -> None:
        tried = (*(FULL,) * 3, resize("m8g.large"), *(FULL,) * 3, resize("m6g.large"), *(FULL,) * 3)
        so_far = replace(self.OURS, attempts=case(EVIDENCE, STOP, *tried).attempts, handed_over_at=handed_over_at)

        decision = decided(so_far, replace(STOPPED_FACTS, instance_type=theirs))

        assert isinstance(decision, Act)
        assert (decision.action, decision.to) == (Action.START, "")
        assert handed_over_at or decision.reason == f"somebody has changed its type to {theirs}: it is started as that"

    @pytest.mark.parametrize("handed_over_at", [None, after(minutes=-2)], ids=["before", "after the hand-over"])
    def test_what_it_was_before_is_no_wish_while_reads_lag_behind_defibs_change(
        self, handed_over_at: datetime | None
    ) -> None:
        changed = replace(attempt(Action.RESIZE, after(seconds=-19)), to="m6g.large")
        attempts = case(EVIDENCE, STOP, *(FULL,) * 3, changed).attempts

        decision = decided(replace(self.OURS, attempts=attempts, handed_over_at=handed_over_at))

        assert isinstance(decision, Wait)
        assert decision.reason == "EC2's reads lag behind the change of its type"

    def test_its_own_that_they_put_back_is_told_as_no_change(self) -> None:
        so_far = case(EVIDENCE, STOP, *(FULL,) * 3, resize("m6g.large"), instance_type="m7g.large")

        assert resized(so_far, observed(instance_type="m7g.large")) == ""

    def test_if_that_does_not_start_either_people_read_as_what_it_was_tried_last(self) -> None:
        tried = (*(FULL,) * 3, resize("m6g.large"), *(FULL,) * 5)

        decision = decided(case(EVIDENCE, STOP, *tried, instance_type="m7g.large"), STOPPED_FACTS)

        assert isinstance(decision, Escalate)
        assert decision.reason.endswith("now as m7g.large, before as m6g.large")


def test_pauses_of_many_cases_differ_and_those_of_one_are_always_the_same() -> None:
    many = [jitter(case(instance_id=f"i-{n:04d}"), 3) for n in range(200)]

    assert len(set(many)) > 150
    assert all(0.5 <= factor <= 1 for factor in many)
    assert max(many) - min(many) > 0.4
    assert jitter(case(), 3) == jitter(case(), 3) != jitter(case(), 4)
    assert timedelta(seconds=15) * jitter(case(), 3) <= timedelta(seconds=15)


@pytest.mark.parametrize(("ended", "again"), [(after(minutes=-2), True), (after(seconds=-30), False)])
def test_after_a_try_that_was_taken_up_late_the_next_waits_all_the_same(ended: datetime, again: bool) -> None:
    late = attempt(Action.START, after(minutes=-2), Verdict.RETRY, "InsufficientInstanceCapacity")
    assert late.result is not None
    late = replace(late, result=replace(late.result, at=ended))

    decision = decided(case(EVIDENCE, STOP, FULL, late, handed_over_at=after(minutes=-4)))

    assert isinstance(decision, Act) is again


@pytest.mark.parametrize(("attempts", "called"), [((EVIDENCE, STOP), True), ((EVIDENCE,), False)])
def test_in_a_planned_outage_people_are_called_for_what_fell_back_after_a_stop_of_defibs(
    attempts: tuple[Attempt, ...], called: bool
) -> None:
    fell_back = observed(state=InstanceState.STOPPED, state_reason_code="Server.InternalError")
    tries = tuple(attempt(Action.START, after(minutes=-7 + n)) for n in range(5))
    limits = policy(maintenance=(NOONS,))

    decision = decided(case(*attempts, *tries), fell_back, limits)

    assert isinstance(decision, Escalate if called else Wait)
