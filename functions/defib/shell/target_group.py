"""A target group names no instance: its load balancer is asked, and whoever is unhealthy there is looked at."""

from __future__ import annotations

from defib.core.between_sweeps import in_turn, is_over, leaves_to_sweep, looks_by_itself
from defib.core.model import Signal, Source, TargetGroupSignal
from defib.shell.reconcile import Reconciling


def expanded(found: TargetGroupSignal, edges: Reconciling) -> list[Signal]:
    """A signal for each unhealthy target that is to be looked at now.

    What something has said has all of them looked at. A question between two sweeps is asked every few seconds, while
    an instance stays unhealthy for minutes: it passes over those whose case has its looks planned.
    Raises Transient or Rejected.
    """
    now = edges.clock.now()
    if is_over(found, now):
        return []
    unhealthy = edges.observer.unhealthy_targets(found.target_group_arn)
    if found.until is None or not unhealthy:
        return [_signal(found, instance_id) for instance_id in unhealthy]
    if leaves_to_sweep(edges.store.stack()):
        return []
    chosen = in_turn(unhealthy, now)
    return [_signal(found, i) for i in chosen if not looks_by_itself(edges.store.latest_case(i), now)]


def _signal(found: TargetGroupSignal, instance_id: str) -> Signal:
    return Signal(Source.LOAD_BALANCER, instance_id, found.at, found.reason)
