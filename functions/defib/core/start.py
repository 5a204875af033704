"""Starting what is stopped and should run: again and again, as another type, then with people, never in silence."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import takewhile
from zlib import crc32

from defib.core.case import STOPS, Act, Action, Attempt, Case, Decision, Escalate, Outcome, Wait
from defib.core.model import Cause, InstanceState, Observation, Verdict
from defib.core.policy import Policy, Repair, Service
from defib.core.start_failure import NO_ROOM, bare, explained, meaning, remedy, told

TRIES_BEFORE_ANOTHER_TYPE = 3
"""Starts of one type that EC2 has no room for before the next type is tried."""

STOPPED = frozenset({Cause.STOPPED_BY_DEFIB, Cause.STOPPED_UNASKED})

STOPPING = frozenset({Cause.STOPPING, Cause.STUCK_STOPPING})


def being_stopped(case: Case, repair: Repair, now: datetime) -> bool:
    """Whether a stop of Defib's own is under way: nobody has started it since, and EC2's answers may lag behind it."""
    power = case.last(*STOPS, Action.START)
    if power is None or power.done_at is None or power.action is Action.START or case.cause in STOPPED:
        return False
    lags = now < power.done_at + repair.settle and case.cause is not Cause.STOPPED_BY_PERSON
    return case.cause in STOPPING or lags


def left_down(case: Case, repair: Repair) -> bool:
    """Whether the case has ended with an instance that Defib itself has stopped, or is stopping, and will not start."""
    if case.outcome is not Outcome.LEFT_ALONE or case.closed_at is None:
        return False
    return case.owes_start(case.cause) or being_stopped(case, repair, case.closed_at)


def start(
    case: Case, observation: Observation, policy: Policy, service: Service, now: datetime, *, may_resize: bool
) -> Decision:
    """Stopped, and it should run. What may not become another type now is started as it is: that may be allowed."""
    repair = policy.repair
    started = case.last(Action.START)
    if started is not None and started.done_at is not None and now < started.done_at + repair.settle:
        return Wait("EC2's reads lag behind the start", started.done_at + repair.settle)
    settling = _settling(case, repair, now)
    if settling is not None:
        return settling
    fallen = _fell_back(case)
    if started is not None and started.done_at is not None and fallen:
        resume = started.done_at + pause(case, fallen, repair)
        if now < resume:
            return Wait("its start was accepted, but it fell back to stopped; trying again", resume)
    tried = _tries(case)
    code = _failure(tried, observation)
    others = type_by_others(case, observation)
    over = _ended_with(case, Verdict.DONE, Verdict.REFUSED)
    another = _another_type(case, observation, service, over) if may_resize and not others else ""
    enough = len(tried) >= min(TRIES_BEFORE_ANOTHER_TYPE, repair.starts)
    if another and _calls_for_another(case, observation, code, enough):
        return _become(another, case, observation, repair, now)
    if len(tried) < repair.starts:
        theirs = f"somebody has changed its type to {others}: it is started as that"
        return Act(Action.START, theirs if others else "it is stopped and should run", now + repair.act_timeout)
    return _in_vain(case, observation, code, repair, now)


def in_vain(case: Case, observation: Observation, repair: Repair, now: datetime) -> Escalate | None:
    """What people read where the tries to start it end before all its types had their turn, if EC2 has said why."""
    newest = next((a.action for a in reversed(case.attempts) if a.action is not Action.RESIZE), None)
    code = _failure([a for a in case.attempts if a.action is Action.START], observation)
    if observation.state is not InstanceState.STOPPED or newest is not Action.START or not meaning(code):
        return None
    return _in_vain(case, observation, code, repair, now)


def _in_vain(case: Case, observation: Observation, code: str, repair: Repair, now: datetime) -> Escalate:
    stopped = case.last(*STOPS)
    tries = sum(1 for a in case.attempts[stopped.number if stopped else 0 :] if a.action is Action.START)
    said = _said(case, observation, code) or "AWS gives no reason"
    times = f"{tries} {'try' if tries == 1 else 'tries'}"
    reason = f"it could not be started in {times}: {said}{as_what(case, observation)}"
    return Escalate(reason, remedy(code, observation.traits.placement_group), now + repair.hold)


def _said(case: Case, observation: Observation, code: str) -> str:
    """Why the last start failed: what EC2 says of its state is about the stop, unless it had taken the start on."""
    if meaning(code):
        return explained(code)
    result = next((a.result for a in reversed(case.attempts) if a.action is Action.START), None)
    if result is not None and result.verdict is not Verdict.DONE:
        return told(code, result.detail)
    return observation.state_reason or code


def start_again(
    case: Case,
    observation: Observation,
    cause: Cause,
    policy: Policy,
    service: Service,
    now: datetime,
    *,
    may_resize: bool,
) -> Act | Wait | None:
    """After the hand-over: nothing that Defib stopped, or tried to start, is left stopped for want of another try.

    Where there is no room each try is for the next type, its own and the fallback types in turn: nobody knows for which
    of them there will be room first.
    """
    ours = any(a.action in (*STOPS, Action.START) for a in case.attempts)
    grouped = observation.group and case.standby is None
    if cause not in STOPPED or not ours or grouped or case.handed_over_at is None:
        return None
    starts = [a for a in case.attempts if a.action is Action.START]
    # One that was taken up late is over late: the next comes after a pause all the same.
    first = min([*(a.intended_at for a in starts), case.handed_over_at])
    last = max([*(a.intended_at if a.result is None else a.result.at for a in starts), case.handed_over_at])
    # A share of the time so far: what has been away for long is back little later than it could be, and a week of
    # tries is about a hundred, which a case has room for.
    newest = next(a for a in reversed(case.attempts) if a.action in (*STOPS, Action.START, Action.RESIZE))
    if newest.action is not Action.RESIZE:
        if now < last + max((last - first) * policy.repair.start_again_share / 100, policy.repair.hold):
            return None
        over = _ended_with(case, Verdict.REFUSED) | _refused_as(case)
        another = _another_type(case, observation, service, over) if may_resize else ""
        code = _failure(_tries(case), observation)
        theirs = type_by_others(case, observation)
        if another and not theirs and _calls_for_another(case, observation, code, enough=True):
            return _become(another, case, observation, policy.repair, now)
    settling = _settling(case, policy.repair, now)
    if settling is not None:
        return settling
    return Act(Action.START, "it is still stopped: once more", now + policy.repair.act_timeout)


def impossible(case: Case, observation: Observation) -> bool:
    """Whether AWS refuses to start it as what Defib has made of it: as another type it may start.

    Whatever the code: its zone may lack the type (AWSEC2 API, Error codes, Unsupported), the type may not bear its
    configuration (AWSEC2 UserGuide, Compatibility for changing the instance type), and rights may name types (Service
    Authorization Reference, Amazon EC2, ec2:InstanceType). Where it is not the type, its own ends the turns.
    """
    tried, change = _tries(case), case.last(Action.RESIZE)
    result = tried[-1].result if tried else None
    if result is None or change is None or change.to == case.instance_type:
        return False
    return result.verdict is Verdict.REFUSED and not type_by_others(case, observation)


def type_by_others(case: Case, observation: Observation) -> str:
    """The type that a person, or another tool, has given it since Defib's last change; empty when it is Defib's.

    That may be its own, or one that Defib has tried before. Only a stopped instance can be given another (AWSEC2
    UserGuide, Change the instance type).
    """
    known = case.instance_type and observation.instance_type
    return observation.instance_type if known and observation.instance_type not in _left_as(case) else ""


def resized(case: Case, observation: Observation) -> str:
    """What people must know of a changed instance type; empty when it was not changed."""
    others = type_by_others(case, observation)
    if others and others != case.instance_type:
        return f"It runs as {others} instead of {case.instance_type}, as somebody wanted during its repair"
    change = case.last(Action.RESIZE)
    runs_as = observation.instance_type or (change.to if change is not None else "")
    if change is None or not runs_as or runs_as == case.instance_type:
        return ""
    own = case.instance_type or "its own type"
    return f"It runs as {runs_as} instead of {own}; change it back when there is room"


def became(case: Case) -> tuple[str, str]:
    """From which type to which Defib has changed it last."""
    was, now_a = (case.instance_type, *_types(case))[-2:]
    return was, now_a


def pause(case: Case, failures: int, repair: Repair) -> timedelta:
    """How long to wait after so many failures in a row: twice as long each time, up to a limit, and jittered."""
    doubled: timedelta = repair.retry_backoff * 2 ** min(failures - 1, 16)
    return min(doubled, repair.retry_backoff_max) * jitter(case, len(case.attempts))


def jitter(case: Case, attempt: int) -> float:
    """Between 0.5 and 1, always the same for one attempt: many cases that failed together don't try again together."""
    return 0.5 + crc32(f"{case.id}/{attempt}".encode()) / 2**33


