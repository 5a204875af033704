"""What a stop of an instance would destroy: asked only when a stop is near, so that a healthy one costs nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.core.frozen import replace
from defib.core.membership import GROUP_TAG
from defib.core.model import FAILING, CheckStatus, InstanceState, Observation
from defib.core.traits import Traits
from defib.shell.ports import Rejected, Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import InstanceTypeDef

    from defib.shell.ports import Clock

PERMISSIONS = (
    # It would tell the user data, too: of instances that are none of Defib's business it must not.
    Permission(("ec2:DescribeInstanceAttribute",), Scope.OPTED_IN_INSTANCES),
    Permission(("ec2:DescribeInstanceTypes",), Scope.ANY),
)

PROTECTION_AGE = timedelta(seconds=30)
"""How long a protection that was read is believed. EC2 itself refuses what is protected since."""
TYPE_AGE = timedelta(days=1)
"""What a type has does not change; a container rarely lives so long."""
FIRST_CHECKS = timedelta(minutes=5)
"""An instance whose checks are initializing for less is just starting, unless the policy stops it sooner."""

STARTED_LATER = timedelta(minutes=1)
"""By how much more LaunchTime is apart from the attachment of the first network interface, where it was no launch."""


def described(instance: InstanceTypeDef) -> Traits:
    """What DescribeInstances says of it, at no cost."""
    placement = instance.get("Placement", {})
    associations = [face.get("Association", {}) for face in instance.get("NetworkInterfaces", ())]
    ours = [place.get("PublicIp", "") for place in associations if place.get("IpOwnerId") == "amazon"]
    # Without affinity it may come up on any Dedicated Host of the account that has room.
    bound = placement.get("Tenancy") == "host" and placement.get("Affinity") == "host"
    return Traits(
        auto_public_ip=next(iter(ours), ""),
        regains_public_ip=not ours or _regains_public_ip(instance),
        addresses=tuple(filter(None, _addresses(instance))),
        managed_by=_operator(instance),
        architecture=instance.get("Architecture", ""),
        windows=instance.get("Platform", "").lower() == "windows",
        hibernation=instance.get("HibernationOptions", {}).get("Configured", False),
        dedicated_host=placement.get("HostId", "its host") if bound else "",
        placement_group=placement.get("GroupName", ""),
        auto_recovery=_recovers_by_itself(instance),
        started_again=_started_again(instance),
    )


def _regains_public_ip(instance: InstanceTypeDef) -> bool:
    faces = instance.get("NetworkInterfaces", ())
    secondary = (place for face in faces for place in face.get("PrivateIpAddresses", ()) if not place.get("Primary"))
    return len(faces) <= 1 and not any("Association" in place for place in secondary)


def _addresses(instance: InstanceTypeDef) -> Iterator[str]:
    for face in instance.get("NetworkInterfaces", ()):
        yield from (place.get("PrivateIpAddress", "") for place in face.get("PrivateIpAddresses", ()))
        yield from (place.get("Ipv6Address", "") for place in face.get("Ipv6Addresses", ()))


def _operator(instance: InstanceTypeDef) -> str:
    operator = instance.get("Operator", {})
    return operator.get("Principal", "an AWS service") if operator.get("Managed", False) else ""


def _started_again(instance: InstanceTypeDef) -> bool:
    """EC2 renews LaunchTime at each start; what is attached stays attached (AWSEC2 API, Instance)."""
    faces = [face.get("Attachment", {}) for face in instance.get("NetworkInterfaces", ())]
    attached = [face["AttachTime"] for face in faces if face.get("DeviceIndex") == 0 and "AttachTime" in face]
    return any(instance["LaunchTime"] - at > STARTED_LATER for at in attached)


def _recovers_by_itself(instance: InstanceTypeDef) -> bool:
    """Simplified automatic recovery leaves out metal, Dedicated Hosts, members of Auto Scaling groups, EFA, spot.

    It leaves out instance-store volumes as well, which DescribeInstances does not show.
    """
    on = instance.get("MaintenanceOptions", {}).get("AutoRecovery") == "default"
    metal = ".metal" in instance.get("InstanceType", "")
    host = instance.get("Placement", {}).get("Tenancy") == "host"
    grouped = any(tag.get("Key") == GROUP_TAG for tag in instance.get("Tags", ()))
    efa = any(face.get("InterfaceType", "").startswith("efa") for face in instance.get("NetworkInterfaces", ()))
    return on and not (metal or host or grouped or efa or instance.get("InstanceLifecycle"))


def stop_is_near(observation: Observation, stopped_from: timedelta) -> bool:
    """Whether what Defib does next may be a stop; ``stopped_from`` is how soon after a launch it may be."""
    if observation.state is InstanceState.STOPPING:
        return True
    checks = observation.checks
    if observation.state is not InstanceState.RUNNING or checks is None:
        return False
    if checks.events:
        return True
    each = {checks.system.status, checks.instance.status, checks.attached_ebs.status}
    each |= {checks.application.status, checks.beneath.status}
    late = observation.observed_at - observation.launched_at >= min(FIRST_CHECKS, stopped_from)
    if CheckStatus.IMPAIRED in each or (CheckStatus.INITIALIZING in each and late):
        return True
    return any(target.health in FAILING for target in observation.targets)


class TraitsReader:
    """Reads what DescribeInstances leaves out, and keeps it for a while."""

    def __init__(self, ec2: EC2Client, clock: Clock) -> None:
        self._ec2 = ec2
        self._clock = clock
        self._types: dict[str, tuple[datetime, bool]] = {}
        self._protected: dict[str, tuple[datetime, bool]] = {}

    def completed(self, observation: Observation) -> Observation:
        """The observation with all its traits; one that may not be read, or is not answered, says so.

        A reboot needs none of them, and must not wait for them. Raises Transient where AWS answers, but not now.
        """
        try:
            stored = self._instance_store(observation.instance_type)
            protected = self._stop_protected(observation.instance_id)
        except (Rejected, Unanswered) as error:
            unread = replace(observation.traits, unread=str(error), unanswered=isinstance(error, Unanswered))
            return replace(observation, traits=unread)
        return replace(observation, traits=replace(observation.traits, instance_store=stored, stop_protected=protected))

    def _instance_store(self, instance_type: str) -> bool:
        known = self._types.get(instance_type)
        now = self._clock.now()
        if known is None or now - known[0] >= TYPE_AGE:
            with translated(f"describing instance type {instance_type}"):
                answer = self._ec2.describe_instance_types(InstanceTypes=[instance_type])  # type: ignore[list-item]  # the stubs list the types of their day
            told = [kind.get("InstanceStorageSupported") for kind in answer["InstanceTypes"]]
            supported = next((said for said in told if said is not None), None)
            if supported is None:
                raise Rejected(f"EC2 does not say whether {instance_type} has instance-store volumes", code="Untold")
            known = self._types[instance_type] = (now, supported)
        return known[1]

    def _stop_protected(self, instance_id: str) -> bool:
        known = self._protected.get(instance_id)
        now = self._clock.now()
        if known is None or now - known[0] >= PROTECTION_AGE:
            with translated(f"reading whether {instance_id} is protected against a stop"):
                answer = self._ec2.describe_instance_attribute(InstanceId=instance_id, Attribute="disableApiStop")
            protected = answer.get("DisableApiStop", {}).get("Value")
            if protected is None:
                raise Rejected(f"EC2 does not say whether {instance_id} is protected against a stop", code="Untold")
            known = (now, protected)
            self._protected = {i: one for i, one in self._protected.items() if now - one[0] < PROTECTION_AGE}
            self._protected[instance_id] = known
        return known[1]
