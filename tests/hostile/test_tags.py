"""Tags that anybody who may tag can set, and words of EC2's: whatever they say, no instance is lost for it."""

from __future__ import annotations

from datetime import timedelta, timezone

from hypothesis import example, given
from hypothesis import strategies as st

from defib.core.case import Act, Action, Hold
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.maintenance import UNTIL_TAG, until_of
from defib.core.model import Checks, InstanceState
from defib.core.step import step
from defib.core.suspect import look_at
from tests.core.facts import NOON, OK, POLICY, after, attempt, case, impaired, observed
from tests.hostile.strategies import BOUNDED, LINEAR, TEXTS, TIMES, growth

OFFSETS = st.integers(1 - 24 * 60, 24 * 60 - 1).map(lambda minutes: timezone(timedelta(minutes=minutes)))
WRITTEN = st.datetimes(timezones=OFFSETS).map(str) | TIMES | TEXTS
"""Every time there is, in every time zone; and what is none."""
REASONS = st.from_regex(r"User initiated \([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT\)", fullmatch=True)
SO_FAR = case(attempt(Action.EVIDENCE))


@BOUNDED
@given(WRITTEN)
@example("9999-12-31T23:59:59-05:00")
@example("0001-01-01T00:00:00+14:00")
def test_whatever_a_tag_says_of_maintenance_its_instance_is_seen_and_left_alone_while_that_holds(written: str) -> None:
    tags = {"service": "web", "self-heal": "true", UNTIL_TAG: written}
    facts = observed(tags=tags, checks=Checks(OK, impaired(after(minutes=-5))))
    found, until = look_at(facts, POLICY, NOON), until_of(tags)

    step(case(), facts, POLICY, NOON)
    decision = decide(SO_FAR, facts, diagnose(facts, SO_FAR, POLICY, NOON), POLICY, NOON)

    assert found is not None
    assert found.suspect is not None
    if until is not None and until <= NOON:
        assert isinstance(decision, Act)
    else:
        assert isinstance(decision, Hold)
        assert decision.guard == ("maintenance" if until is not None else "unreadable_maintenance")


@BOUNDED
@given(REASONS | TEXTS)
@example("User initiated (2026-02-30 10:00:00 GMT)")
def test_whatever_ec2_says_of_why_it_stopped_it_is_seen(reason: str) -> None:
    facts = observed(state=InstanceState.STOPPED, checks=None, transition_reason=reason)

    assert look_at(facts, POLICY, NOON) is not None


def test_twice_as_many_tags_and_twice_the_words_take_at_most_twice_the_work() -> None:
    def seen(size: int) -> None:
        tags = {"service": "web", "self-heal": "true", UNTIL_TAG: "2" * size}
        tags |= {f"tag{number}": "a" * size for number in range(size)}
        reason = "User initiated " + "(2026-02-30 10:00:0" * size
        stopped = observed(state=InstanceState.STOPPED, checks=None, transition_reason=reason, tags=tags)
        for facts in (stopped, observed(tags=tags, checks=Checks(OK, impaired(after(minutes=-5))))):
            look_at(facts, POLICY, NOON)
            step(case(), facts, POLICY, NOON)

    # EC2 allows 50 tags of 256 characters (EC2 User Guide, Tag restrictions).
    assert growth(seen, 128) <= LINEAR