def _fell_back(case: Case) -> int:
    """How many starts in a row, up to now, AWS accepted though it is stopped."""
    accepted = takewhile(lambda a: a.action is Action.START and a.done_at is not None, reversed(case.attempts))
    return sum(1 for _ in accepted)


def _tries(case: Case) -> list[Attempt]:
    """The starts of its present type."""
    change = case.last(Action.RESIZE)
    since = change.number if change is not None else 0
    return [a for a in case.attempts if a.action is Action.START and a.number > since]


def _failure(tried: list[Attempt], observation: Observation) -> str:
    """The code with which the last start failed: at the call, or afterwards, when EC2 let it fall back to stopped."""
    if not tried:
        return ""
    result = tried[-1].result
    if result is not None and result.verdict is not Verdict.DONE:
        return result.code or result.detail
    return observation.state_reason_code


def as_what(case: Case, observation: Observation) -> str:
    """As which types it was tried, where Defib, or others, have changed that."""
    theirs = type_by_others(case, observation)
    types = [*_types(case), *([theirs] if theirs else [])]
    others = ", ".join(dict.fromkeys(t for t in types if t not in ("", types[-1])))
    return f"; now as {types[-1]}, before as {others}" if others else ""


def _types(case: Case) -> list[str]:
    """The type that it had, and those that it has been given since, in order."""
    return [case.instance_type, *(a.to for a in case.attempts if a.action is Action.RESIZE and a.done_at is not None)]


