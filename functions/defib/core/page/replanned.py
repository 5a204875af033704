"""What has become of the planned outages that people have read of: as they were told, at other times, called off.

Nobody says which of those in the plan an outage is that was planned otherwise before: what there is to go by is when it
begins, for which components, and its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from defib.core.frozen import dataclass
from defib.core.page.model import MaintenanceStatus, PlannedOutage, page_id
from defib.core.page.planned import OVER_FOR, by_id, planned, still_planned
from defib.core.policy import Policy

NAME_MOST = 200
"""Characters of a name that are remembered: with a hundred services on the page it may have thousands."""
MOVED_MOST = timedelta(days=1)
"""How far from when one was to begin another may, of which it is not time to tell yet, and be the same one. The next of
every week is none."""


@dataclass(frozen=True, slots=True)
class Told:
    """A planned outage as people have read of it last."""

    name: str
    components: tuple[str, ...]
    """By key."""
    start: datetime
    end: datetime
    sequence: int = 0
    """Of the last letter about it; 0 announced it."""

    @property
    def id(self) -> str:
        return page_id("maintenance", f"{self.start.isoformat()} {' '.join(sorted(self.components))}")


@dataclass(frozen=True, slots=True)
class Plans:
    """What is planned at one moment."""

    now: datetime
    near: tuple[PlannedOutage, ...] = ()
    """What the page announces, and what it shows of the past."""
    still: tuple[PlannedOutage, ...] = ()
    """All that people may have read of, what is near among them."""
    shown: frozenset[str] = frozenset()
    """The components that are services on the page: of others nobody knows what is planned."""


@dataclass(frozen=True, slots=True)
class Change:
    """What people are to read of one planned outage."""

    before: tuple[Told, ...]
    """As which they know it; nothing for one that is news to them, more than one where those are one by now."""
    outage: PlannedOutage | None
    """As it is planned now; None where it no longer is."""


def plans(policy: Policy, now: datetime) -> Plans:
    """Those of ``policy``."""
    shown = frozenset(service.name for service in policy.services if service.page.title)
    return Plans(now, planned(policy, now), still_planned(policy, now), shown)


def as_told(outage: PlannedOutage, sequence: int = 0) -> Told:
    """What is remembered once people have read of ``outage``."""
    return Told(outage.name[:NAME_MOST], outage.components, outage.start, outage.end, sequence)


def announced(plans: Plans) -> tuple[Told, ...]:
    """As if people had read of all that is near."""
    return tuple(as_told(outage) for outage in by_id(plans.near).values())


def changes(told: Sequence[Told], plans: Plans) -> Iterator[Change]:
    """All that people are to read, given what they have been ``told``.

    That one begins or ends as they were told is no news.
    """
    known: dict[str, list[Told]] = {}
    outages = by_id(plans.still)
    for before, outage in _paired(told, plans):
        if outage is not None:
            known.setdefault(outage.id, []).append(before)
        elif before.end > plans.now and _shown(before, plans):
            yield Change((before,), None)
    for key, befores in known.items():
        if _is_news(befores, outages[key], plans):
            yield Change(tuple(befores), outages[key])
    near = by_id(plans.near)
    yield from (Change((), outages[key]) for key, o in near.items() if key not in known and _is_due(o))


def kept(told: Sequence[Told], plans: Plans) -> tuple[Told, ...]:
    """What is still to be remembered once people have read all that they are to: what may come up again."""
    found = {}
    for before, outage in _paired(told, plans):
        if before.end + OVER_FOR > plans.now and (outage is not None or _shown(before, plans)):
            after = before if outage is None else as_told(outage, before.sequence)
            found[after.id] = after
    return tuple(found.values())


def _paired(told: Sequence[Told], plans: Plans) -> Iterator[tuple[Told, PlannedOutage | None]]:
    """Each that people know, with what it is by now; None where it is no longer planned."""
    outages, known = by_id(plans.still), {before.id for before in told}
    fresh = [outage for key, outage in outages.items() if key not in known]
    here = {t.id: outages.get(t.id) or next((o for o in fresh if _is_same(t, o, plans)), None) for t in told}
    near, taken = {outage.id for outage in plans.near}, {outage.id for outage in here.values() if outage is not None}
    for before in sorted(told, key=lambda told: told.start):
        outage = here[before.id]
        if outage is None and before.end > plans.now:
            free = [o for o in fresh if o.id not in taken and _may_be(before, o, plans, is_near=o.id in near)]
            outage = min(free, key=lambda o: abs(o.start - before.start), default=None)
            taken |= {outage.id} if outage is not None else set()
        yield before, outage


def _is_same(before: Told, outage: PlannedOutage, plans: Plans) -> bool:
    """Whether it begins as planned, for more components or fewer, or for some that have another key by now."""
    if outage.start != before.start or before.end <= plans.now:
        return False
    return bool(set(outage.components) & set(before.components)) or _is_called_so(before, outage)


def _may_be(before: Told, outage: PlannedOutage, plans: Plans, *, is_near: bool) -> bool:
    """Whether it is for the same components, at another time."""
    is_soon = is_near or (before.start > plans.now and abs(outage.start - before.start) <= MOVED_MOST)
    return is_soon and _is_due(outage) and _shown(before, plans) == set(outage.components)


def _is_news(befores: Sequence[Told], outage: PlannedOutage, plans: Plans) -> bool:
    """Whether people expect something else of ``outage``."""
    if not _is_due(outage):
        return any(before.end > plans.now for before in befores)
    return any((b.start, b.end) != (outage.start, outage.end) or _has_others(b, outage, plans) for b in befores)


def _has_others(before: Told, outage: PlannedOutage, plans: Plans) -> bool:
    return _shown(before, plans) != set(outage.components) and not _is_called_so(before, outage)


def _is_called_so(before: Told, outage: PlannedOutage) -> bool:
    return before.name == outage.name[:NAME_MOST]


def _shown(before: Told, plans: Plans) -> frozenset[str]:
    return plans.shown & set(before.components)


def _is_due(outage: PlannedOutage) -> bool:
    return outage.status is not MaintenanceStatus.COMPLETED
