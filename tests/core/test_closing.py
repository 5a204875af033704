"""How a case ends, and why."""

from __future__ import annotations

import pytest

from defib.core.case import Action, Case, Close, Outcome
from defib.core.model import Cause, InstanceState, Observation
from defib.core.policy import Policy
from tests.core.facts import (
    NOON,
    POLICY,
    WEB,
    after,
    attempt,
    case,
    observed,
)
from tests.core.rungs import BAD, DRAINED, EVIDENCE, REBOOTED, STARTED, STOPPED_NOW, decided

CLOSINGS: list[tuple[str, Case, Observation, Policy, Outcome, str]] = [
    ("fresh and healthy", case(version=0, confirmed_at=None), observed(), POLICY, Outcome.NOTHING_WRONG, "pass"),
    (
        "well by itself",
        case(confirmed_at=None, healthy_since=after(seconds=-30)),
        observed(),
        POLICY,
        Outcome.RECOVERED,
        "nothing to it",
    ),
    (
        "the reboot cured it",
        case(EVIDENCE, REBOOTED, healthy_since=after(seconds=-30)),
        observed(),
        POLICY,
        Outcome.HEALED,
        "reboot cured",
    ),
    (
        "stop and start cured it",
        case(EVIDENCE, STOPPED_NOW, STARTED, healthy_since=after(seconds=-30)),
        observed(),
        POLICY,
        Outcome.HEALED,
        "stopping and starting it cured",
    ),
    (
        "a start cured it",
        case(EVIDENCE, STARTED, healthy_since=after(seconds=-30)),
        observed(),
        POLICY,
        Outcome.HEALED,
        "starting it cured",
    ),
    (
        "well since people took over",
        case(EVIDENCE, STARTED, handed_over_at=NOON, healthy_since=after(seconds=-30)),
        observed(),
        POLICY,
        Outcome.RECOVERED,
        "people",
    ),
    ("terminated", case(EVIDENCE), observed(state=InstanceState.TERMINATED), POLICY, Outcome.TERMINATED, "terminated"),
    (
        "stopped by a person",
        case(EVIDENCE),
        observed(state=InstanceState.STOPPED, state_reason_code="Client.UserInitiatedShutdown"),
        POLICY,
        Outcome.LEFT_ALONE,
        "person",
    ),
    (
        "stopped by a person while drained",
        case(EVIDENCE, DRAINED, registrations=(WEB,)),
        observed(state=InstanceState.STOPPED, state_reason_code="Client.UserInitiatedShutdown"),
        POLICY,
        Outcome.LEFT_ALONE,
        "deregistered from web",
    ),
    (
        "opted out while drained",
        case(EVIDENCE, DRAINED, registrations=(WEB,)),
        observed(checks=BAD, tags={"service": "web"}),
        POLICY,
        Outcome.LEFT_ALONE,
        "deregistered from web",
    ),
    (
        "opted out meanwhile",
        case(EVIDENCE),
        observed(checks=BAD, tags={"service": "web"}),
        POLICY,
        Outcome.LEFT_ALONE,
        "self-heal=true",
    ),
    (
        "given to another service meanwhile",
        case(EVIDENCE),
        observed(checks=BAD, tags={"service": "db", "self-heal": "true"}),
        POLICY,
        Outcome.LEFT_ALONE,
        "no longer make it part of service web",
    ),
    (
        "given to another service while people have it",
        case(EVIDENCE, DRAINED, STOPPED_NOW, STARTED, registrations=(WEB,), handed_over_at=NOON),
        observed(checks=BAD, tags={"service": "db", "self-heal": "true"}),
        POLICY,
        Outcome.LEFT_ALONE,
        "no longer make it part of service web. It is deregistered from web",
    ),
    (
        "its group has replaced it",
        case(EVIDENCE, attempt(Action.REPLACE), group="web-asg"),
        observed(state=InstanceState.SHUTTING_DOWN),
        POLICY,
        Outcome.REPLACED,
        "web-asg",
    ),
    (
        "its service left the configuration",
        case(EVIDENCE, service="gone"),
        observed(checks=BAD),
        POLICY,
        Outcome.LEFT_ALONE,
        "gone",
    ),
    (
        "failed while it waited for an announced event",
        case(confirmed_cause=Cause.EVENT_SCHEDULED),
        observed(checks=BAD),
        POLICY,
        Outcome.GAVE_WAY,
        "a case of its own",
    ),
]


@pytest.mark.parametrize(
    ("so_far", "facts", "limits", "outcome", "words"), [r[1:] for r in CLOSINGS], ids=[r[0] for r in CLOSINGS]
)
def test_a_case_closes_with_its_outcome(
    so_far: Case, facts: Observation, limits: Policy, outcome: Outcome, words: str
) -> None:
    decision = decided(so_far, facts, limits)

    assert isinstance(decision, Close), decision
    assert decision.outcome is outcome
    assert words in decision.reason


def test_what_was_put_back_is_not_called_deregistered() -> None:
    so_far = case(EVIDENCE, DRAINED, attempt(Action.RESTORE), registrations=(WEB,))
    stopped = observed(state=InstanceState.STOPPED, state_reason_code="Client.UserInitiatedShutdown")

    assert decided(so_far, stopped, POLICY).reason == "a person stopped it; Defib leaves it alone"


def test_every_outcome_has_a_row() -> None:
    assert {row[4] for row in CLOSINGS} == set(Outcome) - {Outcome.HANDED_OVER}, "which older versions closed with"
