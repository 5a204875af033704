"""What no key can say alone of target groups: whose they are, where they lie, and how many a stack may name."""

from __future__ import annotations

from itertools import pairwise

from defib.core.mistake import Mistakes
from defib.core.service import Service

TARGET_GROUPS_MOST = 50
"""Each is named by what ``remediate`` may do, in a role's 10,240 characters (IAM User Guide, quotas)."""


def check_target_groups(services: tuple[Service, ...], mistakes: Mistakes) -> None:
    """Report groups that two services share, that lie elsewhere, and more than a role has room for."""
    groups = [
        (("services", service.name, "target_groups", number, "arn"), service.name, group.arn)
        for service in services
        for number, group in enumerate(service.target_groups)
    ]
    groups = [found for found in groups if not mistakes.spoil(found[0])]
    if len(groups) > TARGET_GROUPS_MOST:
        path, _, arn = groups[TARGET_GROUPS_MOST]
        must = f"is one of {len(groups)}, must be at most {TARGET_GROUPS_MOST} in one stack"
        mistakes.add(path, arn, f"{must}; give the others the opt-in tag instead")
    owners: dict[str, str] = {}
    for path, service, arn in groups:
        if arn in owners:
            mistakes.add(path, arn, f"belongs to service {owners[arn]} already; a target group serves one service")
        owners.setdefault(arn, service)
    for (_, _, before), (path, _, arn) in pairwise(groups):
        if place(before) != place(arn):
            region, account = place(before)
            mistakes.add(path, arn, f"must be in Region {region} and account {account}, as the target group before it")


def place(arn: str) -> tuple[str, str]:
    """The Region and the account of the target group."""
    region, account = arn.split(":")[3:5]
    return region, account
