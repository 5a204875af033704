"""What is special about an instance of a fleet, as EC2 describes it: moto knows none of it.

Instance-store volumes are no trait: an instance has them when its type has (``m7gd.large``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from defib.core.membership import GROUP_TAG
from sim.boundary import Answers, Params, Refusal, Response
from sim.scenario_value import Trait

if TYPE_CHECKING:
    from sim.machine import Machine


GRAVITON = re.compile(r"[a-z]+\d+g[a-z]*\.")
LOCAL_DISKS = re.compile(r"([a-z]+\d+[a-z]*d[a-z]*|i\d[a-z]*|d\d[a-z]*|h1|x1e?)\.")
"""Types whose names say that they have instance-store volumes (EC2 Instance Types, Naming conventions)."""


LEFT_OUT = frozenset({Trait.DEDICATED_HOST, Trait.SPOT})
"""Of what EC2's simplified automatic recovery leaves out, the traits."""
OPERATOR = "eks.amazonaws.com"
"""What manages an instance of EKS Auto Mode (EC2 API, OperatorResponse)."""
PLACEMENT_GROUP = "together"


def lay_over(instance: dict[str, Any], machine: Machine) -> None:
    """What moto's description of the instance lacks, put into it."""
    traits = machine.traits
    instance["Architecture"] = architecture(machine.instance_type)
    instance["InstanceType"] = machine.instance_type
    instance["MaintenanceOptions"] = {"AutoRecovery": "default"}
    # An Elastic IP address takes the place of the one that AWS has assigned.
    owner = "123456789012" if Trait.ELASTIC_IP in traits else "amazon"
    for face in instance.get("NetworkInterfaces", ()):
        face.pop("Association", None)
        if Trait.PUBLIC_IP in traits or Trait.ELASTIC_IP in traits:
            face["Association"] = {"PublicIp": "203.0.113.25", "IpOwnerId": owner}
    if Trait.HIBERNATION in traits:
        instance["HibernationOptions"] = {"Configured": True}
    if Trait.DEDICATED_HOST in traits:
        instance["Placement"] |= {"Tenancy": "host", "Affinity": "host", "HostId": "h-0123456789abcdef0"}
    if Trait.WINDOWS in traits:
        instance["Platform"] = "windows"
    if Trait.SPOT in traits:
        instance["InstanceLifecycle"] = "spot"
    if Trait.MANAGED in traits:
        instance["Operator"] = {"Managed": True, "Principal": OPERATOR}
    if Trait.PLACEMENT_GROUP in traits:
        instance["Placement"] |= {"GroupName": PLACEMENT_GROUP}
    if Trait.SECOND_INTERFACE in traits:
        suffix = machine.instance_id.removeprefix("i-")
        second = {"NetworkInterfaceId": f"eni-{suffix[::-1]}", "InterfaceType": "interface", "Status": "in-use"}
        instance["NetworkInterfaces"].append(second | {"Attachment": {"DeviceIndex": 1, "Status": "attached"}})


def is_recovered(machine: Machine) -> bool:
    """Whether EC2's simplified automatic recovery moves it when its host fails.

    It leaves out Dedicated Hosts, Spot Instances, members of Auto Scaling groups and instance-store volumes (EC2 User
    Guide, Configure simplified automatic recovery).
    """
    kept = bool(LEFT_OUT.intersection(machine.traits)) or LOCAL_DISKS.match(machine.instance_type) is not None
    return not kept and GROUP_TAG not in machine.tags


def address_of(instance_id: str) -> str:
    """The private address of its primary network interface."""
    number = int(instance_id[-6:], 16)
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def architecture(instance_type: str) -> str:
    return "arm64" if GRAVITON.match(instance_type) else "x86_64"


class Questions:
    """The calls that ask for what DescribeInstances leaves out."""

    def __init__(self, boundary: Answers, machines: Mapping[str, Machine]) -> None:
        self._machines = machines
        boundary.answer("ec2:DescribeInstanceTypes", self._types)
        boundary.answer("ec2:DescribeInstanceAttribute", self._attribute)

    def _types(self, params: Params) -> Response:
        names: Sequence[str] = params["InstanceTypes"]
        return {
            "InstanceTypes": [
                {
                    "InstanceType": name,
                    "InstanceStorageSupported": LOCAL_DISKS.match(name) is not None,
                    "ProcessorInfo": {"SupportedArchitectures": [architecture(name)]},
                    "Hypervisor": "nitro",
                }
                for name in names
            ]
        }

    def _attribute(self, params: Params) -> Response:
        machine = self._machines.get(params["InstanceId"])
        if machine is None:
            raise Refusal("InvalidInstanceID.NotFound", f"The instance ID '{params['InstanceId']}' does not exist")
        kinds = {
            "disableApiStop": ("DisableApiStop", Trait.STOP_PROTECTION),
            "disableApiTermination": ("DisableApiTermination", Trait.TERMINATION_PROTECTION),
        }
        name, trait = kinds[params["Attribute"]]
        return {"InstanceId": machine.instance_id, name: {"Value": trait in machine.traits}}
