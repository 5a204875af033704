"""The status page follows: read what is in trouble, derive what customers see, remember it, then lay the page out anew.

Called after every change of an incident and once a minute; a call that is lost is made good by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from defib.core.frozen import dataclass
from defib.core.incident import Incident, Notice
from defib.core.page.derive import Derived, derive, publish
from defib.core.page.draft import ask_to_publish
from defib.core.page.model import Page, PlannedOutage, PublicIncident, Shown
from defib.core.page.planned import planned, standing
from defib.core.page.trouble import losses, troubles
from defib.core.policy import Policy
from defib.shell.ports import CallFailed, Clock
from defib.shell.store import Conflict
from defib.shell.timelines import timelines

CONFLICTS_MAX = 5
"""How often one call starts afresh because someone else wrote first; the next call tries again."""
LOOKS_MOST = 50
"""Looks of one call, each of which changes no more than fits in one write; the next call goes on."""
INCIDENTS_MOST = 5_000
"""Past incidents that the page can show; the oldest beyond it are kept in the table, but not shown."""
LAYOUT_WITHIN = timedelta(seconds=50)
"""How long after its beginning a turn puts documents; the next goes on. So it ends before the sweep asks for that, a
minute after the last, and long before its function is ended: one call that hangs then, a note of how far it has come,
and letters fit in as well."""


class Made(StrEnum):
    """What came of a turn."""

    AS_IT_WAS = ""
    ANEW = "page made anew"
    IN_PART = "page made anew in part; the next turn goes on"


@dataclass(frozen=True, slots=True)
class Repaged:
    """One atomic write of the page's state, the incidents that have changed, and what staff are told of it."""

    shown: Shown
    changed: tuple[PublicIncident, ...] = ()
    notices: tuple[Notice, ...] = ()


class PageStore(Protocol):
    """What is remembered of the page. All reads are strongly consistent."""

    def shown(self) -> Shown: ...

    def public_incidents(self, most: int) -> Sequence[PublicIncident]:
        """The newest first; no drafts, none withdrawn."""
        ...

    def public_incident(self, number: int) -> PublicIncident | None:
        """Of that number, a draft or a withdrawn one, too."""
        ...

    def remember_page(self, change: Repaged) -> Repaged:
        """Write all or nothing and return it with the new versions. Raises Conflict when others wrote first."""
        ...

    def latest_incident(self, service: str) -> Incident | None: ...

    def bulletins(self) -> Sequence[str]:
        """The names under which incidents are kept that tell staff of many services (core/page/trouble.py)."""
        ...


class Site(Protocol):
    """Where the documents of the page lie."""

    def laid_out(self) -> LaidOut | None:
        """What lies there; None before the first time."""
        ...

    def lay_out(self, page: Page, until: datetime) -> bool:
        """Make every document show ``page``: each whole, the main page last, none of an older version over a newer.

        False where that was not done by ``until``: the next call goes on, and each of them gets further.
        """
        ...


@dataclass(frozen=True, slots=True)
class LaidOut:
    """What the documents show."""

    version: int
    generated_at: datetime
    standing: str
    """What changes with time alone, as ``planned.standing`` says it."""
    build: str = ""
    """Which build has made them."""


class Followers(Protocol):
    """The way to the pages that follow this one."""

    def hand_on(self, change: str) -> None:
        """Have each take its turn. One that can't be told holds up no other, and is told of in the end.

        Where nothing answers no more is tried: ten in a row would outlast the function, and the page is yet to be made.
        """
        ...


class Announcements(Protocol):
    """The way to staff."""

    def announce(self, notices: Sequence[Notice]) -> None: ...


@dataclass(frozen=True, slots=True)
class Paging:
    """What following needs of the outside world."""

    clock: Clock
    store: PageStore
    sites: tuple[Site, ...]
    """The page's own place first, then copies of it in other Regions."""
    staff: Announcements
    copy_failed: Callable[[CallFailed], None]
    """Hears of each copy that could not be made to show what the page does; the next call tries again."""
    followers: Followers | None = None
    """None where no other page follows."""
    build: str = ""
    """Which build makes the documents now."""


