"""What no single value of a scenario can show: names that are nowhere, faults that can't be."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from defib.core.duration import format_duration
from defib.core.mistake import Mistakes
from defib.core.mistake import Path as Key
from sim.faults import CURED_BY_TIME, Cure, FaultKind
from sim.machinery_check import check_machinery
from sim.scaling_group import PoolState
from sim.scenario import Scenario, instance_names, pool_names
from sim.scenario_value import Trait


def check(scenario: Scenario, mistakes: Mistakes) -> None:
    """Report every such mistake, except where a value in question is wrong by itself."""
    names = () if mistakes.spoil(("fleet",)) else instance_names(scenario)
    struck_names = (*names, *(pool_names(scenario) if names and not mistakes.spoil(("groups",)) else ()))
    groups = [group.name for group in scenario.target_groups]
    by_address = {group.name for group in scenario.target_groups if group.by_address}
    for fleet in scenario.fleet:
        if fleet.target_group and fleet.target_group not in groups:
            path = ("fleet", fleet.name, "target_group")
            mistakes.add(
                path, fleet.target_group, f"must be one of the target groups: {', '.join(groups) or 'there are none'}"
            )
        elif fleet.target_group in by_address and fleet.group:
            # EC2 Auto Scaling User Guide, Prepare to attach an Elastic Load Balancing load balancer.
            must = "must have its targets by instance id: the fleet is in an Auto Scaling group"
            mistakes.add(("fleet", fleet.name, "target_group"), fleet.target_group, must)
    _check_groups(scenario, mistakes)
    selected: list[tuple[Key, Sequence[str]]] = [(("faults", n, "on"), f.on) for n, f in enumerate(scenario.faults)]
    selected += [(("answers", n, "on"), a.on) for n, a in enumerate(scenario.answers)]
    expect = scenario.expect
    selected += [(("expect", "untouched"), expect.untouched), (("expect", "working_at_end"), expect.working_at_end)]
    selected += [(("expect", "stopped_at_end"), expect.stopped_at_end), (("expect", "replaced"), expect.replaced)]
    for place, patterns in selected:
        for pattern in patterns:
            known = struck_names if place[0] == "faults" else names
            if names and not any(fnmatchcase(name, pattern) for name in known):
                mistakes.add(place, pattern, f"must name an instance of the fleet: {_some(known)}")
    _check_faults(scenario, mistakes)
    check_machinery(scenario, mistakes)
    outcomes = scenario.expect.outcome
    struck = sum(len([n for n in struck_names if any(fnmatchcase(n, p) for p in f.on)]) for f in scenario.faults)
    if outcomes is not None and len(outcomes) not in (1, struck):
        mistakes.add(
            ("expect", "outcome"),
            list(outcomes),
            f"must be one outcome, or {struck}: one for each instance that a fault strikes",
        )


def _check_groups(scenario: Scenario, mistakes: Mistakes) -> None:
    """A fleet's Auto Scaling group must be there, and not be larger at least than the fleets in it."""
    sizes = {group.name: 0 for group in scenario.groups}
    for fleet in scenario.fleet:
        if fleet.group in sizes:
            sizes[fleet.group] += fleet.count
        elif fleet.group:
            must = f"must be one of the Auto Scaling groups: {', '.join(sizes) or 'there are none'}"
            mistakes.add(("fleet", fleet.name, "group"), fleet.group, must)
    for group in scenario.groups:
        if group.minimum > sizes[group.name] and not mistakes.spoil(("fleet",)):
            must = f"must be at most {sizes[group.name]}, as many instances as the group's fleets have"
            mistakes.add(("groups", group.name, "minimum"), group.minimum, must)
        for name, hook in (("launching", group.launching), ("terminating", group.terminating)):
            if hook.holds > hook.heartbeat:
                must = f"must be at most the heartbeat, {format_duration(hook.heartbeat)}: it has timed out by then"
                mistakes.add(("groups", group.name, name, "holds"), hook.holds, must)
        fleets = [fleet for fleet in scenario.fleet if fleet.group == group.name]
        awake = next((fleet.name for fleet in fleets if Trait.HIBERNATION not in fleet.traits), "")
        if group.warm_pool.state is PoolState.HIBERNATED and awake:
            # EC2 Auto Scaling User Guide, Warm pools: Prerequisites.
            must = f"is for instances that may hibernate: give fleet {awake} the trait hibernation"
            mistakes.add(("groups", group.name, "warm_pool", "state"), group.warm_pool.state.value, must)


def _check_faults(scenario: Scenario, mistakes: Mistakes) -> None:
    for n, fault in enumerate(scenario.faults):
        if not fault.on and not mistakes.spoil(("faults", n, "on")):
            mistakes.add(("faults", n, "on"), [], "must name at least one instance", 'on = ["web-2"]')
        if mistakes.spoil(("faults", n)) or mistakes.spoil(("until",)):
            continue
        if fault.at >= scenario.until:
            mistakes.add(("faults", n, "at"), fault.at, "must come before the scenario's until")
        if fault.cured_by and fault.kind in CURED_BY_TIME:
            mistakes.add(
                ("faults", n, "cured_by"), list(fault.cured_by), f"{fault.kind} ends by after or lasts; leave it out"
            )
        stops = {Cure.FORCE_STOP, Cure.SKIP_OS_SHUTDOWN}
        if fault.cured_by and stops & set(fault.cured_by) and fault.kind is not FaultKind.STUCK_STOPPING:
            must = "force_stop and skip_os_shutdown end stuck_stopping only"
            mistakes.add(("faults", n, "cured_by"), list(fault.cured_by), must)
        if fault.instance_types and fault.kind is not FaultKind.START_CAPACITY:
            mistakes.add(("faults", n, "instance_types"), list(fault.instance_types), "is for start_capacity only")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
