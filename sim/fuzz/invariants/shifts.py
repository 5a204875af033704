"""Traffic is shifted away from an impaired zone only, where the operators want it, and never from two zones at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.detection import MINUTE
from defib.core.incident import NoticeKind
from defib.core.limits import ZonalShift
from defib.core.policy import Mode
from defib.core.shift import Move, Shift, ShiftAnswer
from sim.fuzz.by_hand import Hands
from sim.fuzz.cloud import ZONE_IDS, zone_of
from sim.fuzz.invariants.truth import Truth
from sim.shifts import Kind
from sim.shifts import ZonalShift as ArcShift

GIVEN_BACK_WITHIN = timedelta(minutes=20)
"""From the recovery of its zone until a shift is ended: a held one is tried again every five minutes."""
SEEN_WITHIN = timedelta(minutes=8)
"""Until Defib has noticed, and said, that AWS keeps the traffic away no more: it looks every five minutes."""


class ShiftsJudge:
    """Is asked before each call to ARC."""

    def __init__(self, truth: Truth, hands: Hands) -> None:
        self._truth = truth
        self._hands = hands
        """What people move is theirs: they know of it, and nobody else ends it."""
        self._missed: dict[tuple[str, str], datetime] = {}
        """Load balancer and zone of which people believe that no traffic goes there, and since when it does."""
        self._needless: dict[str, datetime] = {}
        """Shift of Defib's to since when its zone is not impaired, and nothing keeps Defib from ending it."""
        self._failed: dict[str, datetime] = {}
        """Zone to the last sweep at which anything in it did not work."""

    def shift(self, move: Move, load_balancer: str, zone_id: str) -> None:
        truth = self._truth
        if truth.switch() != "on":
            truth.breaks("consent", f"{move} of a zonal shift with the kill switch {truth.switch()}")
        if move is Move.END:
            return
        zone = zone_of(zone_id)
        if truth.policy.limits.zonal_shift is not ZonalShift.START:
            truth.breaks("consent", f"traffic is shifted away from {zone}, which nobody has allowed")
        behind = [
            service
            for service in truth.policy.services
            for g in service.target_groups
            if load_balancer.endswith(f":loadbalancer/{g.load_balancer}")
        ]
        if any(service.mode is not Mode.HEAL for service in behind):
            truth.breaks("consent", f"traffic of a service that is not healed is shifted away from {zone}")
        if truth.store.whole.impairment(zone) is None or not self._has_failed(zone):
            truth.breaks("needless", f"traffic is shifted away from {zone}, which is not impaired")

    def swept(self) -> None:
        """A sweep has run: what it can have seen of each zone."""
        if self._truth.policy.limits.zonal_shift is ZonalShift.START:
            self._failed |= dict.fromkeys(self._failing(), self._truth.time.now)

    def _failing(self) -> set[str]:
        """The zones in which anything does not work."""
        return {machine.zone for machine in self._truth.cloud.troubled.values() if not self._truth.works(machine)}

    def _has_failed(self, zone: str) -> bool:
        """Whether anything in it does not work, or did not when a shift that is made now was ordered."""
        truth, last = self._truth, self._failed.get(zone)
        lately = last is not None and truth.time.now - last <= truth.policy.repair.act_timeout + MINUTE
        return lately or zone in self._failing()

    def started(self) -> None:
        """ARC has been asked; whatever Defib has shifted is so from now on."""
        truth, now = self._truth, self._truth.time.now
        on = [shift for shift in truth.cloud.shifts.all if shift.active(now)]
        ours = [shift for shift in on if self._is_ours(shift)]
        zones = sorted({zone_of(shift.away_from) for shift in ours})
        if len(zones) > 1:
            truth.breaks("limits", f"traffic is shifted away from {zones[0]} and {zones[1]} at once")
        for shift in (s for s in ours if s.started_at == now):
            awss = [s for s in on if s.kind is Kind.AUTOSHIFT and s.load_balancer == shift.load_balancer]
            if awss:
                where, what = zone_of(awss[0].away_from), zone_of(shift.away_from)
                truth.breaks("consent", f"a shift away from {what} takes the place of AWS's own away from {where}")

    def minute(self) -> None:
        """Where people have been told that traffic is kept from an impaired zone, it is."""
        truth, now = self._truth, self._truth.time.now
        if not truth.cloud.shifts.all and not truth.store.whole.shifts:
            # Nobody has ever shifted anything, and nobody means to.
            self._missed.clear()
            return
        taken_away = self._hands.taken_away()
        if taken_away is not None:
            truth.breaks("consent", f"the shift of {taken_away.load_balancer} by hand is ended by somebody else")
        self._comes_back()
        if not truth.store.whole.shifts:
            self._missed.clear()
            return
        believed = {(s.load_balancer, s.zone) for s in truth.store.whole.shifts if self._is_believed(s)}
        self._missed = {key: since for key, since in self._missed.items() if key in believed}
        for load_balancer, zone in believed:
            shift = truth.cloud.shifts.applied(load_balancer)
            is_kept = shift is not None and zone_of(shift.away_from) == zone
            if is_kept or self._hands.has_ended(load_balancer, ZONE_IDS[zone]):
                self._missed.pop((load_balancer, zone), None)
                continue
            since = self._missed.setdefault((load_balancer, zone), now)
            if now - since > SEEN_WITHIN and truth.calm(since):
                truth.breaks(
                    "shifted", f"traffic of {load_balancer} goes to {zone}, which is impaired, for {now - since}"
                )
                del self._missed[load_balancer, zone]

    def _is_believed(self, shift: Shift) -> bool:
        impairment = self._truth.store.whole.impairment(shift.zone)
        lasting = impairment is not None and impairment.below_since is None
        return lasting and shift.move is Move.START and shift.said is ShiftAnswer.DONE

    def _comes_back(self) -> None:
        """What Defib has shifted away is given back soon after its zone has recovered, unless people are told."""
        truth, now = self._truth, self._truth.time.now
        kept = self._needlessly_kept() if truth.switch() == "on" else []
        self._needless = {shift.id: self._needless.get(shift.id, now) for shift in kept}
        for shift in kept:
            since = self._needless[shift.id]
            if now - since > GIVEN_BACK_WITHIN and truth.calm(since) and not self._is_peoples(shift):
                what = f"the traffic of {shift.load_balancer} is kept from {zone_of(shift.away_from)}"
                truth.breaks("ends", f"{what} for {now - since} though that works")
                self._needless[shift.id] = now

    def _needlessly_kept(self) -> list[ArcShift]:
        truth = self._truth
        impaired = {i.zone for i in truth.store.whole.impaired}
        on = (shift for shift in truth.cloud.shifts.all if shift.active(truth.time.now) and self._is_ours(shift))
        return [shift for shift in on if zone_of(shift.away_from) not in impaired]

    def _is_peoples(self, shift: ArcShift) -> bool:
        """Whether people have read that Defib does not end it. What Defib remembers of it is forgotten by then."""
        line = f"{shift.load_balancer.split('/')[-2]}: not shifted back"
        read = self._truth.store.notices.values()
        return any(n.kind is NoticeKind.ESCALATED and n.at >= shift.started_at and line in n.body for n in read)

    def settled(self) -> bool:
        """Whether nothing is about to be given back."""
        recovering = any(i.below_since is not None for i in self._truth.store.whole.impaired)
        return not recovering and not self._needlessly_kept()

    def at_end(self) -> None:
        """What was shifted away has come back where its zone has recovered, unless Defib still means to end it."""
        truth, now = self._truth, self._truth.time.now
        impaired = {i.zone for i in truth.store.whole.impaired}
        if not truth.calm(now - GIVEN_BACK_WITHIN) or truth.switch() != "on":
            return
        for shift in truth.cloud.shifts.all:
            wanted = any(s.id == shift.id for s in truth.store.whole.shifts)
            zone = zone_of(shift.away_from)
            if self._is_ours(shift) and shift.active(now) and zone not in impaired and not wanted:
                truth.breaks("ends", f"the traffic of {shift.load_balancer} is kept from {zone} for no reason")

    def _is_ours(self, shift: ArcShift) -> bool:
        return shift.kind is Kind.ZONAL_SHIFT and not self._hands.is_theirs(shift)