def _left_as(case: Case) -> frozenset[str]:
    """The types that Defib may have left it as: the last, and where no answer came to that change the one before it."""
    given = [a for a in case.attempts if a.action is Action.RESIZE and a.done_at is not None]
    unsure = list(takewhile(lambda a: a.result is not None and a.result.verdict is Verdict.LOST, reversed(given)))
    sure = _types(case)[-1 - len(unsure)]
    return frozenset({sure, *(a.to for a in unsure)})


def _calls_for_another(case: Case, observation: Observation, code: str, enough: bool) -> bool:
    """Whether another type may start where this one does not: for want of room when it was tried often enough."""
    return impossible(case, observation) or (enough and bare(code) in NO_ROOM)


def _another_type(case: Case, observation: Observation, service: Service, over: Collection[str]) -> str:
    """The next type that is not ``over``: the service's fallback types and its own take turns; empty for none."""
    if observation.traits.hibernation or not service.fallback_types:
        return ""
    now_a = observation.instance_type
    turns = [t for t in dict.fromkeys((case.instance_type, *service.fallback_types)) if t]
    at = turns.index(now_a) + 1 if now_a in turns else 0
    return next((t for t in (*turns[at:], *turns[:at]) if t not in over and t != now_a), "")


def _ended_with(case: Case, *verdicts: Verdict) -> frozenset[str]:
    """The types that AWS has given it, or refused to."""
    resizes = [(a.to, a.result) for a in case.attempts if a.action is Action.RESIZE]
    return frozenset(to for to, result in resizes if result is not None and result.verdict in verdicts)


def _refused_as(case: Case) -> frozenset[str]:
    """The types that Defib has given it, and that AWS has refused to start it as."""
    refused, now_a = set[str](), case.instance_type
    for made in case.attempts:
        if made.action is Action.RESIZE and made.done_at is not None:
            now_a = made.to
        elif made.action is Action.START and made.result is not None and made.result.verdict is Verdict.REFUSED:
            refused.add(now_a)
    return frozenset(refused - {case.instance_type})


def _become(another: str, case: Case, observation: Observation, repair: Repair, now: datetime) -> Act:
    short = "does not start" if impossible(case, observation) else "has no room for"
    reason = f"EC2 {short} {observation.instance_type}: it is to run as {another}"
    return Act(Action.RESIZE, reason, now + repair.act_timeout, another)


def _settling(case: Case, repair: Repair, now: datetime) -> Wait | None:
    """A start in the same second as the change of its type may be refused (``aws.start.CHANGED_TOO_LATELY``).

    AWS advises to wait between commands (EC2 Developer Guide, Eventual consistency in the Amazon EC2 API).
    """
    change = case.last(Action.RESIZE)
    if change is None or change.done_at is None or now >= change.done_at + repair.settle:
        return None
    return Wait("EC2's reads lag behind the change of its type", change.done_at + repair.settle)
