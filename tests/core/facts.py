"""Builders of facts for the tables: a healthy web server, changed where a row says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from defib.core.case import Action, Attempt, Case
from defib.core.model import (
    Cause,
    Check,
    Checks,
    CheckStatus,
    InstanceState,
    Observation,
    Peers,
    Registration,
    Result,
    Source,
    Target,
    TargetHealth,
    Verdict,
)
from defib.core.policy import Mode, Patience, Policy, Repair, Service, Tag
from defib.core.traits import Traits

NOON = datetime(2026, 4, 30, 12, 0, tzinfo=UTC)
OK, IMPAIRED = Check(CheckStatus.OK), CheckStatus.IMPAIRED
INITIALIZING = Check(CheckStatus.INITIALIZING)
WEB = Registration("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef", 80)
SERVICE = Service("web", {"service": ("web",)}, Mode.HEAL, patience=Patience(check=timedelta(seconds=60)))
REGION = "us-east-1"
POLICY = Policy(Tag("self-heal", "true"), (SERVICE,), repair=Repair(look_again=timedelta(seconds=15)), region=REGION)
"""Not the defaults, which may change without a test of the ladder having to."""


HARMLESS = Traits(instance_store=False, stop_protected=False)
"""Of an instance whose stop destroys nothing."""


def after(**time: float) -> datetime:
    """Noon and so much later."""
    return NOON + timedelta(**time)


def policy(**changes: Any) -> Policy:
    """The policy with its only service changed."""
    return replace(POLICY, services=(replace(SERVICE, **changes),))


def impaired(since: datetime = NOON) -> Check:
    return Check(IMPAIRED, since)


def observed(**changes: Any) -> Observation:
    """A running, healthy, opted-in web server of the service, launched a month ago."""
    facts: dict[str, Any] = {
        "instance_id": "i-0aa1",
        "observed_at": NOON,
        "state": InstanceState.RUNNING,
        "launched_at": NOON - timedelta(days=30),
        "tags": {"Name": "web-2", "service": "web", "self-heal": "true"},
        "zone": "us-east-1b",
        "checks": Checks(OK, OK, OK),
        "peers": Peers(running=2, healthy=2),
        "traits": HARMLESS,
    }
    facts |= changes
    if facts["state"] is not InstanceState.RUNNING and "checks" not in changes:
        facts["checks"] = None
    return Observation(**facts)


def special(**traits: Any) -> Observation:
    """The healthy web server, with these traits."""
    return observed(traits=replace(HARMLESS, **traits))


def target(health: TargetHealth, *, manageable: bool = True) -> Target:
    return Target(WEB, health, manageable=manageable)


def attempt(action: Action, at: datetime = NOON, verdict: Verdict | None = Verdict.DONE, code: str = "") -> Attempt:
    """An attempt that ended as ``verdict`` says, at once; None: still an intent."""
    result = None if verdict is None else Result("i-0aa1-1", 0, verdict, at, code)
    return Attempt(0, action, "because", at, result=result)


def case(*attempts: Attempt, **changes: Any) -> Case:
    """A stored, confirmed case of a failing instance check, with these attempts numbered in order."""
    numbered = tuple(
        replace(a, number=n, result=None if a.result is None else replace(a.result, attempt=n))
        for n, a in enumerate(attempts, start=1)
    )
    facts: dict[str, Any] = {
        "instance_id": "i-0aa1",
        "number": 1,
        "service": "web",
        "name": "web-2",
        "zone": "us-east-1b",
        "opened_at": NOON,
        "opened_by": Source.SWEEP,
        "cause": Cause.INSTANCE_IMPAIRED,
        "since": after(minutes=-5),
        "version": 1,
        "failing_since": NOON,
        "confirmed_at": NOON,
        "confirmed_cause": Cause.INSTANCE_IMPAIRED,
        "attempts": numbered,
    }
    return Case(**(facts | changes))
