"""EC2's own automatic recovery of hosts that fail: at times within the grace that Defib gives it, at times too late."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from sim.faults import FaultKind
from sim.fuzz.story import Interference, Story

NOTICED = timedelta(seconds=60)
"""Within so long a status check has failed (EC2 User Guide, Status checks)."""


def with_recovery(story: Story, random: Random) -> Story:
    """The story with a recovery for one failed host in three."""
    grace = story.policy.repair.auto_recovery_grace
    failed = [fault for fault in story.scenario.faults if fault.kind is FaultKind.SYSTEM_IMPAIRED]
    recovered = tuple(
        Interference(
            fault.at + NOTICED + timedelta(seconds=random.randint(0, int(grace.total_seconds() * 1.2))),
            name,
            recovers=True,
        )
        for fault in failed
        for name in fault.on
        if random.random() < 1 / 3
    )
    return replace(story, meddling=(*story.meddling, *recovered)) if recovered else story
