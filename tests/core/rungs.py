"""What the tables of decisions are about: attempts so far, and failures as AWS shows them."""

from __future__ import annotations

from defib.core.case import Action, Case, Decision
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.membership import GROUP_TAG, Membership
from defib.core.model import Cause, Checks, InstanceState, Observation, TargetHealth, Verdict
from defib.core.policy import ApplicationRemedy, Policy
from tests.core.facts import (
    INITIALIZING,
    NOON,
    OK,
    POLICY,
    after,
    attempt,
    case,
    impaired,
    observed,
    policy,
    target,
)

EVIDENCE = attempt(Action.EVIDENCE)
REBOOTED = attempt(Action.REBOOT, after(minutes=-4))
REBOOTED_LONG_AGO = attempt(Action.REBOOT, after(minutes=-10))
DRAINED = attempt(Action.DRAIN, after(seconds=-30))
STOPPED_NOW = attempt(Action.STOP, after(seconds=-40))
STARTED = attempt(Action.START, after(minutes=-6))
NO_ROOM = attempt(Action.START, after(minutes=-3), Verdict.RETRY, "InsufficientInstanceCapacity")

BAD = Checks(OK, impaired(after(minutes=-5)))
BAD_HOST = Checks(impaired(after(minutes=-5)), impaired(after(minutes=-5)))
BAD_DISK = Checks(OK, OK, impaired(after(minutes=-5)))
BOOTING = Checks(INITIALIZING, INITIALIZING)

HEALTHY, UNHEALTHY, DRAINING = TargetHealth.HEALTHY, TargetHealth.UNHEALTHY, TargetHealth.DRAINING
UNUSED, INITIAL = TargetHealth.UNUSED, TargetHealth.INITIAL
REBOOT_APP, RESTART_APP = (policy(application_down=r) for r in (ApplicationRemedy.REBOOT, ApplicationRemedy.RESTART))
APP_FELL = case(EVIDENCE, cause=Cause.APPLICATION_DOWN, confirmed_cause=Cause.APPLICATION_DOWN)
APP_DOWN = observed(targets=(target(UNHEALTHY),))

STOPPED_FACTS = observed(state=InstanceState.STOPPED, state_reason_code="Server.InternalError")
STOPPING_FACTS = observed(state=InstanceState.STOPPING)
LONG_STOP = attempt(Action.STOP, after(minutes=-4))


def in_group(lifecycle: str, **changes: object) -> Observation:
    tags = {"service": "web", "self-heal": "true", GROUP_TAG: "web-asg"}
    place = Membership("web-asg", lifecycle, protected=False, opted_in=True, minimum=2, desired=3, in_service=3)
    return observed(tags=tags, membership=place, **changes)


def decided(so_far: Case, facts: Observation, limits: Policy = POLICY) -> Decision:
    return decide(so_far, facts, diagnose(facts, so_far, limits, NOON), limits, NOON)
