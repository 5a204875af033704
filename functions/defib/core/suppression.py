"""EC2's application status check, kept quiet during a repair: an Auto Scaling group replaces whatever fails it.

(EC2 User Guide, Application status checks; EC2 Auto Scaling User Guide, Use application status checks.)
"""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.case import Act, Action, Attempt, Case, Close, Decision, Outcome, Wait
from defib.core.membership import GroupMember
from defib.core.model import Cause, Check, Checks, CheckStatus, InstanceState, Observation, Verdict
from defib.core.policy import Policy, Repair
from defib.core.service import ApplicationRemedy, Service
from defib.core.words import clock

TAKES_IT_DOWN = frozenset({Action.REBOOT, Action.DRAIN, Action.STOP, Action.ENTER_STANDBY})
"""Actions after which the application does not answer, or that prepare one. What is to be replaced needs no quiet."""

TRIES = 2
"""Suppressions that come to nothing before the repair goes on without; a repair matters more."""

LIFTS = 3
"""Tries at lifting before it is left to end by itself."""

CONFIRMED_IN = timedelta(minutes=2)
"""Two good answers in a row, asked for once a minute, make a failing check pass (EC2 User Guide, Default settings)."""

STARTS_WITHIN = timedelta(seconds=600) + CONFIRMED_IN
"""How long after a start its application check may have nothing to say: an owner may have its first request wait for
ten minutes, and for five where nobody says otherwise (AWSEC2 API, CreateApplicationStatusCheck,
InitializationGracePeriodSeconds)."""

MISSING = frozenset({CheckStatus.NOT_APPLICABLE, CheckStatus.SUPPRESSED})


def ours(case: Case | None) -> Attempt | None:
    """The suppression that Defib began and has not lifted; None also where somebody else's holds."""
    begun = case.last(Action.SUPPRESS_CHECK) if case is not None else None
    ended = case.last(Action.RESUME_CHECK) if case is not None else None
    return None if begun is None or (ended is not None and ended.number > begun.number) else begun


def silenced(case: Case | None) -> bool:
    """Whether Defib has suppressed its check in this repair, or may have: AWS may then say that no check applies."""
    return case is not None and any(attempt.action is Action.SUPPRESS_CHECK for attempt in case.attempts)


def holds(case: Case, repair: Repair, now: datetime) -> bool:
    """Whether Defib's own suppression counts at this moment: AWS ends it by itself after the time it was given."""
    begun = ours(case)
    return begun is not None and begun.done_at is not None and now < begun.done_at + repair.suppress_for


def applies(observation: Observation) -> bool:
    """Whether a failing application check would count for something now."""
    return observation.checks is not None and observation.checks.application.status not in MISSING


def seen(checks: Checks, case: Case | None) -> Check:
    """What is known of the application: beneath Defib's own suppression, but never beneath another's.

    Who suppresses a check for a deployment does not want to hear that the application is down.
    """
    own = checks.application.status is CheckStatus.SUPPRESSED and ours(case) is not None
    return checks.beneath if own else checks.application


def in_vain(case: Case) -> Attempt | None:
    """The attempt that showed that the check can't be suppressed: refused, or failed too often."""
    tried = [a for a in case.attempts if a.action is Action.SUPPRESS_CHECK and a.result is not None]
    ended = [a.result.verdict for a in tried if a.result is not None]
    failed = sum(1 for verdict in ended if verdict in (Verdict.RETRY, Verdict.LOST))
    if not ended or ended[-1] in (Verdict.DONE, Verdict.ABANDONED):
        return None
    return tried[-1] if ended[-1] is Verdict.REFUSED or failed >= TRIES else None


def before(case: Case, observation: Observation, act: Act, repair: Repair, now: datetime) -> Act:
    """``act``, or the suppression that must come first. Every guard has let ``act`` pass."""
    begun = ours(case)
    sure = begun is not None and begun.result is not None and begun.result.verdict is Verdict.DONE
    quiet = (sure and holds(case, repair, now)) or in_vain(case) is not None
    if act.action not in TAKES_IT_DOWN or not applies(observation) or quiet:
        return act
    whose = f"Auto Scaling group {observation.group}" if observation.group else "whoever acts on it"
    reason = f"{whose} is not to act on its application status check while Defib repairs it ({act.reason})"
    return Act(Action.SUPPRESS_CHECK, reason, now + repair.act_timeout)


def lift(case: Case, repair: Repair, now: datetime) -> Act | Wait | None:
    """Let its application check count again; None where nothing of Defib's is left to lift, or it can't be."""
    begun = ours(case)
    if begun is None or not holds(case, repair, now):
        return None
    tried = [a.result for a in case.attempts[begun.number :] if a.action is Action.RESUME_CHECK and a.result]
    if len(tried) >= LIFTS or any(result.verdict is Verdict.REFUSED for result in tried):
        return None
    if tried and now < tried[-1].at + repair.retry_backoff:
        return Wait("resuming its application status check failed; trying again", tried[-1].at + repair.retry_backoff)
    return Act(Action.RESUME_CHECK, "its application status check counts again", now + repair.act_timeout)


def confirmed_in(observation: Observation, cause: Cause) -> timedelta:
    """How much longer than a check of EC2's own an application check takes to notice that all is well."""
    if cause is not Cause.APPLICATION_DOWN or observation.checks is None:
        return timedelta(0)
    checked = observation.checks.application.status is not CheckStatus.NOT_APPLICABLE
    return CONFIRMED_IN if checked else timedelta(0)


def counts_since(case: Case) -> datetime | None:
    """When its application check began to count again; None where Defib has lifted nothing."""
    ended = case.last(Action.RESUME_CHECK)
    return ended.done_at if ended is not None else None


def before_leaving(case: Case, observation: Observation, decision: Decision, policy: Policy, now: datetime) -> Decision:
    """``decision``, or the lift that must come first where Defib leaves the instance to itself or to people."""
    leaves = isinstance(decision, Close) or (case.handed_over_at is not None and isinstance(decision, Wait))
    gone = leaves and observation.state in (InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED)
    if not leaves or gone or not policy.opted_in(observation.tags):
        return decision
    return lift(case, policy.repair, now) or decision


def said(close: Close, case: Case, repair: Repair, now: datetime) -> Close:
    """``close``, and that the check still counts for nothing where Defib could not lift that."""
    begun = ours(case)
    if begun is None or begun.done_at is None or not holds(case, repair, now) or close.outcome is Outcome.TERMINATED:
        return close
    until = clock(begun.done_at + repair.suppress_for)
    words = f"{close.reason}. Its application status check could not be resumed: it counts again at {until}"
    return Close(close.outcome, words)


def with_lift(text: str, case: Case) -> str:
    """``text``, and where Defib is about to lift its suppression, what comes of that."""
    if ours(case) is None or not case.group or case.standby is not None:
        return text
    words = "Its application status check counts again from now on: if it fails, its Auto Scaling group"
    return f"{text} ({words} {case.group} replaces it.)"


def passes_over_reboot(case: Case, observation: Observation, cause: Cause, service: Service) -> bool:
    """Whether a member goes to Standby, or is replaced, without a reboot: during one its group would terminate it."""
    only_reboot = cause is Cause.APPLICATION_DOWN and service.application_down is ApplicationRemedy.REBOOT
    leaves = service.group_member is GroupMember.LEAVE or only_reboot
    return bool(observation.group) and not leaves and applies(observation) and in_vain(case) is not None
