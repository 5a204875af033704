"""What Defib has taken away it gives back where it may begin nothing, and what holds nothing any more holds nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.case import Action, Case
from defib.core.model import Cause, InstanceState
from defib.core.policy import Mode
from defib.core.stack import Stack
from tests.core.facts import SERVICE, attempt, case, observed
from tests.core.test_guard import ALL, LOST_ZONE, NOONS, busy, in_maintenance, refuse, service


@pytest.mark.parametrize("cause", [Cause.STOPPED_BY_DEFIB, Cause.STOPPED_UNASKED])
@pytest.mark.parametrize(
    ("guard", "limits"), [("maintenance", {"maintenance": (NOONS,)}), ("approval", {"mode": Mode.APPROVE})]
)
def test_of_what_is_stopped_only_what_defib_itself_has_stopped_is_started_at_any_time_and_unasked(
    guard: str, limits: dict[str, object], cause: Cause
) -> None:
    refusal = refuse(Action.START, case(cause=cause), observed(state=InstanceState.STOPPED), service(**limits))
    assert (refusal.guard if refusal is not None else "") == (guard if cause is Cause.STOPPED_UNASKED else "")


@pytest.mark.parametrize(
    "so_far", [case(attempt(Action.STOP)), case(attempt(Action.STOP), attempt(Action.START))], ids=["stop", "start"]
)
def test_what_falls_back_to_stopped_after_a_stop_of_defibs_is_started_in_a_planned_outage(so_far: Case) -> None:
    down = replace(so_far, cause=Cause.STOPPED_UNASKED)
    assert refuse(Action.START, down, observed(state=InstanceState.STOPPED), service(maintenance=(NOONS,))) is None


@pytest.mark.parametrize("action", sorted(ALL))
def test_a_maintenance_that_is_over_holds_nothing(action: Action) -> None:
    assert refuse(action, case(), in_maintenance("2026-04-30T11:59:59Z"), SERVICE) is None


@pytest.mark.parametrize(("guard", "stack"), [("zone_impaired", LOST_ZONE), ("stack_share", busy(5, 10))])
@pytest.mark.parametrize(
    ("action", "so_far", "held"),
    [
        (Action.START, case(), True),
        (Action.START, case(attempt(Action.STOP)), False),
        (Action.RESTORE, case(attempt(Action.STOP)), False),
        (Action.STOP, case(attempt(Action.REBOOT)), True),
    ],
    ids=["stopped by AWS", "stopped by Defib", "drained by Defib", "rebooted in vain"],
)
def test_what_defib_took_it_gives_back_where_it_may_begin_nothing(
    guard: str, stack: Stack, action: Action, so_far: Case, held: bool
) -> None:
    refusal = refuse(action, so_far, observed(stack=stack), SERVICE)
    assert (refusal.guard if refusal is not None else "") == (guard if held else "")
