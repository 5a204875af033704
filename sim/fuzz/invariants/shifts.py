"""Traffic is shifted away from an impaired zone only, where the operators want it, and never from two zones at once."""

from __future__ import annotations

from datetime import timedelta

from defib.core.limits import ZonalShift
from defib.core.policy import Mode
from defib.core.shift import Move, load_balancer_of
from sim.fuzz.cloud import ZONE_IDS
from sim.fuzz.invariants.truth import Truth

GIVEN_BACK_WITHIN = timedelta(minutes=20)
"""From the recovery of its zone until a shift is ended: a held one is tried again every five minutes."""


class ShiftsJudge:
    """Is asked before each call to ARC."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth

    def shift(self, move: Move, load_balancer: str, zone_id: str) -> None:
        truth = self._truth
        if truth.switch() != "on":
            truth.breaks("consent", f"{move} of a zonal shift with the kill switch {truth.switch()}")
        if move is Move.END:
            return
        zone = next((name for name, id_ in ZONE_IDS.items() if id_ == zone_id), "")
        if truth.policy.limits.zonal_shift is not ZonalShift.START:
            truth.breaks("consent", f"traffic is shifted away from {zone}, which nobody has allowed")
        behind = [
            service
            for service in truth.policy.services
            for g in service.target_groups
            if load_balancer_of(g) == load_balancer
        ]
        if any(service.mode is not Mode.HEAL for service in behind):
            truth.breaks("consent", f"traffic of a service that is not healed is shifted away from {zone}")
        if truth.store.whole.impairment(zone) is None:
            truth.breaks("needless", f"traffic is shifted away from {zone}, which is not impaired")
        active = {s.away_from for s in truth.cloud.shifts.all if s.active(truth.time.now)} - {zone_id}
        if active:
            truth.breaks("limits", f"traffic is shifted away from {zone} while it is from {min(active)}")

    def at_end(self) -> None:
        """What was shifted away comes back when its zone has recovered, or people are told."""
        truth, now = self._truth, self._truth.time.now
        impaired = {ZONE_IDS.get(i.zone, "") for i in truth.store.whole.impaired}
        if not truth.calm(now - GIVEN_BACK_WITHIN) or truth.switch() != "on":
            return
        for shift in truth.cloud.shifts.all:
            wanted = any(s.id == shift.id for s in truth.store.whole.shifts)
            if shift.active(now) and shift.away_from not in impaired and not wanted:
                truth.breaks(
                    "ends", f"the traffic of {shift.load_balancer} is kept from {shift.away_from} for no reason"
                )
