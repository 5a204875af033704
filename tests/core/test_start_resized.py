"""A type that a person changes meanwhile, and what is said in the end of one that Defib changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from defib.core.case import Act, Action, Case, Close, Escalate, Wait
from defib.core.model import Verdict
from defib.core.start import resized, type_by_others
from tests.core.facts import after, attempt, case, observed
from tests.core.starts import (
    EVIDENCE,
    FULL,
    STOP,
    STOPPED_FACTS,
    UNFIT,
    decided,
    resize,
    unanswered,
)

OURS = case(EVIDENCE, STOP, *(FULL,) * 3, instance_type="m7g.large")
THEIRS = replace(STOPPED_FACTS, instance_type="r7g.xlarge")


def test_a_changed_type_is_said_in_the_end() -> None:
    so_far = case(
        EVIDENCE, STOP, resize("m6g.large"), attempt(Action.START, after(minutes=-8)), instance_type="m7g.large"
    )

    words = "It runs as m6g.large instead of m7g.large; change it back when there is room"
    assert resized(so_far, observed(instance_type="m6g.large")) == words
    assert resized(case(EVIDENCE, STOP), observed()) == ""
    again = case(EVIDENCE, STOP, resize("m6g.large"), resize("m7g.large"), instance_type="m7g.large")
    assert resized(again, observed(instance_type="m7g.large")) == ""


def test_it_is_started_as_what_they_made_it() -> None:
    decision = decided(OURS, THEIRS)

    assert isinstance(decision, Act)
    assert (decision.action, decision.to) == (Action.START, "")
    assert decision.reason == "somebody has changed its type to r7g.xlarge: it is started as that"


def test_if_that_is_refused_they_hear_at_once() -> None:
    tried = (*(FULL,) * 3, resize("m6g.large"), FULL, UNFIT)
    so_far = replace(OURS, attempts=case(EVIDENCE, STOP, *tried).attempts)

    decision = decided(so_far, THEIRS)

    assert isinstance(decision, Escalate)
    assert decision.reason == (
        "AWS refused to start it: InvalidParameterCombination; now as r7g.xlarge, before as m7g.large, m6g.large"
    )


def test_when_it_works_again_their_change_is_told_apart_from_defibs_own() -> None:
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
def test_what_defib_did_itself_is_nobodys_wish(so_far: Case, now_a: str) -> None:
    assert type_by_others(so_far, observed(instance_type=now_a)) == ""


@pytest.mark.parametrize("theirs", ["m7g.large", "m8g.large"])
@pytest.mark.parametrize("handed_over_at", [None, after(minutes=-2)], ids=["before", "after the hand-over"])
def test_a_type_that_defib_has_tried_before_is_their_wish_too(theirs: str, handed_over_at: datetime | None) -> None:
    tried = (*(FULL,) * 3, resize("m8g.large"), *(FULL,) * 3, resize("m6g.large"), *(FULL,) * 3)
    so_far = replace(OURS, attempts=case(EVIDENCE, STOP, *tried).attempts, handed_over_at=handed_over_at)

    decision = decided(so_far, replace(STOPPED_FACTS, instance_type=theirs))

    assert isinstance(decision, Act)
    assert (decision.action, decision.to) == (Action.START, "")
    assert handed_over_at or decision.reason == f"somebody has changed its type to {theirs}: it is started as that"


@pytest.mark.parametrize("handed_over_at", [None, after(minutes=-2)], ids=["before", "after the hand-over"])
def test_what_it_was_before_is_no_wish_while_reads_lag_behind_defibs_change(handed_over_at: datetime | None) -> None:
    changed = replace(attempt(Action.RESIZE, after(seconds=-19)), to="m6g.large")
    attempts = case(EVIDENCE, STOP, *(FULL,) * 3, changed).attempts

    decision = decided(replace(OURS, attempts=attempts, handed_over_at=handed_over_at))

    assert isinstance(decision, Wait)
    assert decision.reason == "EC2's reads lag behind the change of its type"


def test_its_own_that_they_put_back_is_told_as_no_change() -> None:
    so_far = case(EVIDENCE, STOP, *(FULL,) * 3, resize("m6g.large"), instance_type="m7g.large")

    assert resized(so_far, observed(instance_type="m7g.large")) == ""


def test_if_that_does_not_start_either_people_read_as_what_it_was_tried_last() -> None:
    tried = (*(FULL,) * 3, resize("m6g.large"), *(FULL,) * 5)

    decision = decided(case(EVIDENCE, STOP, *tried, instance_type="m7g.large"), STOPPED_FACTS)

    assert isinstance(decision, Escalate)
    assert decision.reason.endswith("now as m7g.large, before as m6g.large")
