"""How exactly something fails differs from story to story."""

from __future__ import annotations

from sim.faults import FaultKind
from sim.fuzz.draw import draw

SEEDS = range(160)


def test_details_of_faults_issues_and_load_balancers_vary() -> None:
    scenarios = [draw(seed).scenario for seed in SEEDS]
    faults = [fault for scenario in scenarios for fault in scenario.faults]
    full = [bool(fault.instance_types) for fault in faults if fault.kind is FaultKind.START_CAPACITY]
    groups = [group for scenario in scenarios for group in scenario.target_groups]
    assert {*full} == {True, False}, "no room for one type, or for any"
    assert len({fault.reason for fault in faults if fault.kind is FaultKind.STOPPED_UNASKED}) > 2
    assert len({issue.code for scenario in scenarios for issue in scenario.health_issues}) > 2
    assert len({(group.check_every, group.unhealthy_after, group.healthy_after) for group in groups}) > 5
