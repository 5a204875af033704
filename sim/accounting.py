"""How much of the time to heal AWS imposes, whatever Defib does. ``docs/scenarios.md`` explains the accounting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from defib.core.case import Action, Attempt
from defib.core.model import CheckStatus, InstanceState, TargetHealth
from defib.core.policy import Repair
from sim.faults import FaultKind
from sim.machine import ActiveFault, Machine
from sim.physics import CHECK_PERIOD
from sim.recording import InstanceTrack, Span
from sim.traits import is_recovered

Interval = tuple[datetime, datetime]

SECOND = timedelta(seconds=1)
"""EC2 says since when a check fails without fractions of it (DescribeInstanceStatus, ImpairedSince)."""


def aws_imposed(
    struck_at: datetime,
    shown_at: datetime | None,
    healed_at: datetime,
    attempts: Sequence[Attempt],
    track: InstanceTrack,
    reboot_trial: timedelta,
    faults: Sequence[ActiveFault] = (),
    grace: timedelta = timedelta(0),
) -> timedelta:
    """The union of what can't be hurried, within ``struck_at`` to ``healed_at``; ``faults`` are the instance's.

    ``grace`` is what EC2's own recovery of a failed host is given (``grace_for``).
    """
    acted_at = min((a.intended_at for a in attempts if a.action is not Action.EVIDENCE), default=healed_at)
    intervals = [*_shown(struck_at, shown_at, track.checks, acted_at), *_reboots(attempts, track.checks, reboot_trial)]
    intervals += _left_to_ec2(faults, track.checks, acted_at, grace)
    intervals += _refused(faults, track.states, healed_at)
    imposed_states = (InstanceState.STOPPING.value, InstanceState.PENDING.value)
    intervals += [(span.start, span.end) for span in track.states if span.value in imposed_states]
    intervals += [(span.start, span.end) for span in track.checks if span.value == CheckStatus.INITIALIZING.value]
    intervals += _rejoining(attempts, track.targets)
    intervals += _passing_again(attempts, track, reboot_trial)
    return _covered(intervals, struck_at, healed_at)


def grace_for(machine: Machine, repair: Repair) -> timedelta:
    """How long a failed host is left to EC2's own recovery; none where EC2 would not recover the instance."""
    return repair.auto_recovery_grace if is_recovered(machine) else timedelta(0)


def _left_to_ec2(
    faults: Sequence[ActiveFault], checks: Sequence[Span], acted_at: datetime, grace: timedelta
) -> Iterable[Interval]:
    """From the failed check of a failed host until its grace is over, or its check passes.

    Where Defib acted sooner, it left nothing to EC2.
    """
    for active in faults:
        if active.fault.kind is not FaultKind.SYSTEM_IMPAIRED:
            continue
        failing = (s for s in checks if s.value == CheckStatus.IMPAIRED.value and s.end > active.struck_at)
        for span in list(failing)[:1]:
            over = min(span.start + grace, span.end)
            if acted_at > over - SECOND:
                yield span.start, min(over, acted_at)


def _shown(
    struck_at: datetime, shown_at: datetime | None, checks: Sequence[Span], acted_at: datetime
) -> Iterable[Interval]:
    """Until the second failed sample of a status check, as one is no outage; else until AWS first shows the fault.

    A check that fails only after the first act, as during a reboot, does not show the fault.
    """
    impaired = (s for s in checks if s.value == CheckStatus.IMPAIRED.value)
    failing = next((s for s in impaired if s.end > struck_at and s.start < acted_at), None)
    if failing is not None:
        yield struck_at, min(max(failing.start, struck_at) + CHECK_PERIOD, failing.end)
    elif shown_at is not None:
        yield struck_at, shown_at


def _refused(faults: Sequence[ActiveFault], states: Sequence[Span], end: datetime) -> Iterable[Interval]:
    """While it is stopped and no start can succeed: no capacity, or a key that can't be used."""
    stopped = [s for s in states if s.value == InstanceState.STOPPED.value]
    for active in faults:
        if active.fault.kind not in (FaultKind.START_CAPACITY, FaultKind.FAILING_KEY):
            continue
        over = active.ended_at or end
        yield from ((max(s.start, active.struck_at), min(s.end, over)) for s in stopped)


def _rejoining(attempts: Sequence[Attempt], targets: Sequence[Span]) -> Iterable[Interval]:
    """From a registration until the load balancer's own checks have passed."""
    for attempt in attempts:
        if attempt.action is not Action.RESTORE or attempt.done_at is None:
            continue
        healthy = (s.start for s in targets if s.value == TargetHealth.HEALTHY.value and s.start >= attempt.done_at)
        yield from ((attempt.done_at, at) for at in list(healthy)[:1])


def _reboots(attempts: Sequence[Attempt], checks: Sequence[Span], reboot_trial: timedelta) -> Iterable[Interval]:
    """Each reboot until it shows in the checks, until the next action, or until the trial is over."""
    for done_at, end in _trials(attempts, reboot_trial):
        yield done_at, min([end, *_passed(checks, done_at)])


def _passing_again(attempts: Sequence[Attempt], track: InstanceTrack, reboot_trial: timedelta) -> Iterable[Interval]:
    """From the moment at which a reboot shows in EC2's checks until the load balancer's have passed, within the trial.

    A rebooted instance stays registered; its load balancer needs as many checks as after a registration.
    """
    for done_at, end in _trials(attempts, reboot_trial):
        healthy = [s.start for s in track.targets if s.value == TargetHealth.HEALTHY.value and s.start >= done_at]
        for passed in _passed(track.checks, done_at):
            yield from ((passed, at) for at in healthy[:1] if at <= end)


def _trials(attempts: Sequence[Attempt], reboot_trial: timedelta) -> Iterable[Interval]:
    """Each reboot until the next action, or until its trial is over."""
    for n, attempt in enumerate(attempts):
        if attempt.action is Action.REBOOT and attempt.done_at is not None:
            later = [act.intended_at for act in attempts[n + 1 :][:1]]
            yield attempt.done_at, min([attempt.done_at + reboot_trial, *later])


def _passed(checks: Sequence[Span], since: datetime) -> Sequence[datetime]:
    """When the checks have first passed again since, if they have."""
    return [s.start for s in checks if s.value == CheckStatus.OK.value and s.start > since][:1]


def _covered(intervals: Iterable[Interval], start: datetime, end: datetime) -> timedelta:
    total = timedelta(0)
    reached = start
    for begin, finish in sorted(intervals):
        first, last = max(begin, reached), min(finish, end)
        if last > first:
            total += last - first
            reached = last
    return total