def follow(edges: Paging, policy: Policy) -> Made:
    """Bring the page up to date, as far as a turn's time goes.

    Raises Conflict when others wrote first too often, Transient or Rejected when AWS fails, but not for a copy's sake.
    """
    for _ in range(CONFLICTS_MAX):
        try:
            return _follow(edges, policy)
        except Conflict:
            continue
    raise Conflict(f"the page: others wrote first {CONFLICTS_MAX} times; the next call tries again")


def publish_draft(number: int, edges: Paging, policy: Policy) -> bool:
    """A person publishes the draft of that number; False when there is none. Raises as ``follow`` does."""
    for _ in range(CONFLICTS_MAX):
        now, shown = edges.clock.now(), edges.store.shown()
        derived = publish(shown, number, policy, now)
        if not derived.changed:
            return False
        try:
            remember(derived, edges, policy, now)
        except Conflict:
            continue
        return True
    raise Conflict(f"draft {number}: others wrote first {CONFLICTS_MAX} times; the event will be delivered again")


def _follow(edges: Paging, policy: Policy) -> Made:
    now = edges.clock.now()
    shown = _looked(edges.store.shown(), edges, policy, now)
    # Before the layout, which may hang; and what can't be handed on keeps no reader from a fresh page.
    failure: CallFailed | None = None
    try:
        if edges.followers is not None:
            edges.followers.hand_on(f"page-{shown.version}")
    except CallFailed as error:
        failure = error
    made = _lay_out(shown, edges, policy, now)
    if failure is not None:
        raise failure
    return made


def _looked(shown: Shown, edges: Paging, policy: Policy, now: datetime) -> Shown:
    """The page once all that is in trouble now has been looked at, and what follows from it is remembered."""
    incidents = _incidents(edges.store, policy)
    troubled, lost = troubles(incidents), losses(incidents)
    for _ in range(LOOKS_MOST):
        derived = derive(shown, troubled, policy, now, lost)
        if derived.shown != shown:
            shown = remember(derived, edges, policy, now)
        if not derived.more:
            break
    return shown


def remember(derived: Derived, edges: Paging, policy: Policy, now: datetime) -> Shown:
    """Write what was derived and pass it on. Raises Conflict."""
    notices = tuple(ask_to_publish(draft, policy.region, now) for draft in derived.drafted)
    changed = timelines(derived.changed, edges.store, policy)
    written = edges.store.remember_page(Repaged(derived.shown, changed, notices))
    if notices:
        edges.staff.announce(notices)
    return written.shown


def _incidents(store: PageStore, policy: Policy) -> list[Incident]:
    names = [service.name for service in policy.services if service.page.title]
    names += store.bulletins()
    return [incident for name in names if (incident := store.latest_incident(name)) is not None]


def _lay_out(shown: Shown, edges: Paging, policy: Policy, now: datetime) -> Made:
    """Every place on its own: one that fails holds up no other. Only the page's own failing fails the call."""
    outages = planned(policy, now)
    page: Page | None = None
    failed: list[CallFailed] = []
    whole = True
    for number, site in enumerate(edges.sites):
        try:
            if _is_fresh(site.laid_out(), shown, outages, edges.build, policy, now):
                continue
            page = page or _page(shown, outages, edges, now)
            whole = site.lay_out(page, now + LAYOUT_WITHIN) and whole
        except CallFailed as error:
            if number == 0:
                failed.append(error)
            else:
                edges.copy_failed(error)
    if failed:
        raise failed[0]
    if page is None:
        return Made.AS_IT_WAS
    return Made.ANEW if whole else Made.IN_PART


def _is_fresh(
    lies: LaidOut | None, shown: Shown, outages: tuple[PlannedOutage, ...], build: str, policy: Policy, now: datetime
) -> bool:
    if lies is None or now - lies.generated_at >= policy.page.refresh:
        return False
    return (lies.version, lies.standing, lies.build) == (shown.version, standing(outages), build)


def _page(shown: Shown, outages: tuple[PlannedOutage, ...], edges: Paging, now: datetime) -> Page:
    return Page(shown.version, now, shown.components, tuple(edges.store.public_incidents(INCIDENTS_MOST)), outages)
