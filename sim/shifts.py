"""Amazon Application Recovery Controller as boto3 sees it: zonal shifts of the scenario's load balancers.

Moto knows nothing of it. A shift changes no machine: the traffic that it moves is not simulated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from defib.core.shift import Move
from sim.boundary import Answers, Params, Refusal, Response
from sim.clock import VirtualTime

LASTS_MOST = timedelta(days=3)
"""ARC API, StartZonalShift, expiresIn."""


@dataclass
class ZonalShift:
    """One shift of one load balancer."""

    id: str
    load_balancer: str
    away_from: str
    comment: str
    started_at: datetime
    expires_at: datetime
    cancelled: bool = False

    def active(self, now: datetime) -> bool:
        return not self.cancelled and now < self.expires_at


class ZonalShifts:
    """The zonal shift API over the load balancers whose ARNs ``managed`` names."""

    def __init__(
        self,
        time: VirtualTime,
        boundary: Answers,
        managed: Callable[[], frozenset[str]],
        changed: Callable[[str], None],
    ) -> None:
        """``changed`` hears of each change in words."""
        self._time = time
        self._managed = managed
        self._changed = changed
        self.all: list[ZonalShift] = []
        self.moves: list[Move] = []
        """What was asked and done, in order."""
        boundary.answer("arc-zonal-shift:GetManagedResource", self._get)
        boundary.answer("arc-zonal-shift:StartZonalShift", self._start)
        boundary.answer("arc-zonal-shift:CancelZonalShift", self._cancel)

    def load_balancer_of(self, shift_id: str) -> str:
        """The ARN of the shift's load balancer, or empty."""
        return next((shift.load_balancer for shift in self.all if shift.id == shift_id), "")

    def _active(self, load_balancer: str) -> ZonalShift | None:
        if load_balancer not in self._managed():
            raise Refusal("ResourceNotFoundException", f"{load_balancer} is not a managed resource", 404)
        return next((s for s in self.all if s.load_balancer == load_balancer and s.active(self._time.now)), None)

    def _get(self, params: Params) -> Response:
        shift = self._active(params["resourceIdentifier"])
        shown = [{**_described(shift), "appliedStatus": "APPLIED", "shiftType": "ZONAL_SHIFT"}] if shift else []
        return {"arn": params["resourceIdentifier"], "appliedWeights": {}, "zonalShifts": shown, "autoshifts": []}

    def _start(self, params: Params) -> Response:
        if self._active(params["resourceIdentifier"]) is not None:
            raise Refusal("ConflictException", "There is already an active zonal shift for the resource", 409)
        lasts = _lasts(params["expiresIn"])
        if not timedelta(0) < lasts <= LASTS_MOST:
            raise Refusal("ValidationException", "expiresIn must be at most three days")
        shift = ZonalShift(
            f"5a1f0000-0000-4000-8000-{len(self.all) + 1:012d}",
            params["resourceIdentifier"],
            params["awayFrom"],
            params["comment"],
            self._time.now,
            self._time.now + lasts,
        )
        self.all.append(shift)
        self.moves.append(Move.START)
        self._changed(f"traffic of {shift.load_balancer.rpartition('loadbalancer/')[2]} avoids {shift.away_from}")
        return {**_described(shift), "status": "ACTIVE"}

    def _cancel(self, params: Params) -> Response:
        shift = next((s for s in self.all if s.id == params["zonalShiftId"]), None)
        if shift is None:
            raise Refusal("ResourceNotFoundException", f"There is no zonal shift {params['zonalShiftId']}", 404)
        if not shift.active(self._time.now):
            raise Refusal("ConflictException", f"The zonal shift {shift.id} is not active", 409)
        shift.cancelled = True
        self.moves.append(Move.END)
        self._changed(
            f"traffic of {shift.load_balancer.rpartition('loadbalancer/')[2]} goes to {shift.away_from} again"
        )
        return {**_described(shift), "status": "CANCELED"}


def _described(shift: ZonalShift) -> Response:
    return {
        "zonalShiftId": shift.id,
        "resourceIdentifier": shift.load_balancer,
        "awayFrom": shift.away_from,
        "comment": shift.comment,
        "startTime": shift.started_at,
        "expiryTime": shift.expires_at,
    }


def _lasts(written: str) -> timedelta:
    number = int(written[:-1])
    return timedelta(hours=number) if written.endswith("h") else timedelta(minutes=number)
