"""A whole pool whose applications die at once, with load balancers asked every five seconds and once a minute."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from defib.core.parse import parse as parse_policy
from sim.fuzz.story import Story
from sim.fuzz.world import World
from sim.scenario_file import parse

POLICY = (Path(__file__).parents[2] / "scenarios" / "policies" / "pool-at-once.toml").read_text(encoding="utf-8")
STRUCK = timedelta(minutes=2, seconds=5)
POOL = """\
title = "All at once"
story = "Each of forty applications dies at the same moment."
seed = 1
start = 2026-04-30T14:00:00Z
until = "12m"
[fleet.web]
count = 40
zones = ["us-east-1a", "us-east-1b", "us-east-1c"]
target_group = "web"
[target_groups.web]
check_every = "10s"
[[faults]]
at = "2m5s"
on = "web-*"
kind = "application_down"
"""


class Pool(World):
    """The pool, every look at one of its instances, and when its load balancer has noticed."""

    def __init__(self, targets_every: str) -> None:
        text = POLICY.replace('targets_every = "5s"', f'targets_every = "{targets_every}"')
        scenario = parse(POOL)
        super().__init__(Story(1, scenario, text, parse_policy(text)))
        self.looks: list[datetime] = []
        self.noticed: list[datetime] = []
        looked, balancer = self.judge.looked, self.cloud.balancers["web"]
        balancer.turned_unhealthy = lambda _: self.noticed.append(self.time.now)

        def count(instance_id: str) -> None:
            self.looks.append(self.time.now)
            looked(instance_id)

        self._reconciling.observer._looked = count  # type: ignore[attr-defined]  # the port's own hook
        self.time.run_until(scenario.start + scenario.until)

    def looks_after(self, minutes: int) -> int:
        return sum(at > self.story.scenario.start + timedelta(minutes=minutes) for at in self.looks)


@pytest.fixture(scope="module")
def asked() -> Pool:
    return Pool("5s")


@pytest.fixture(scope="module")
def swept() -> Pool:
    return Pool("1m")


def test_nothing_breaks_and_nothing_is_set_aside(asked: Pool) -> None:
    assert asked.judge.broken == []
    assert list(asked.lanes.dead) == []


def test_the_first_has_its_case_seconds_after_the_load_balancer_has_noticed(asked: Pool, swept: Pool) -> None:
    first, later = (min(case.opened_at for case in pool.cases()) for pool in (asked, swept))
    noticed = min(asked.noticed)

    assert timedelta(seconds=10) < noticed - asked.story.scenario.start - STRUCK < timedelta(seconds=20)
    assert noticed < first < noticed + timedelta(seconds=6)
    assert later > first + timedelta(seconds=10)


def test_who_is_known_to_fail_is_looked_at_no_more_often(asked: Pool, swept: Pool) -> None:
    assert len(asked.cases()) == len(swept.cases()) == 40
    assert asked.looks_after(5) <= 1.1 * swept.looks_after(5)
