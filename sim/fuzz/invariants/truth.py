"""What the judges know: the truth about the machines, what Defib remembers, and what was broken so far."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from defib.core.detection import MINUTE
from defib.core.model import CheckStatus, InstanceState, TargetHealth
from defib.core.page.model import PublicIncident
from defib.core.policy import Policy
from sim.clock import VirtualTime
from sim.fuzz.cloud import Cloud
from sim.fuzz.seen import Seen
from sim.fuzz.story import Story
from sim.fuzz.tables import Kept
from sim.fuzz.trouble import calm
from sim.machine import Machine
from sim.memory.page import FakeSite

WORN_MOST = 3
"""Of the sweeps that failing calls may have cut short one after the other, those that judges make allowance for."""
AFTERMATH = timedelta(minutes=10)
"""How long after trouble in the machinery its traces may still delay things: five receives of one message."""


@dataclass
class Truth:
    """One story, as it is."""

    story: Story
    time: VirtualTime
    cloud: Cloud
    seen: Seen
    store: Kept
    site: FakeSite
    switch: Callable[[], str]
    """What the kill switch says."""
    struck_at: list[datetime] = field(default_factory=list)
    """When calls failed, in order."""
    struck_once: list[tuple[datetime, str]] = field(default_factory=list)
    """When something befell what by a spell that befalls only so many, in order."""
    public_incident: Callable[[int], PublicIncident | None] = lambda _: None
    """What is remembered of the page's incident of that number."""
    broken: list[str] = field(default_factory=list)
    stopped: dict[str, datetime] = field(default_factory=dict)
    """Instances that Defib has stopped and that have not run since."""
    stopped_by_person: set[str] = field(default_factory=set)
    """Instances that somebody has stopped and that have not run since."""

    def __post_init__(self) -> None:
        self.policy: Policy = self.story.policy

    def policy_at(self, at: datetime) -> Policy:
        """The one that was in force then."""
        story = self.story
        since = [deployed.policy for deployed in story.redeployed if story.scenario.start + deployed.at <= at]
        return since[-1] if since else story.policy

    @contextmanager
    def excused(self, excused: bool) -> Iterator[None]:
        """What breaks meanwhile is nobody's fault, if it is ``excused``."""
        before = len(self.broken)
        yield
        if excused:
            del self.broken[before:]

    def governed_since(self) -> datetime:
        """From when on the policy is the one that is in force."""
        start = self.story.scenario.start
        return max((t for d in self.story.redeployed if (t := start + d.at) <= self.time.now), default=start)

    def breaks(self, invariant: str, what: str) -> None:
        self.broken.append(f"{invariant}: {what} (at {self.time.now - self.story.scenario.start})")

    def calm(self, begin: datetime, end: datetime | None = None, but: str = "") -> bool:
        """Whether nothing was wrong with the machinery from a while before ``begin`` on, until now or ``end``.

        What befell only what carries ``but`` does not count.
        """
        spells = tuple(spell for spell in self.story.spells if spell.on != but) if but else self.story.spells
        since, until = begin - AFTERMATH, end or self.time.now
        if any(since < at <= until for at, on in self.struck_once if on != but):
            return False
        return calm(spells, self.story.scenario.start, since, until)

    def struck_since(self, at: datetime) -> bool:
        """Whether a call has failed since then."""
        return bool(self.struck_at) and self.struck_at[-1] >= at

    def worn(self, at: datetime) -> timedelta:
        """How much longer things may take as calls have failed since then in one minute after the other.

        Each may have cost a sweep what it was about to do.
        """
        struck, minutes = self.struck_at, 0
        number = bisect_left(struck, at)
        while number < len(struck) and minutes <= WORN_MOST:
            minutes += 1
            number = bisect_left(struck, at + MINUTE * ((struck[number] - at) // MINUTE + 1), number)
        return MINUTE * max(minutes - 1, 0)

    def works(self, machine: Machine) -> bool:
        """Whether EC2 and its load balancer call it well, and its application answers.

        A load balancer that has it by its address says that of an address, and nobody asks whose it is.
        """
        shown = machine.shown
        if shown.state is not InstanceState.RUNNING or shown.worst is not CheckStatus.OK:
            return False
        if machine.application is not None and machine.application.status is not CheckStatus.OK:
            return False
        balancer = self.cloud.balancer_of(machine)
        if balancer is None or balancer.by_address:
            return True
        return balancer.health.get(machine.instance_id) is TargetHealth.HEALTHY
