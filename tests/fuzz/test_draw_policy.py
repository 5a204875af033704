"""Policies of stories: each seed has its own, and together they are wide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from defib.core.membership import GroupMember
from defib.core.page.elsewhere import Kind
from defib.core.parse import parse
from defib.core.policy import Mode, Policy
from sim.fuzz.draw import draw
from sim.fuzz.draw_local import local_of
from sim.fuzz.draw_policy import policy_of

SEEDS = range(160)
"""As many as CI lives through."""


@cache
def policies() -> list[Policy]:
    return [draw(seed).policy for seed in SEEDS]


def test_every_seed_has_a_policy_of_its_own() -> None:
    assert len({policy_of(seed)[0] for seed in SEEDS}) > 0.95 * len(SEEDS)


def test_the_text_of_each_says_what_the_policy_is() -> None:
    drawn = [policy_of(seed) for seed in SEEDS]
    assert [policy for _, policy in drawn] == [parse(text) for text, _ in drawn]


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


DECIDES_NOTHING_HERE = frozenset(
    {
        "opt_in.key",
        "opt_in.value",
        "delivery.sms_share",
        "drill.at",
        "drill.days",
        "drill.zone",
        "page.certificate",
        "page.domain",
        "page.failover_region",
        "page.legacy_writes",
        "page.support_url",
        "page.title",
        "region",
        "services.page.description",
        "services.runbook",
    }
)
"""Keys that are the same in every story: nobody counts SMS in memory, the day of a drill is the replay's to live
through, programs write by the API's newer address, and the rest is text."""
OF_OTHER_STACKS = ("retention.", "watchtower.")


def keys_of(value: object, at: str = "") -> Iterator[tuple[str, str]]:
    """Each key of a policy with what it is; of entries of a list together."""
    if is_dataclass(value):
        for f in fields(value):
            yield from keys_of(getattr(value, f.name), f"{at}.{f.name}".removeprefix("."))
    elif isinstance(value, tuple) and value and is_dataclass(value[0]):
        yield at, f"{len(value)} of them"
        for entry in value:
            yield from keys_of(entry, at)
    else:
        yield at, repr(value)


@pytest.mark.parametrize("seed", [217, 2293])
def test_what_the_parser_refuses_for_two_reasons_at_once_is_left_out_once(seed: int) -> None:
    text, policy = policy_of(seed)
    assert parse(text) == policy


def test_no_key_is_the_same_in_every_story_but_those_named_here() -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    for policy in policies():
        for key, value in keys_of(policy):
            seen[key].add(value)
    constant = {key for key, values in seen.items() if len(values) == 1 and not key.startswith(OF_OTHER_STACKS)}
    assert constant <= DECIDES_NOTHING_HERE


def test_stories_are_told_while_clocks_change_and_windows_there_are_in_local_time() -> None:
    there = [(seed, local) for seed in SEEDS if (local := local_of(seed)) is not None]
    assert len({local.zone for _, local in there}) > 2
    for seed, local in there:
        begins = draw(seed).scenario.start
        offsets = {(begins + timedelta(minutes=m)).astimezone(ZoneInfo(local.zone)).utcoffset() for m in (-60, 0, 60)}
        assert len(offsets) == 2, "the clocks change within the hour"
        service_windows = [w for service in policy_of(seed)[1].services for w in service.maintenance]
        assert {window.zone for window in service_windows} <= {local.zone}
