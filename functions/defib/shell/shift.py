"""An order of a zonal shift in, at most one act out: claim it, look again, move the traffic, remember how it ended."""

from __future__ import annotations

from defib.core.frozen import dataclass, replace
from defib.core.policy import Policy
from defib.core.shift import Move, Shift, ShiftAnswer, ShiftOrder
from defib.core.shifting import behind, claimable, refusal
from defib.core.stack import Stack
from defib.shell.ports import Clock, Journal, KillSwitch, Observer, Rejected, Router, Transient, Unanswered
from defib.shell.store import Conflict, Store, Surveyed

CONFLICTS_MAX = 8
"""How often it starts afresh because someone else wrote the stack first: every repair that begins or ends does."""


@dataclass(frozen=True, slots=True)
class Shifting:
    """What a shift needs of the outside world."""

    clock: Clock
    observer: Observer
    store: Store
    router: Router
    journal: Journal
    switch: KillSwitch


def shift(order: ShiftOrder, edges: Shifting, policy: Policy) -> None:
    """Carry out one order at most once; the sweep asks again for what was not, and tells people how it ended.

    Raises Transient, Rejected or Conflict only before the claim, so that a repeated delivery is harmless.
    """
    if claimable(edges.store.stack(), order, policy, edges.clock.now()) is None:
        return
    groups = [group.arn for _, group in behind(order.load_balancer, policy)] if order.move is Move.START else []
    serving = edges.observer.serving(groups)
    claimed = _claimed(order, edges, policy)
    if claimed is None:
        return
    stack, wanted = claimed
    reason = refusal(wanted, stack, serving, edges.switch.read(), policy, edges.clock.now())
    moved = replace(wanted, answer=ShiftAnswer.HELD, detail=reason) if reason else _moved(wanted, edges, policy)
    answered = replace(moved, answered_at=edges.clock.now())
    _remember(answered, order, edges)
    edges.journal.shifted(answered)


def _claimed(order: ShiftOrder, edges: Shifting, policy: Policy) -> tuple[Stack, Shift] | None:
    for _ in range(CONFLICTS_MAX):
        stack, now = edges.store.stack(), edges.clock.now()
        found = claimable(stack, order, policy, now)
        if found is None:
            return None
        taken = replace(found, claimed_at=now)
        try:
            return edges.store.remember_stack(Surveyed(stack.with_shift(taken))).stack, taken
        except Conflict:
            continue
    raise Conflict(
        f"{order.load_balancer}: others wrote first {CONFLICTS_MAX} times; the order will be delivered again"
    )


def _moved(wanted: Shift, edges: Shifting, policy: Policy) -> Shift:
    """The shift after the one call."""
    try:
        if wanted.move is Move.END:
            return replace(
                wanted, answer=ShiftAnswer.DONE, detail=edges.router.end(wanted.load_balancer, wanted.zone_id)
            )
        lasts, reason = policy.limits.zonal_shift_for, f"zone {wanted.zone} is impaired"
        away = edges.router.start(wanted.load_balancer, wanted.zone_id, lasts, reason)
    except Unanswered as error:
        return replace(wanted, answer=ShiftAnswer.LOST, detail=str(error))
    except Transient as error:
        return replace(wanted, answer=ShiftAnswer.RETRY, detail=str(error))
    except Rejected as error:
        return replace(wanted, answer=ShiftAnswer.REFUSED, detail=str(error))
    if away.held:
        return replace(wanted, answer=ShiftAnswer.HELD, detail=away.detail, perhaps=False)
    # People have heard of what AWS did, not of what is Defib's own since.
    said = None if away.id and not wanted.id else wanted.said
    done = replace(wanted, answer=ShiftAnswer.DONE, detail=away.detail, id=away.id, until=away.until)
    return replace(done, perhaps=False, said=said)


def _remember(answered: Shift, order: ShiftOrder, edges: Shifting) -> None:
    """What is lost here, the sweep asks for again, and the next order finds done."""
    for _ in range(CONFLICTS_MAX):
        stack = edges.store.stack()
        now_wanted = stack.shift(answered.load_balancer, answered.zone)
        if now_wanted is None or (now_wanted.move, now_wanted.ordered_at) != (order.move, order.ordered_at):
            return
        try:
            edges.store.remember_stack(Surveyed(stack.with_shift(answered)))
        except Conflict:
            continue
        return
