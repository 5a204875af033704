"""The status page in memory. The store passes the same contract suite as the table (tests/aws/test_page_store.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from defib.core.frozen import replace
from defib.core.incident import Incident, Notice
from defib.core.page.followed import Followed
from defib.core.page.model import Page, PublicIncident, Shown
from defib.core.page.planned import standing
from defib.shell.page import LaidOut, Repaged
from defib.shell.store import Conflict


@dataclass
class FakePageStore:
    """What is remembered of the page, and the incidents that it follows."""

    now: Shown = field(default_factory=Shown)
    kept: dict[int, PublicIncident] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    incidents: dict[str, Incident] = field(default_factory=dict)
    of_many: list[str] = field(default_factory=list)
    """The names of those that tell of many services."""
    followers: dict[str, Followed] = field(default_factory=dict)
    """What is remembered of the pages that follow, by name."""
    interruptions: list[Callable[[], None]] = field(default_factory=list)
    """Each runs once, just before something is remembered: a rival's write, or a raised error."""

    def shown(self) -> Shown:
        return self.now

    def public_incidents(self, most: int) -> Sequence[PublicIncident]:
        newest = sorted(self.kept.values(), key=lambda incident: -incident.number)
        return [incident for incident in newest if not incident.draft and not incident.withdrawn][:most]

    def remember_page(self, change: Repaged) -> Repaged:
        if self.interruptions:
            self.interruptions.pop(0)()
        if change.shown.version != self.now.version:
            raise Conflict(f"the page has moved on from version {change.shown.version}")
        for incident in change.changed:
            known = self.kept.get(incident.number)
            if incident.version != (known.version if known is not None else 0):
                raise Conflict(f"incident {incident.number} has moved on from version {incident.version}")
        changed = tuple(replace(incident, version=incident.version + 1) for incident in change.changed)
        fresh = {incident.number: incident for incident in changed}
        self.kept |= fresh
        self.notices += change.notices
        versions = {number: incident.version for number, incident in fresh.items()}
        opened = tuple(replace(i, version=versions.get(i.number, i.version)) for i in change.shown.open)
        self.now = replace(change.shown, version=change.shown.version + 1, open=opened)
        return replace(change, shown=self.now, changed=changed)

    def public_incident(self, number: int) -> PublicIncident | None:
        return self.kept.get(number)

    def followed(self, name: str) -> Followed:
        return self.followers.get(name, Followed())

    def remember_followed(self, name: str, followed: Followed, notices: Sequence[Notice] = ()) -> Followed:
        if self.interruptions:
            self.interruptions.pop(0)()
        if followed.version != self.followed(name).version:
            raise Conflict(f"the page {name} has moved on from version {followed.version}")
        self.followers[name] = replace(followed, version=followed.version + 1)
        self.notices += notices
        return self.followers[name]

    def latest_incident(self, service: str) -> Incident | None:
        return self.incidents.get(service)

    def bulletins(self) -> Sequence[str]:
        return self.of_many


@dataclass
class FakeSite:
    """Keeps every page that was laid out; raises ``error`` instead while it is set, and does part while ``in_part``."""

    pages: list[Page] = field(default_factory=list)
    error: Exception | None = None
    build: str = ""
    """Which build has laid out the newest."""
    in_part: bool = False
    _read: tuple[Page, LaidOut] | None = None
    """The newest page when it was last asked for, and what it shows."""

    def laid_out(self) -> LaidOut | None:
        if not self.pages:
            return None
        page = self.pages[-1]
        if self._read is None or self._read[0] is not page:
            self._read = page, LaidOut(page.version, page.generated_at, standing(page.planned), self.build)
        return self._read[1]

    def lay_out(self, page: Page, until: datetime) -> bool:
        del until  # nothing here takes time
        if self.error is not None:
            raise self.error
        if not self.in_part:
            self.pages.append(page)
        return not self.in_part
