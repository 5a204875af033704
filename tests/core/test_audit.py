"""Every decision leaves a line that says what, why and on what evidence; a mere look leaves none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.approval import Approval, Choice
from defib.core.audit import decision_of, entry
from defib.core.case import Action, Case, Outcome
from defib.core.model import Cause
from tests.core.facts import NOON, after, attempt, case

OPEN = case(attempt(Action.EVIDENCE), reason="because", evidence=("instance status check impaired",))
ACTING = OPEN.with_intent(Action.REBOOT, "a reboot may cure it", NOON)
CLAIMED = ACTING.with_claim(after(seconds=1))
HELD = replace(OPEN, held_by="minimum_healthy")
HANDED = replace(OPEN, handed_over_at=NOON)
CLOSED = replace(HANDED, closed_at=NOON, outcome=Outcome.RECOVERED)

TABLE: list[tuple[Case | None, Case, str]] = [
    (None, OPEN, "wait"),
    (OPEN, ACTING, "act:reboot"),
    (None, ACTING, "act:reboot"),
    (ACTING, CLAIMED, "wait"),
    (OPEN, HELD, "hold:minimum_healthy"),
    (OPEN, HANDED, "escalate"),
    (HANDED, CLOSED, "close:recovered"),
]


@pytest.mark.parametrize(("before", "now", "word"), TABLE)
def test_the_change_tells_the_decision(before: Case | None, now: Case, word: str) -> None:
    assert decision_of(before, now) == word


def test_a_line_says_what_why_and_on_what_evidence() -> None:
    line = entry(OPEN, ACTING, NOON)

    assert line is not None
    assert (line.case_id, line.at, line.decision) == ("i-0aa1-1", NOON, "act:reboot")
    assert line.evidence == ("instance status check impaired",)
    assert line.attempt == ACTING.intent


def test_a_claim_is_a_line_of_its_own() -> None:
    line = entry(ACTING, CLAIMED, after(seconds=1))

    assert line is not None
    assert line.attempt is not None
    assert line.attempt.claimed_at == after(seconds=1)


def test_a_question_and_its_answer_are_lines_of_their_own() -> None:
    asked = replace(OPEN, approval=Approval(NOON, after(minutes=30)), held_by="approval")
    answered = replace(asked, approval=Approval(NOON, after(minutes=30), Choice.REJECT, after(minutes=1), "Ann"))
    question, answer = entry(OPEN, asked, NOON), entry(asked, answered, after(minutes=1))
    later = entry(answered, replace(answered, reason="because of something else"), after(minutes=2))

    assert question is not None
    assert answer is not None
    assert later is not None
    assert question.approval == asked.approval
    assert answer.approval == answered.approval
    assert later.approval is None


def test_moving_only_the_next_look_leaves_no_line() -> None:
    assert entry(OPEN, replace(OPEN, look_again_at=after(minutes=1), version=2), NOON) is None


def test_a_look_that_finds_the_same_since_another_moment_leaves_no_line() -> None:
    """What others start every few seconds is found starting up each time, by EC2's word since its newest launch."""
    starting = replace(OPEN, cause=Cause.INITIALIZING, evidence=("state pending",), reason="it is starting up")

    assert entry(starting, replace(starting, since=after(minutes=1), look_again_at=after(minutes=2)), NOON) is None


@pytest.mark.parametrize(
    "changed",
    [
        replace(OPEN, cause=Cause.SYSTEM_IMPAIRED),
        replace(OPEN, evidence=("system status check impaired",)),
        replace(OPEN, reason="because of something else"),
        HELD,
        HANDED,
        CLOSED,
        ACTING,
    ],
)
def test_whatever_is_decided_or_seen_anew_leaves_a_line(changed: Case) -> None:
    assert entry(OPEN, changed, NOON) is not None
