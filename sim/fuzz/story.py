"""A story: everything that happens, and nothing that is decided. ``sim/fuzz/draw.py`` makes one of each seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from defib.core.page.model import ComponentStatus
from defib.core.policy import Policy
from sim.fuzz.trouble import Spell, Trouble
from sim.scenario import Scenario

MADE_GOOD = timedelta(minutes=15)
"""Within so long after a denial has been mended nothing of it is left: its traces last ten minutes."""


NOBODYS = "nobodys"
"""As the name of a service: none."""


class Once(StrEnum):
    """At what somebody waits to find Defib."""

    DRAINED = "drained"
    """It has taken the instance out of its target groups."""
    STOPPED = "stopped"
    HELD = "held"
    """A guard keeps it from doing something."""
    HANDED_OVER = "handed_over"
    ANNOUNCED = "announced"
    """It waits for what AWS has announced."""


@dataclass(frozen=True, slots=True)
class Interference:
    """Somebody changes an instance's tags: takes it out of Defib's care, or puts it into maintenance for a while.

    Or gives it to another service. Or is at work on it from then on. Or AWS recovers it by itself.
    """

    at: timedelta
    on: str
    untag: bool = False
    maintenance: timedelta = timedelta(0)
    starts: bool = False
    """Whether they start it themselves, as soon as it is stopped."""
    recovers: bool = False
    """Whether EC2 moves it from a host that has failed to another."""
    service: str = ""
    """The service that it is of from then on."""
    once: Once | None = None
    """What they wait for from ``at`` on; None for nothing."""


@dataclass(frozen=True, slots=True)
class Drilled:
    """Somebody wants a contact drilled, by the command for it."""

    at: timedelta
    contact: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody gives this as the address at which to be told what the page says."""

    at: timedelta
    address: str


@dataclass(frozen=True, slots=True)
class MovedByHand:
    """Somebody moves the traffic of a load balancer by hand."""

    at: timedelta
    on: str
    """Its ARN."""
    zone: str = ""
    """The zone that it is shifted away from; empty where the shift is ended that somebody has started."""
    lasts: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Posted:
    """Somebody says by the Stashboard API how a service stands."""

    at: timedelta
    on: str
    """The service."""
    status: ComponentStatus


@dataclass(frozen=True, slots=True)
class Redeployed:
    """Somebody deploys Defib with another policy, whatever it is at."""

    at: timedelta
    policy_text: str
    policy: Policy


class Edit(StrEnum):
    """What somebody changes on the page by the Stashboard API besides how a service stands."""

    ADD_SERVICE = "add_service"
    DELETE_SERVICE = "delete_service"
    CHANGE_SERVICE = "change_service"
    """``to`` is its new name."""
    ADD_STATUS = "add_status"
    """One of those that every Stashboard begins with, after it was deleted; or, with an icon ``to`` it, another."""
    CHANGE_STATUS = "change_status"
    """``to`` is its new icon."""
    DELETE_STATUS = "delete_status"
    ADD_LIST = "add_list"
    DELETE_LIST = "delete_list"
    PUT_IN_LIST = "put_in_list"
    """``to`` is the list; empty for none."""
    SAY = "say"
    """That the service has the status ``to``."""
    ONLY_SAY = "only_say"
    """As an event that is informational: it changes nothing."""
    DELETE_EVENTS = "delete_events"
    """All that the API tells of the service, Defib's own among them."""


@dataclass(frozen=True, slots=True)
class Edited:
    """Somebody changes the page by the Stashboard API."""

    at: timedelta
    edit: Edit
    on: str
    """The service, the status or the list."""
    to: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that happens, and nothing that is decided."""

    seed: int
    scenario: Scenario
    policy_text: str
    policy: Policy
    spells: tuple[Spell, ...] = ()
    meddling: tuple[Interference, ...] = ()
    drills: tuple[Drilled, ...] = ()
    asked: tuple[Asked, ...] = ()
    moved: tuple[MovedByHand, ...] = ()
    posted: tuple[Posted, ...] = ()
    edited: tuple[Edited, ...] = ()
    published: tuple[timedelta, ...] = ()
    """When somebody publishes the newest draft of the page of which they have read, if there is one."""
    redeployed: tuple[Redeployed, ...] = ()

    @property
    def ends_at(self) -> datetime:
        """When nothing more happens by itself: what holds repairs for a while is over by then, and they may go on."""
        told = self.scenario
        pulled = (pull.at for pull in told.kill_switch)
        over = (issue.at + issue.lasts for issue in told.health_issues if issue.lasts is not None)
        mended = (s.at + s.lasts + MADE_GOOD for s in self.spells if s.trouble is Trouble.DENIED)
        return told.start + max([told.until, *pulled, *over, *mended])

    @property
    def is_about_addresses(self) -> bool:
        """Whether the sweep sees to addresses and drills in it."""
        return bool(self.drills or self.scenario.unreachable or self.scenario.drill_answers)


def names(scenario: Scenario) -> list[str]:
    return [f"{fleet.name}-{n + 1}" for fleet in scenario.fleet for n in range(fleet.count)]
