"""The scenario's fleet: instances with the tags that the policy asks for, behind their target groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import boto3
from moto.moto_api._internal import mock_random

from defib.core.membership import GROUP_TAG
from defib.core.model import InstanceState
from defib.core.policy import Policy
from sim.application import application_check_of
from sim.elb import Behind, Group, LoadBalancing
from sim.groups import AutoScaling
from sim.machine import Machine, View
from sim.scenario import Fleet, Scenario
from sim.template import REGION

LONG_AGO = timedelta(days=30)
"""How long before the scenario its instances were launched."""


@dataclass(frozen=True, slots=True)
class Place:
    """One instance of the fleet, whether or not it has been launched."""

    name: str
    fleet: Fleet
    zone: str


def places(scenario: Scenario) -> Mapping[str, Place]:
    """All instances by name, spread over their zones in turn."""
    return {
        f"{fleet.name}-{n + 1}": Place(f"{fleet.name}-{n + 1}", fleet, fleet.zones[n % len(fleet.zones)])
        for fleet in scenario.fleet
        for n in range(fleet.count)
    }


class Launcher:
    """Makes instances."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        client = boto3.client("ec2", region_name=REGION)
        self._subnets = {subnet["AvailabilityZone"]: subnet for subnet in client.describe_subnets()["Subnets"]}

    def subnets(self, zones: Sequence[str]) -> tuple[list[str], str]:
        """The default subnets in these zones, and their VPC."""
        found = [self._subnets[zone] for zone in zones]
        return [subnet["SubnetId"] for subnet in found], found[0]["VpcId"]

    def launch(self, place: Place, launched_at: datetime, state: InstanceState) -> Machine:
        """One instance, in the state given."""
        view = View(state, launched_at)
        return Machine(
            instance_id=f"i-{mock_random.get_random_hex(17)}",
            name=place.name,
            service=place.fleet.of_service,
            zone=place.zone,
            instance_type=place.fleet.instance_type,
            tags=_tags(place, self._policy),
            state=state,
            launched_at=launched_at,
            view=view,
            shown=view,
            answers_from=launched_at,
            traits=place.fleet.traits,
            application=application_check_of(place.fleet),
        )


def target_groups(
    scenario: Scenario, policy: Policy, balancing: LoadBalancing, launcher: Launcher
) -> Mapping[str, Group]:
    """The scenario's target groups by name; one that the policy configures is what it says there."""
    configured = {group.name: group for service in policy.services for group in service.target_groups}
    made = {}
    for spec in scenario.target_groups:
        zones = sorted({zone for fleet in scenario.fleet if fleet.target_group == spec.name for zone in fleet.zones})
        subnets, vpc = launcher.subnets(zones or ["us-east-1a"])
        tags = {policy.opt_in.key: policy.opt_in.value} if spec.opted_in else {}
        known = configured.get(spec.name)
        made[spec.name] = balancing.create(spec, subnets, vpc, tags, known.arn if known else "")
        if known:
            made[spec.name].load_balancer = known.load_balancer
    return made


def scaling_groups(
    scenario: Scenario,
    policy: Policy,
    scaling: AutoScaling,
    balancing: LoadBalancing,
    target_groups_by_name: Mapping[str, Group],
) -> None:
    """The scenario's Auto Scaling groups, each with the target group of its fleets."""
    for spec in scenario.groups:
        fleets = [fleet for fleet in scenario.fleet if fleet.group == spec.name]
        tags = {policy.opt_in.key: policy.opt_in.value} if spec.opted_in else {}
        behind = next((target_groups_by_name[f.target_group] for f in fleets if f.target_group), None)
        traffic = Behind(balancing, behind) if behind is not None else None
        scaling.create(spec, sum(fleet.count for fleet in fleets), tags, traffic)


def _tags(place: Place, policy: Policy) -> Mapping[str, str]:
    """The tags by which the policy knows the service, the opt-in tag, and what the scenario adds."""
    name = place.fleet.of_service
    service = policy.service(name)
    tags = {key: values[0] for key, values in service.match.items()} if service else {"service": name}
    if place.fleet.opted_in:
        tags[policy.opt_in.key] = policy.opt_in.value
    if place.fleet.group:
        tags[GROUP_TAG] = place.fleet.group
    return {"Name": place.name, **tags, **{key: values[0] for key, values in place.fleet.tags.items()}}
