"""What EC2 Auto Scaling says of a member of a group, and what the operator wants done with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from defib.core.frozen import dataclass

GROUP_TAG = "aws:autoscaling:groupName"
"""Set by EC2 Auto Scaling on every member (EC2 Auto Scaling User Guide, Tag Auto Scaling groups and instances)."""

IN_SERVICE = "InService"
STANDBY = "Standby"
ENTERING_STANDBY = "EnteringStandby"
"""Values of LifecycleState (EC2 Auto Scaling API, AutoScalingInstanceDetails). The others are left to their owners."""
TERMINATING = frozenset({"Terminating", "Terminating:Wait", "Terminating:Proceed"})
"""On its way out. Not ``Terminating:Retained``, which nobody ends but a person (EC2 Auto Scaling User Guide, Configure
instance retention)."""
WARMED = "Warmed"
"""How the LifecycleState of one in a warm pool begins (EC2 Auto Scaling API, Instance)."""
REPLACES = ("ReplaceUnhealthy", "Terminate", "Launch")
"""Processes without which a group replaces nothing, or puts nothing in its place (EC2 Auto Scaling User Guide, Suspend
and resume processes)."""

REBALANCES = ("AZRebalance", "Launch")
"""Processes without which a group does not even out its Availability Zones (EC2 Auto Scaling User Guide, How suspended
processes affect other processes)."""


class GroupMember(StrEnum):
    """What Defib does where only a stop and start would help a member of an Auto Scaling group."""

    LEAVE = "leave"
    """Nothing: people hear of it."""
    REPLACE = "replace"
    """The group is told that the member is unhealthy; it terminates it and launches another."""
    STANDBY = "standby"
    """The member is put in Standby, stopped and started, and returned to service."""


@dataclass(frozen=True, slots=True)
class Membership:
    """What EC2 Auto Scaling says of one member and its group at this moment."""

    group: str
    lifecycle: str
    """The member's LifecycleState."""
    protected: bool
    """Whether it is protected from scale-in."""
    opted_in: bool
    """Whether the group itself carries the opt-in tag."""
    minimum: int
    desired: int
    in_service: int
    """What is in service of the group, this one included: members or, like the two before, units of their weights
    (EC2 Auto Scaling User Guide, Configure an Auto Scaling group to use instance weights)."""
    suspended: tuple[str, ...] = ()
    """The group's processes that somebody has suspended."""
    zones: Mapping[str, int] = field(default_factory=dict)
    """How many of its members are in service in each Availability Zone of the group; this one is counted, too."""
    weight: int = 1
    """Of how many units this one is."""
