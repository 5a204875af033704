"""Policies of stories: each seed has its own, and together they are wide."""

from __future__ import annotations

from datetime import timedelta

from defib.core.membership import GroupMember
from defib.core.page.elsewhere import Kind
from defib.core.policy import Mode, Policy
from sim.fuzz.draw_policy import policy_of

SEEDS = range(160)
"""As many as CI lives through."""


def policies() -> list[Policy]:
    return [policy_of(seed)[1] for seed in SEEDS]


def test_every_seed_has_a_policy_of_its_own() -> None:
    assert len({policy_of(seed)[0] for seed in SEEDS}) > 0.95 * len(SEEDS)


def test_the_first_seeds_see_every_mode_every_manner_of_a_group_and_every_other_page() -> None:
    drawn = policies()
    services = [service for policy in drawn for service in policy.services]
    assert {service.mode for service in services} == {*Mode}
    assert {service.group_member for service in services} == {*GroupMember}
    assert {other.kind for policy in drawn for other in policy.page.elsewhere} == {*Kind}
    assert any(len(policy.page.elsewhere) > 1 for policy in drawn)


def test_limits_are_as_narrow_as_the_parser_lets_them_be() -> None:
    drawn = policies()
    assert {1, 2, 3} <= {policy.limits.rate for policy in drawn}
    assert min(policy.repair.attempts for policy in drawn) == 5
    assert min(policy.repair.case_age for policy in drawn) < timedelta(minutes=25)
    assert sum(policy.repair.attempts < 10 for policy in drawn) > 0.1 * len(SEEDS)
