"""How long an instance may take to boot, reboot and stop, and how long a failure may only show that it does."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from defib.core.frozen import replace
from defib.core.model import Observation
from defib.core.policy import Policy
from defib.core.service import Service

BARE_METAL = timedelta(minutes=40)
"""What bare metal is given at least for a boot, a reboot and a stop: twice what AWS says that it can take.

From ``running`` until its network answers it can take 20 minutes (AWSEC2 UserGuide, Instances built on the Nitro
System); a Mac takes up to 20 to launch (Launch a Mac instance, Instance readiness), and about 15 to stop (Stop or
terminate your Amazon EC2 Mac instance).
"""

CAPACITY_BLOCK = "capacity-block"
"""InstanceLifecycle of what runs in a Capacity Block for ML (AWSEC2 API, Instance)."""

CLEANED_UP = timedelta(minutes=20)
"""What is in a Capacity Block is given at least for a stop: AWS cleans it up while it is ``stopping``, which takes
"several minutes" (AWSEC2 UserGuide, Launch instances using Capacity Blocks), and gives no figure."""


TYPES_KNOWN = 1024
"""Of so many instance types a process remembers whether they are bare metal, since each look asks."""


def is_mac(instance_type: str) -> bool:
    """Whether it is a Mac, such as ``mac2-m2.metal``."""
    return instance_type.startswith("mac")


@lru_cache(maxsize=TYPES_KNOWN)
def is_bare_metal(instance_type: str) -> bool:
    """Whether no hypervisor is beneath it, as in ``m5.metal`` and ``m7i.metal-24xl``."""
    return ".metal" in instance_type or is_mac(instance_type)


def with_time_to_boot(policy: Policy, instance_type: str) -> Policy:
    """The policy as it holds for an instance of this type: the same unless it is bare metal."""
    if not is_bare_metal(instance_type):
        return policy
    repair = policy.repair
    services = tuple(
        replace(s, verify=replace(s.verify, timeout=max(s.verify.timeout, BARE_METAL))) for s in policy.services
    )
    longer = replace(
        repair,
        reboot_trial=max(repair.reboot_trial, BARE_METAL),
        restart_trial=max(repair.restart_trial, BARE_METAL),
        stop_timeout=max(repair.stop_timeout, BARE_METAL),
        start_timeout=max(repair.start_timeout, BARE_METAL),
        arrival_timeout=max(repair.arrival_timeout, BARE_METAL),
    )
    given = replace(policy, repair=longer, services=services)
    return replace(given, repair=replace(longer, case_age=max(longer.case_age, climb(given))))


def with_time_to_stop(policy: Policy, lifecycle: str) -> Policy:
    """The policy as it holds for an instance of this lifecycle: the same unless it is in a Capacity Block."""
    repair = policy.repair
    if lifecycle != CAPACITY_BLOCK or repair.stop_timeout >= CLEANED_UP:
        return policy
    given = replace(policy, repair=replace(repair, stop_timeout=CLEANED_UP))
    return replace(given, repair=replace(given.repair, case_age=max(repair.case_age, climb(given))))


def may_boot_still(observation: Observation, policy: Policy, now: datetime) -> bool:
    """Whether a check that has failed ever since a launch may only show that it boots.

    Somebody who starts an instance waits for it, Windows restarts several times before it is up, and bare metal is
    slow. What has just been launched for the first time comes up in minutes or never.
    """
    traits = observation.traits
    slow = traits.started_again or traits.windows or is_bare_metal(observation.instance_type)
    return slow and now < observation.launched_at + policy.repair.restart_trial


def stopped_from(policy: Policy, service: Service) -> timedelta:
    """How soon after a launch Defib may stop what does not come up: dead on arrival, or after a reboot or a start."""
    repair = policy.repair
    return min(repair.arrival_timeout, repair.reboot_trial, repair.restart_trial, service.verify.timeout)


def is_arriving(launched_at: datetime, now: datetime, policy: Policy) -> bool:
    """Whether what is starting up now does so since its launch: a sweep and more would have found it sooner.

    Later it has been rebooted: by a person, a patch manager, or AWS.
    """
    return now - launched_at <= 2 * policy.repair.arrival_timeout


def climb(policy: Policy) -> timedelta:
    """How long one climb of the ladder takes at most; a repair must be allowed to grow as old."""
    repair = policy.repair
    total = repair.evidence_timeout + repair.auto_recovery_grace + repair.reboots * repair.reboot_trial
    total += repair.drain_timeout + repair.stop_timeout + repair.force_stop_timeout + repair.start_timeout
    return total + max((service.verify.timeout for service in policy.services), default=timedelta(0))
