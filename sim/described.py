"""DescribeInstances from moto's own descriptions, kept until EC2 shows something else of an instance.

Moto takes several milliseconds to describe an instance, and a reconciler asks again and again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import boto3

from sim.boundary import Boundary, Params, Response
from sim.filters import passes
from sim.machine import Machine
from sim.template import REGION
from sim.traits import lay_over

KNOWN = frozenset({"Filters", "InstanceIds", "MaxResults", "NextToken"})
FILTERS = frozenset({"instance-id", "instance-state-name", "availability-zone", "instance-type"})
PAGE_MOST = 1000


class Described:
    """What DescribeInstances says of each instance."""

    def __init__(self, boundary: Boundary, machines: Mapping[str, Machine]) -> None:
        self._boundary = boundary
        self._machines = machines
        self._client = boto3.client("ec2", region_name=REGION)
        self._instances: dict[str, dict[str, Any] | None] = {}
        boundary.answer("ec2:DescribeInstances", self._answer)

    def forget(self, instance_id: str) -> None:
        """Describe the instance afresh when it is next asked for."""
        self._instances[instance_id] = None

    def _answer(self, params: Params) -> Response | None:
        """None where moto must answer: for what is not a plain question of ids and filters."""
        ids, filters = params.get("InstanceIds", ()), params.get("Filters", ())
        if not set(params) <= KNOWN or any(i not in self._instances for i in ids) or not all(map(_is_known, filters)):
            return None
        found = [
            instance
            for instance_id in self._instances
            if (not ids or instance_id in ids) and _passes(filters, instance := self._described(instance_id))
        ]
        first, size = int(params.get("NextToken") or 0), int(params.get("MaxResults", PAGE_MOST))
        page: Response = {"Reservations": [{"Instances": [i]} for i in found[first : first + size]]}
        if first + size < len(found):
            page["NextToken"] = str(first + size)
        return page

    def _described(self, instance_id: str) -> dict[str, Any]:
        instance = self._instances[instance_id]
        if instance is None:
            with self._boundary.aside():
                answer: Any = self._client.describe_instances(InstanceIds=[instance_id])
            instance = answer["Reservations"][0]["Instances"][0]
            lay_over(instance, self._machines[instance_id])
            self._instances[instance_id] = instance
        return instance


def _is_known(one: Mapping[str, Any]) -> bool:
    return one["Name"] in FILTERS or one["Name"].startswith("tag:")


def _passes(filters: Sequence[Mapping[str, Any]], instance: dict[str, Any]) -> bool:
    return passes(filters, lambda name: _values(instance, name))


def _values(instance: dict[str, Any], name: str) -> Iterable[str]:
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", ())}
    match name:
        case "instance-id":
            return (instance["InstanceId"],)
        case "instance-state-name":
            return (instance["State"]["Name"],)
        case "availability-zone":
            return (instance["Placement"]["AvailabilityZone"],)
        case "instance-type":
            return (instance["InstanceType"],)
        case _:
            key = name.removeprefix("tag:")
            return (tags[key],) if key in tags else ()
