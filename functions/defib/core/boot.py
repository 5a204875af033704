"""How long an instance may take to boot, reboot and stop: bare metal, and a Mac, take longer than what is virtual."""

from __future__ import annotations

from datetime import timedelta

from defib.core.frozen import replace
from defib.core.policy import Policy

BARE_METAL = timedelta(minutes=40)
"""What bare metal is given at least for a boot, a reboot and a stop: twice what AWS says that it can take.

From ``running`` until its network answers it can take 20 minutes (AWSEC2 UserGuide, Instances built on the Nitro
System); a Mac takes up to 20 to launch (Launch a Mac instance, Instance readiness), and about 15 to stop (Stop or
terminate your Amazon EC2 Mac instance).
"""


def is_mac(instance_type: str) -> bool:
    """Whether it is a Mac, such as ``mac2-m2.metal``."""
    return instance_type.startswith("mac")


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


def climb(policy: Policy) -> timedelta:
    """How long one climb of the ladder takes at most; a repair must be allowed to grow as old."""
    repair = policy.repair
    total = repair.evidence_timeout + repair.auto_recovery_grace + repair.reboots * repair.reboot_trial
    total += repair.drain_timeout + repair.stop_timeout + repair.force_stop_timeout + repair.start_timeout
    return total + max((service.verify.timeout for service in policy.services), default=timedelta(0))
