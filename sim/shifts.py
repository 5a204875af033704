"""Amazon Application Recovery Controller as boto3 sees it: zonal shifts of the scenario's load balancers.

Moto knows nothing of it. A shift changes no machine, nor the health of a target: its load balancer says that it is kept
out, and sends it no traffic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from defib.core.setting import duration, flag, string
from defib.core.shift import Move
from sim.boundary import Answers, Params, Refusal, Response
from sim.clock import VirtualTime
from sim.scenario_value import WHEN, ZONE, moment

LASTS_MOST = timedelta(days=3)
"""ARC API, StartZonalShift, expiresIn."""


class Kind(StrEnum):
    """Who shifts; of two shifts of a load balancer the one whose kind comes first is in effect.

    (ARC Developer Guide, "Precedence for zonal shifts".)
    """

    ZONAL_SHIFT = "zonal_shift"
    AUTOSHIFT = "autoshift"
    PRACTICE_RUN = "practice_run"


PRECEDENCE = tuple(Kind)


@dataclass(frozen=True, slots=True)
class AwsShift:
    """AWS shifts the traffic of every load balancer by itself. What is broken in the zone, the faults say."""

    at: timedelta = field(metadata=moment("When it begins.", '"4m"', WHEN))
    zone: str = field(metadata=string("The zone that traffic is kept from.", "us-east-1a", ZONE))
    lasts: timedelta = field(
        default=timedelta(minutes=30), metadata=duration("After how long AWS ends it.", "30m", "1m", "1d")
    )
    practice: bool = field(
        default=False, metadata=flag("Whether it is a practice run, which gives way to any other shift.")
    )


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
    kind: Kind = Kind.ZONAL_SHIFT

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

    def applied(self, load_balancer: str) -> ZonalShift | None:
        """The shift that is in effect."""
        return next(iter(self._active(load_balancer)), None)

    def begin(self, zone_id: str, lasts: timedelta, practice: bool) -> None:
        """AWS itself shifts the traffic of all that it may; a practice run begins only where nothing else is on."""
        kind = Kind.PRACTICE_RUN if practice else Kind.AUTOSHIFT
        for load_balancer in sorted(self._managed()):
            if practice and self.applied(load_balancer) is not None:
                continue
            self._interrupt(load_balancer)
            until = self._time.now + lasts
            self.all.append(ZonalShift(self._next_id(), load_balancer, zone_id, "", self._time.now, until, kind=kind))
            self._changed(f"AWS: traffic of {_name(load_balancer)} avoids {zone_id} ({kind.replace('_', ' ')})")

    def _active(self, load_balancer: str) -> list[ZonalShift]:
        """Those that are on, the one in effect first."""
        found = (s for s in self.all if s.load_balancer == load_balancer and s.active(self._time.now))
        return sorted(found, key=lambda shift: PRECEDENCE.index(shift.kind))

    def _interrupt(self, load_balancer: str) -> None:
        """End a practice run: it gives way."""
        for shift in self._active(load_balancer):
            if shift.kind is Kind.PRACTICE_RUN:
                shift.cancelled = True

    def _known(self, params: Params) -> str:
        load_balancer: str = params["resourceIdentifier"]
        if load_balancer not in self._managed():
            raise Refusal("ResourceNotFoundException", f"{load_balancer} is not a managed resource", 404)
        return load_balancer

    def _get(self, params: Params) -> Response:
        load_balancer = self._known(params)
        shifts: list[Response] = []
        by_aws: list[Response] = []
        for number, shift in enumerate(self._active(load_balancer)):
            applied = "NOT_APPLIED" if number else "APPLIED"
            if shift.kind is Kind.AUTOSHIFT:
                shown = {"awayFrom": shift.away_from, "startTime": shift.started_at, "appliedStatus": applied}
                by_aws.append(shown)
            else:
                shifts.append({**_described(shift), "appliedStatus": applied, "shiftType": shift.kind.name})
        return {"arn": load_balancer, "appliedWeights": {}, "zonalShifts": shifts, "autoshifts": by_aws}

    def _start(self, params: Params) -> Response:
        load_balancer = self._known(params)
        if any(shift.kind is Kind.ZONAL_SHIFT for shift in self._active(load_balancer)):
            raise Refusal("ConflictException", "There is already an active zonal shift for the resource", 409)
        lasts = _lasts(params["expiresIn"])
        if not timedelta(0) < lasts <= LASTS_MOST:
            raise Refusal("ValidationException", "expiresIn must be at most three days")
        self._interrupt(load_balancer)
        shift = ZonalShift(
            self._next_id(),
            load_balancer,
            params["awayFrom"],
            params["comment"],
            self._time.now,
            self._time.now + lasts,
        )
        self.all.append(shift)
        self.moves.append(Move.START)
        self._changed(f"traffic of {_name(load_balancer)} avoids {shift.away_from}")
        return {**_described(shift), "status": "ACTIVE"}

    def _cancel(self, params: Params) -> Response:
        shift = next((s for s in self.all if s.id == params["zonalShiftId"]), None)
        if shift is None:
            raise Refusal("ResourceNotFoundException", f"There is no zonal shift {params['zonalShiftId']}", 404)
        if not shift.active(self._time.now):
            raise Refusal("ConflictException", f"The zonal shift {shift.id} is not active", 409)
        shift.cancelled = True
        self.moves.append(Move.END)
        self._changed(f"traffic of {_name(shift.load_balancer)} goes to {shift.away_from} again")
        return {**_described(shift), "status": "CANCELED"}

    def _next_id(self) -> str:
        return f"5a1f0000-0000-4000-8000-{len(self.all) + 1:012d}"


def _name(load_balancer: str) -> str:
    return load_balancer.rpartition("loadbalancer/")[2]


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
