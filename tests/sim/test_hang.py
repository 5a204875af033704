"""A call that nothing ever answers: what it delays is bounded, and staff hear of what can't be done."""

from __future__ import annotations

from datetime import timedelta

import pytest

from defib.core.duration import format_duration
from defib.core.policy import Calls
from infra.functions import SHAPES
from sim.hang import BOUND, TOLD_WITHIN, Course, Effect, Hang, course, effect, hangs
from sim.kill import the_scenario
from sim.replay import ROOT

A_MINUTE = timedelta(minutes=1)

ONCE = [
    Hang("diagnose", "ec2:DescribeInstances", 1),
    Hang("diagnose", "sqs:SendMessage", 1),
    Hang("remediate", "ec2:RebootInstances", 1),
    Hang("publish", "sns:Publish", 1),
    Hang("sweep", "dynamodb:Query", 3),
]
"""One call alone; those on which most hangs."""
ALWAYS = [
    Hang("sweep", "ec2:DescribeInstanceStatus", 0),
    Hang("sweep", "dynamodb:PutItem", 0),
    Hang("diagnose", "dynamodb:TransactWriteItems", 0),
    Hang("remediate", "dynamodb:GetItem", 0),
    Hang("evidence", "ec2:GetConsoleOutput", 0),
    Hang("publish", "dynamodb:GetItem", 0),
    Hang("page", "s3:PutObject", 0),
]
"""The call each time, for the rest of the replay."""


@pytest.fixture(scope="module")
def undisturbed() -> Course:
    return course(the_scenario())


@pytest.mark.parametrize("hang", ONCE, ids=str)
def test_one_call_that_hangs_delays_nothing_beyond_the_bound(hang: Hang, undisturbed: Course) -> None:
    found = effect(hang, undisturbed, the_scenario())

    assert found.errors == ()
    assert found.undone == ()
    assert max(found.heals_late, found.tells_late) <= BOUND, str(found)


@pytest.mark.parametrize("hang", ALWAYS, ids=str)
def test_where_a_call_always_hangs_no_function_dies_of_it_and_staff_hear_of_what_is_late(
    hang: Hang, undisturbed: Course
) -> None:
    found = effect(hang, undisturbed, the_scenario())

    assert found.errors == ()
    assert found.is_harmless, str(found)
    if found.undone or max(found.heals_late, found.tells_late) > BOUND:
        assert found.alerted_after is not None
        assert found.alerted_after <= TOLD_WITHIN


def test_every_call_of_every_function_has_its_turn(undisturbed: Course) -> None:
    every = hangs(undisturbed, 1)

    assert {(hang.function, hang.call) for hang in every} == set(undisturbed.calls)
    assert {hang.nth for hang in every} == {0, 1}
    assert {(hang.function, hang.call) for hang in (*ONCE, *ALWAYS)} <= set(undisturbed.calls)


def test_a_hang_that_delays_for_long_and_is_told_of_to_nobody_is_harm() -> None:
    late = Effect(Hang("diagnose", "x:Y", 1), BOUND * 2, BOUND * 0, (), None, ())

    assert not late.is_harmless
    assert not Effect(Hang("diagnose", "x:Y", 0), BOUND * 2, BOUND * 0, (), TOLD_WITHIN * 2, ()).is_harmless
    assert Effect(Hang("diagnose", "x:Y", 0), BOUND * 2, BOUND * 0, (), TOLD_WITHIN, ()).is_harmless
    assert not Effect(Hang("diagnose", "x:Y", 0), BOUND * 0, BOUND * 0, (), None, ("it timed out",)).is_harmless


def section(title: str) -> str:
    """Of docs/watching.md."""
    page = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
    return " ".join(page.partition(f"\n## {title}\n")[2].partition("\n## ")[0].split())


def test_the_documented_bound_is_the_one_that_is_measured_and_adds_up() -> None:
    said = section("What does a call that never answers delay?")
    call, again = Calls().longest, timedelta(seconds=SHAPES["diagnose"].timeout_s + 10)

    assert f"by more than **{format_duration(BOUND).removesuffix('m')} minutes**" in said
    assert f"within **{format_duration(TOLD_WITHIN).removesuffix('m')} minutes**" in said
    for part, what in ((call, "the call itself"), (again, "until its message"), (A_MINUTE, "until the next sweep")):
        assert f"| {part.total_seconds():.0f} s | {what}" in said
    assert call + again + A_MINUTE <= BOUND
    assert "python -m sim hang" in said
