"""What is remembered of another page: what it has been told, what is being told, and how that goes. All are values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from defib.core.frozen import dataclass, replace
from defib.core.page.model import ComponentStatus, PlannedOutage


class About(StrEnum):
    """What an item is about."""

    INCIDENT = "incident"
    OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class Item:
    """One incident or planned outage that the other page has not been told the end of."""

    about: About
    key: str
    """An incident's number, a planned outage's id."""
    remote: str = ""
    """Its id there; empty until it has been made there."""
    told: str = ""
    """The mark of what it was told last: an update's sequence, or how a planned outage stood."""
    parts: tuple[str, ...] = ()
    """Of the next, where each component is told by itself: those that were."""
    outage: PlannedOutage | None = None
    """As it was told: what the policy forgets must still be taken back there."""

    @property
    def name(self) -> str:
        return f"{self.about}:{self.key}"

    @property
    def is_begun(self) -> bool:
        """Whether anybody may have read of it there."""
        return bool(self.remote or self.told or self.parts)


@dataclass(frozen=True, slots=True)
class Doing:
    """A call that was about to be made: remembered first, so that nobody repeats it unseen."""

    what: str
    """The item's name, or the component there."""
    until: datetime
    """Whoever was about to make it has made it by then, or is dead."""
    mark: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """Something that was refused by itself: a person must mend it, and all else goes on."""

    what: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Failing:
    """Why the other page does not follow."""

    since: datetime
    said: str
    """In words for staff; holds no secret."""
    told: bool = False
    """Whether staff have been."""
    mend: bool = False
    """It will not pass by itself."""


@dataclass(frozen=True, slots=True)
class Followed:
    """All that is remembered of one other page. Every change makes a new one with the next version."""

    version: int = 0
    """0 until stored; each write requires the version it read."""
    counted: int = 0
    """The newest incident that has been taken up."""
    items: tuple[Item, ...] = ()
    components: Mapping[str, ComponentStatus] = field(default_factory=dict)
    """How each component there was last put."""
    latest: Mapping[str, str] = field(default_factory=dict)
    """By component there, the id of the last event that is known, where each is told by itself."""
    doing: Doing | None = None
    quiet_until: datetime | None = None
    """No call is made before."""
    tries: int = 0
    """Calls in a row that came to nothing."""
    held: tuple[Held, ...] = ()
    failing: Failing | None = None
    looked_at: datetime | None = None
    """When a turn last left word that the page follows (core/page/pause.py); None where none has yet."""
    which: str = ""
    """Which page all of this is of (``OtherPage.which``); empty: an older version wrote it."""

    def item(self, name: str) -> Item | None:
        return next((item for item in self.items if item.name == name), None)

    def with_item(self, changed: Item) -> Followed:
        """The same with ``changed`` in the place of the item of that name."""
        return replace(self, items=tuple(changed if i.name == changed.name else i for i in self.items))

    def is_held(self, what: str, now: datetime) -> bool:
        return any(held.what == what and now < held.until for held in self.held)
