"""A target group names no instance: its load balancer is asked, and whoever is unhealthy there is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from defib.core.between_sweeps import in_turn, is_over, leaves_to_sweep, looks_by_itself
from defib.core.model import Signal, Source, TargetGroupSignal
from defib.core.policy import Policy
from defib.shell.ports import try_all
from defib.shell.reconcile import Reconciling, look_at


def look_at_all(
    signals: Sequence[Signal], groups: Sequence[TargetGroupSignal], edges: Reconciling, policy: Policy
) -> None:
    """Look at whom one message names, and at the targets of the groups that it names; each holds up no other.

    Raises as ``reconcile``.
    """
    found = list(signals)
    asked = [partial(_expand, group, found, edges) for group in groups]
    # The last: what a group that can't be asked would have named is missing, and no more.
    try_all([*asked, lambda: look_at(found, edges, policy)])


def _expand(group: TargetGroupSignal, into: list[Signal], edges: Reconciling) -> None:
    into += expanded(group, edges)


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
