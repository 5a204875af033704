"""The rungs of a member of an Auto Scaling group: replaced, or put in Standby around its stop and start."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.case import Act, Action, Attempt, Case, Close, Decision, Escalate, Outcome, Wait
from defib.core.left_out import NOTE
from defib.core.membership import IN_SERVICE, REPLACES, STANDBY, TERMINATING, GroupMember
from defib.core.model import NOT_FAILING, Cause, Observation, Verdict
from defib.core.policy import Policy, Repair, Service
from defib.core.words import CAUSE_WORDS

TERMINATES_WITHIN = timedelta(hours=2)
"""How long its group may take to terminate it. While a lifecycle hook waits it goes on running, for an hour where
nobody says otherwise (EC2 Auto Scaling API, PutLifecycleHook, HeartbeatTimeout)."""


def before_stop(
    case: Case, observation: Observation, cause: Cause, policy: Policy, service: Service, now: datetime
) -> Decision | None:
    """What a member needs in place of a stop, or before it; None where the stop may follow."""
    group, repair = observation.group, policy.repair
    if not group or service.group_member is GroupMember.LEAVE:
        return None
    entered = case.standby
    if service.group_member is GroupMember.REPLACE or (cause is Cause.DEAD_ON_ARRIVAL and entered is None):
        return replace_it(observation, cause, repair, now)
    known = observation.membership
    serves = known is not None and known.lifecycle == IN_SERVICE
    if entered is None or (serves and _came_to_nothing(case, entered, repair, now)):
        reason = f"{CAUSE_WORDS[cause]}: Standby first, or its Auto Scaling group {group} would terminate it"
        return Act(Action.ENTER_STANDBY, reason, now + repair.act_timeout)
    if known is not None and known.lifecycle == STANDBY:
        return None
    limit = (entered.done_at or entered.intended_at) + service.verify.timeout
    if now < limit:
        return Wait(f"its Auto Scaling group {group} is putting it in Standby", min(limit, now + repair.look_again))
    ask = f"Look at the activity history of Auto Scaling group {group}, and mend or replace the instance."
    return Escalate(f"its Auto Scaling group {group} does not put it in Standby", ask, now + repair.hold)


def _came_to_nothing(case: Case, entered: Attempt, repair: Repair, now: datetime) -> bool:
    """Whether its group, in which it serves on, is to be asked once more for a Standby of which nobody has heard."""
    return entered.done_at is None or case.to_repeat(Action.ENTER_STANDBY, repair.settle, now)


def replace_it(observation: Observation, cause: Cause, repair: Repair, now: datetime) -> Act:
    """Have the group terminate it and launch another."""
    reason = f"{CAUSE_WORDS[cause]}: its Auto Scaling group {observation.group} is to replace it"
    return Act(Action.REPLACE, reason, now + repair.act_timeout)


def await_replacement(
    case: Case, observation: Observation, cause: Cause, policy: Policy, now: datetime
) -> Decision | None:
    """Whatever it does now, its group has been told that it is unhealthy; None where it has not, or is to be once more.

    That is where no answer came, nothing came of it, and it does not work again.
    """
    asked = case.last(Action.REPLACE)
    if asked is None:
        return _leaves(case, observation, cause, policy, now)
    if asked.done_at is None or case.handed_over_at is not None:
        return None
    if cause is not Cause.HEALTHY and case.to_repeat(Action.REPLACE, policy.repair.settle, now):
        return None
    limit = asked.done_at + policy.repair.force_stop_timeout
    if now < limit:
        words = f"its Auto Scaling group {case.group} has been asked to replace it"
        return Wait(words, min(limit, now + policy.repair.look_again))
    leaving = observation.membership is not None and observation.membership.lifecycle in TERMINATING
    limit = asked.done_at + TERMINATES_WITHIN
    if leaving and now < limit:
        words = f"its Auto Scaling group {case.group} is terminating it; a lifecycle hook may hold that up"
        return Wait(words, min(limit, now + policy.repair.hold), idle=True)
    reason, ask = _not_replaced(case, observation, leaving)
    return Escalate(reason, ask, now + policy.repair.hold)


def _leaves(case: Case, observation: Observation, cause: Cause, policy: Policy, now: datetime) -> Wait | None:
    """Its group has begun to terminate it by itself, and may have put another in its place: nobody is to decide."""
    place, since = observation.membership, case.confirmed_at
    if place is None or place.lifecycle not in TERMINATING or since is None or case.handed_over_at is not None:
        return None
    limit = since + TERMINATES_WITHIN
    if cause in NOT_FAILING or now >= limit:
        return None
    words = f"its Auto Scaling group {case.group} is terminating it by itself; a lifecycle hook may hold that up"
    return Wait(words, min(limit, now + policy.repair.hold), idle=True)


def _not_replaced(case: Case, observation: Observation, leaving: bool) -> tuple[str, str]:
    """Why people are asked about one that its group was to replace, and what they are asked."""
    ask = f"Look at the activity history of Auto Scaling group {case.group}: it says what it waits for"
    told = f"its Auto Scaling group {case.group} was told that it is unhealthy"
    if leaving:
        return f"{told}, but takes hours to terminate it", f"{ask}. A lifecycle hook may wait for somebody's word."
    place = observation.membership
    off = " and ".join(name for name in REPLACES if place is not None and name in place.suspended)
    if off:
        return (
            f"{told}, but does not replace it: {off} is suspended",
            f"Resume {off} of Auto Scaling group {case.group}.",
        )
    return f"{told}, but does not replace it", f"{ask}, a new member that is to come first, say."


def terminated(case: Case) -> Close:
    """It is gone: as Defib asked, or not."""
    if case.count(Action.REPLACE):
        reason = f"its Auto Scaling group {case.group} terminates it and launches another"
        return Close(Outcome.REPLACED, reason)
    return Close(Outcome.TERMINATED, "it has been terminated")


def in_standby(case: Case) -> Attempt | None:
    """The attempt that put it in Standby, for as long as it is there, or may be: its one return was never answered.

    A second silence is believed.
    """
    entered = case.last(Action.ENTER_STANDBY)
    if case.standby is not None or entered is None:
        return case.standby
    left = [a.result for a in case.attempts[entered.number :] if a.action is Action.EXIT_STANDBY and a.done_at]
    return entered if [result.verdict for result in left if result is not None] == [Verdict.LOST] else None


def leave_standby(case: Case, repair: Repair, now: datetime) -> Decision | None:
    """Back into service, now that it works; None where Defib did not put it in Standby, or people have it in hand.

    Where no answer comes it is asked for once more: to be returned twice does no harm, to be forgotten does.
    """
    entered = in_standby(case)
    if entered is None or case.handed_over_at is not None:
        return None
    tried = [a for a in case.attempts[entered.number :] if a.action is Action.EXIT_STANDBY and a.result is not None]
    last = tried[-1].result if tried else None
    if last is not None and (last.verdict is Verdict.REFUSED or len(tried) >= repair.starts):
        said = " ".join(part for part in (last.code, last.detail) if part)
        ask = f"Return {case.instance_id} to service in Auto Scaling group {case.group}."
        return Escalate(f"it works, but could not be returned to service: {said}", ask, now + repair.hold)
    pause, went = (repair.retry_backoff, "failed") if case.standby is not None else (repair.settle, "was not answered")
    if last is not None and now < last.at + pause:
        return Wait(f"returning it to service {went}; trying again", last.at + pause)
    reason = f"it works again: back into service in its Auto Scaling group {case.group}"
    return Act(Action.EXIT_STANDBY, reason, now + repair.act_timeout)


def with_standby(text: str, case: Case) -> str:
    """``text``, and where Defib leaves the instance in Standby, or may, that it does."""
    if in_standby(case) is None:
        return text
    stands = "is" if case.standby is not None else "may be"
    return (
        f"{text}{NOTE}{stands} in Standby in its Auto Scaling group {case.group}: return it to service when it works.)"
    )
