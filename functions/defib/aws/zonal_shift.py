"""Moves a load balancer's traffic between zones with Amazon Application Recovery Controller (ARC)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from defib.aws.errors import read_before, tried_once
from defib.aws.permission import Permission, Scope
from defib.shell.ports import Away, Rejected, Transient

PERMISSIONS = (
    Permission(
        ("arc-zonal-shift:CancelZonalShift", "arc-zonal-shift:GetManagedResource", "arc-zonal-shift:StartZonalShift"),
        Scope.SHIFTED_LOAD_BALANCERS,
    ),
)

SIGN = "Defib: "
"""How the comment of a shift begins that Defib has started; it ends no other."""
COMMENT_MAX = 128
"""Characters of a comment (ARC API, StartZonalShift)."""
PERSONS = ("", "ZONAL_SHIFT")
"""Types of shifts that somebody started; practice runs give way to those (ARC Developer Guide, "Zonal autoshift")."""
AWS_KEEPS_IT = "Defib keeps it away no more; AWS does still, by itself (zonal autoshift)"
OVER = ("ConflictException", "ResourceNotFoundException")
"""What CancelZonalShift says of a shift that has expired or was cancelled, or that ARC has forgotten."""


class ArcClient(Protocol):
    """As much of boto3's client as is used here."""

    def get_managed_resource(self, **asked: str) -> Mapping[str, Any]: ...

    def start_zonal_shift(self, **asked: str) -> Mapping[str, Any]: ...

    def cancel_zonal_shift(self, **asked: str) -> Mapping[str, Any]: ...


class ArcRouter:
    """Keeps the promises of ``ports.Router``. ``arc`` makes the client, which hardly any invocation needs."""

    def __init__(self, arc: Callable[[], ArcClient]) -> None:
        self._make = arc

    def start(self, load_balancer: str, zone_id: str, lasts: timedelta, reason: str) -> Away:
        arc = self._make()
        managed = _managed(arc, load_balancer)
        shift = _shift(managed)
        if shift is not None:
            return _already(shift, zone_id)
        by_aws = _autoshifted(managed)
        elsewhere = _in_effect(managed) - {zone_id}
        if zone_id in by_aws and not elsewhere:
            return Away(
                "AWS has shifted it away by itself (zonal autoshift); Defib does, should AWS end that too early"
            )
        if by_aws:
            # ARC would put the new shift in the place of AWS's (ARC Developer Guide, "Precedence for zonal shifts").
            away = f"AWS has shifted it away from {min(elsewhere or by_aws)} by itself (zonal autoshift)"
            return Away(f"{away}, where a shift would send it again", held=True)
        doing = f"shifting {load_balancer} away from {zone_id}"
        try:
            with tried_once(doing):
                begun = arc.start_zonal_shift(
                    resourceIdentifier=load_balancer,
                    awayFrom=zone_id,
                    expiresIn=f"{int(lasts.total_seconds()) // 60}m",
                    comment=f"{SIGN}{reason}"[:COMMENT_MAX],
                )
        except Rejected as error:
            if error.code == "ConflictException":
                # Somebody was quicker by a moment: the next order sees what they did.
                raise Transient(str(error), error.code) from error
            raise
        until = _utc(begun["expiryTime"])
        return Away(f"shifted away until {_when(until)}", str(begun["zonalShiftId"]), until)

    def end(self, load_balancer: str, zone_id: str) -> str:
        arc = self._make()
        managed = _managed(arc, load_balancer)
        shift = _shift(managed)
        if shift is None or shift["awayFrom"] != zone_id:
            if zone_id in _autoshifted(managed):
                return AWS_KEEPS_IT
            return "its traffic goes to the zone again; somebody had ended the shift before"
        if not _is_ours(shift):
            return f"left as it is: somebody else shifted it away, until {_when(_utc(shift['expiryTime']))}"
        try:
            with tried_once(f"ending the zonal shift of {load_balancer}"):
                arc.cancel_zonal_shift(zonalShiftId=str(shift["zonalShiftId"]))
        except Rejected as error:
            if error.code not in OVER:
                raise
        return AWS_KEEPS_IT if zone_id in _autoshifted(managed) else "its traffic goes to the zone again"


def _managed(arc: ArcClient, load_balancer: str) -> Mapping[str, Any]:
    """What ARC knows of the load balancer."""
    try:
        with read_before(f"asking ARC about {load_balancer}"):
            return arc.get_managed_resource(resourceIdentifier=load_balancer)
    except Rejected as error:
        if error.code != "ResourceNotFoundException":
            raise
        raise Rejected(
            "ARC does not manage it: set its attribute zonal_shift.config.enabled to true "
            "(aws elbv2 modify-load-balancer-attributes)",
            error.code,
        ) from error


def _shift(managed: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The one shift in effect that somebody started; ARC allows no second (ARC Developer Guide, "Components")."""
    shifts: list[Mapping[str, Any]] = managed["zonalShifts"]
    return next((s for s in shifts if s.get("shiftType", "") in PERSONS and s["appliedStatus"] == "APPLIED"), None)


def _autoshifted(managed: Mapping[str, Any]) -> set[str]:
    """The zones that AWS itself keeps traffic from, or would if nobody had shifted it: there is seldom one."""
    shifts: list[Mapping[str, Any]] = managed.get("autoshifts", [])
    return {str(shift["awayFrom"]) for shift in shifts}


def _in_effect(managed: Mapping[str, Any]) -> set[str]:
    """The zones that AWS itself keeps traffic from now: of two shifts one waits (ARC API, AutoshiftInResource)."""
    shifts: list[Mapping[str, Any]] = managed.get("autoshifts", [])
    return {str(shift["awayFrom"]) for shift in shifts if shift["appliedStatus"] == "APPLIED"}


def _already(shift: Mapping[str, Any], zone_id: str) -> Away:
    """What a shift that is in effect means to whoever wants one away from ``zone_id``. Raises Rejected."""
    until = _utc(shift["expiryTime"])
    if shift["awayFrom"] != zone_id:
        raise Rejected(
            f"it is shifted away from {shift['awayFrom']} until {_when(until)}, and ARC shifts away from one zone only",
            "ConflictException",
        )
    if _is_ours(shift):
        return Away(f"shifted away until {_when(until)}", str(shift["zonalShiftId"]), until)
    return Away(f"somebody else has shifted it away, until {_when(until)}", until=until)


def _is_ours(shift: Mapping[str, Any]) -> bool:
    return str(shift.get("comment", "")).startswith(SIGN)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _when(at: datetime) -> str:
    return f"{at:%d %B %H:%M} UTC"
