"""What EC2 says of a machine's kind, in memory; of machines of one kind the same."""

from __future__ import annotations

from functools import cache

from defib.core.frozen import replace
from defib.core.membership import GROUP_TAG
from defib.core.traits import Traits
from sim.machine import Machine
from sim.scenario_value import Trait
from sim.traits import LEFT_OUT, LOCAL_DISKS, OPERATOR, PLACEMENT_GROUP, architecture


def kind_of(machine: Machine) -> tuple[tuple[Trait, ...], str, bool, bool]:
    """What the two below go by."""
    return machine.traits, machine.instance_type, machine.shows_restart, GROUP_TAG in machine.tags


@cache
def described_of(has: tuple[Trait, ...], instance_type: str, started_again: bool, grouped: bool) -> Traits:
    """What comes with every description of the instance."""
    assigned = Trait.PUBLIC_IP in has and Trait.ELASTIC_IP not in has
    return Traits(
        auto_public_ip="203.0.113.25" if assigned else "",
        regains_public_ip=not assigned or Trait.SECOND_INTERFACE not in has,
        managed_by=OPERATOR if Trait.MANAGED in has else "",
        architecture=architecture(instance_type),
        windows=Trait.WINDOWS in has,
        hibernation=Trait.HIBERNATION in has,
        dedicated_host="h-0123456789abcdef0" if Trait.DEDICATED_HOST in has else "",
        placement_group=PLACEMENT_GROUP if Trait.PLACEMENT_GROUP in has else "",
        # DescribeInstances does not know of local disks (aws/traits.py).
        auto_recovery=not grouped and LEFT_OUT.isdisjoint(has),
        started_again=started_again,
    )


@cache
def traits_of(has: tuple[Trait, ...], instance_type: str, started_again: bool, grouped: bool) -> Traits:
    """What a stop would destroy, as EC2 describes it."""
    return replace(
        described_of(has, instance_type, started_again, grouped),
        instance_store=LOCAL_DISKS.match(instance_type) is not None,
        stop_protected=Trait.STOP_PROTECTION in has,
    )
