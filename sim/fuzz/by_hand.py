"""Operators move traffic by hand, as in ARC's console: away from a zone, and back, whoever has shifted it."""

from __future__ import annotations

from contextlib import suppress

from botocore.exceptions import ClientError

from sim.fuzz.cloud import ZONE_IDS, Cloud
from sim.fuzz.story import MovedByHand
from sim.shifts import Kind, ZonalShift

COMMENT = "by hand"


class Hands:
    """What people have moved, and what became of it."""

    def __init__(self, cloud: Cloud) -> None:
        self._shifts = cloud.shifts
        self._arc = cloud.calls.client("arc-zonal-shift")
        self._ended: set[str] = set()
        """Ids of the shifts that people have ended."""

    def move(self, moved: MovedByHand) -> None:
        """Shift it away from the zone, unless it is shifted already; or end the shift that somebody has started."""
        if moved.zone:
            # ARC takes no second one (ConflictException): whoever sees that it is shifted lets it be.
            with suppress(ClientError):
                self._arc.start_zonal_shift(
                    resourceIdentifier=moved.on,
                    awayFrom=ZONE_IDS[moved.zone],
                    expiresIn=f"{int(moved.lasts.total_seconds()) // 60}m",
                    comment=COMMENT,
                )
            return
        on = self._shifts.applied(moved.on)
        if on is not None and on.kind is Kind.ZONAL_SHIFT:
            self._arc.cancel_zonal_shift(zonalShiftId=on.id)
            self._ended.add(on.id)

    def has_ended(self, load_balancer: str, zone_id: str) -> bool:
        """Whether people have ended a shift of it away from that zone, and only they have made one since.

        They know where its traffic goes.
        """
        for shift in reversed(self._shifts.all):
            if _is(shift, load_balancer, zone_id) and (shift.id in self._ended or not self.is_theirs(shift)):
                return shift.id in self._ended
        return False

    def is_theirs(self, shift: ZonalShift) -> bool:
        return shift.comment == COMMENT

    def taken_away(self) -> ZonalShift | None:
        """One that people have started, and that somebody else has ended."""
        for shift in self._shifts.all:
            if shift.cancelled and self.is_theirs(shift) and shift.id not in self._ended:
                return shift
        return None


def _is(shift: ZonalShift, load_balancer: str, zone_id: str) -> bool:
    return shift.kind is Kind.ZONAL_SHIFT and (shift.load_balancer, shift.away_from) == (load_balancer, zone_id)
