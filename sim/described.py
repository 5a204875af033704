"""DescribeInstances, from the machines themselves: a reconciler asks again and again, of a fleet of hundreds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from defib.core.model import InstanceState
from sim.boundary import Answers, Params, Refusal, Response
from sim.clock import SimulatorGap
from sim.filters import ValuesOf, passes
from sim.machine import Machine
from sim.traits import address_of, lay_over

STATE_CODES = {
    InstanceState.PENDING: 0,
    InstanceState.RUNNING: 16,
    InstanceState.SHUTTING_DOWN: 32,
    InstanceState.TERMINATED: 48,
    InstanceState.STOPPING: 64,
    InstanceState.STOPPED: 80,
}
"""EC2 API, InstanceState."""
KNOWN = frozenset({"Filters", "InstanceIds", "MaxResults", "NextToken"})
FILTERS = frozenset({"instance-id", "instance-state-name", "availability-zone", "instance-type", "image-id"})
PAGE_MOST = 1000
IMAGE = "ami-0abcdef1234567890"

Description = dict[str, Any]


class Described:
    """What DescribeInstances says of each instance, kept until EC2 shows something else of it."""

    def __init__(self, boundary: Answers, machines: Mapping[str, Machine]) -> None:
        """``machines`` are those that EC2 knows, by id."""
        self._machines = machines
        self._instances: dict[str, Description] = {}
        boundary.answer("ec2:DescribeInstances", self._answer)

    def forget(self, instance_id: str) -> None:
        """Describe the instance afresh when it is next asked for."""
        self._instances.pop(instance_id, None)

    def _answer(self, params: Params) -> Response:
        if not set(params) <= KNOWN:
            raise SimulatorGap(f"DescribeInstances with {sorted(set(params) - KNOWN)}: sim/described.py knows no such")
        filters: Sequence[Mapping[str, Any]] = params.get("Filters", ())
        for name in (one["Name"] for one in filters):
            if name not in FILTERS and not name.startswith("tag:"):
                raise Refusal("InvalidParameterValue", f"The filter '{name}' is invalid")
        asked = self._asked_for(params.get("InstanceIds", ()), filters)
        found = [instance for i in asked if passes(filters, _values_of(instance := self._described(i)))]
        first, size = int(params.get("NextToken") or 0), int(params.get("MaxResults", PAGE_MOST))
        page: Response = {"Reservations": [{"Instances": [i]} for i in found[first : first + size]]}
        if first + size < len(found):
            page["NextToken"] = str(first + size)
        return page

    def _asked_for(self, ids: Sequence[str], filters: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        """The instances to look at. One id that EC2 does not know fails the call; as a filter's value it is nothing."""
        unknown = [i for i in ids if i not in self._machines]
        if unknown:
            raise Refusal("InvalidInstanceID.NotFound", f"The instance ID '{unknown[0]}' does not exist")
        named = next((one["Values"] for one in filters if one["Name"] == "instance-id"), None)
        if ids or named is None or any(set(value) & {*"*?\\"} for value in named):
            return ids or list(self._machines)
        return [i for i in named if i in self._machines]

    def _described(self, instance_id: str) -> Description:
        instance = self._instances.get(instance_id)
        if instance is None:
            instance = self._instances[instance_id] = _description(self._machines[instance_id])
        return instance


def _description(machine: Machine) -> Description:
    """The instance as EC2 shows it (EC2 API, Instance)."""
    shown, suffix = machine.shown, machine.instance_id.removeprefix("i-")
    before = timedelta(days=1) if machine.shows_restart else timedelta(0)
    instance: Description = {
        "InstanceId": machine.instance_id,
        "ImageId": IMAGE,
        "InstanceType": machine.instance_type,
        "LaunchTime": shown.launched_at,
        "Placement": {"AvailabilityZone": machine.zone, "GroupName": "", "Tenancy": "default"},
        "State": {"Code": STATE_CODES[shown.state], "Name": shown.state.value},
        "StateTransitionReason": shown.transition_reason,
        "RootDeviceName": "/dev/xvda",
        "RootDeviceType": "ebs",
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": f"vol-{suffix}", "Status": "attached"}}
        ],
        "NetworkInterfaces": [
            {
                "NetworkInterfaceId": f"eni-{suffix}",
                "InterfaceType": "interface",
                "Status": "in-use",
                "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": address_of(machine.instance_id)}],
                "Attachment": {"DeviceIndex": 0, "AttachTime": shown.launched_at - before, "Status": "attached"},
            }
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in machine.tags.items()],
    }
    if shown.reason_code:
        instance["StateReason"] = {"Code": shown.reason_code, "Message": shown.reason}
    lay_over(instance, machine)
    return instance


def _values_of(instance: Description) -> ValuesOf:
    def values(name: str) -> Iterable[str]:
        match name:
            case "instance-id":
                return (instance["InstanceId"],)
            case "instance-state-name":
                return (instance["State"]["Name"],)
            case "availability-zone":
                return (instance["Placement"]["AvailabilityZone"],)
            case "instance-type":
                return (instance["InstanceType"],)
            case "image-id":
                return (instance["ImageId"],)
            case _:
                key = name.removeprefix("tag:")
                return [tag["Value"] for tag in instance["Tags"] if tag["Key"] == key]

    return values
