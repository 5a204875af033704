"""The page's incidents and planned outages as feeds: one entry each, renewed with whatever becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from html import escape

from defib.core.frozen import dataclass
from defib.core.page.model import MaintenanceStatus, Page, PlannedOutage, PublicIncident
from defib.core.page.planned import by_id
from defib.core.page.settings import PageSettings
from defib.core.page.words import words
from defib.publish.page.document import Document

ENTRIES_MAX = 50
"""Incidents, the newest."""
PLANNED_MAX = 20
"""Planned outages, those that are on and the soonest: there may be one a day, and each service may have its own."""
UNPRINTABLE = dict.fromkeys(({*range(32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF}) - {9, 10, 13})
"""Characters that XML 1.0 can't hold (section 2.2)."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a reader shows as one."""

    title: str
    link: str
    told: str
    """HTML."""
    published: datetime
    updated: datetime
    categories: tuple[str, ...]


def documents(page: Page, settings: PageSettings, url: str) -> Iterator[Document]:
    """``history.rss`` and ``history.atom``."""
    from feedgenerator import Atom1Feed, Rss201rev2Feed  # type: ignore[import-untyped]  # noqa: PLC0415 - no types; slow

    entries = _entries(page, settings, url)
    latest = max([page.changed_at, *(entry.updated for entry in entries)])
    for path, kind, content_type in (
        ("history.rss", Rss201rev2Feed, "application/rss+xml; charset=utf-8"),
        ("history.atom", Atom1Feed, "application/atom+xml; charset=utf-8"),
    ):
        feed = kind(
            title=_clean(settings.title),
            link=f"{url}/",
            description=_clean(settings.title),
            language=settings.language.value,
            author_name=_clean(settings.title),
            feed_url=f"{url}/{path}",
        )
        # Its own answer would be the clock's where there is no entry.
        feed.latest_post_date = lambda: latest
        for entry in entries:
            feed.add_item(
                title=_clean(entry.title),
                link=entry.link,
                description=entry.told,
                unique_id=entry.link,
                unique_id_is_permalink=True,
                pubdate=entry.published,
                updateddate=entry.updated,
                categories=[_clean(name) for name in entry.categories],
            )
        yield Document(path, content_type, feed.writeString("utf-8").encode())


def _entries(page: Page, settings: PageSettings, url: str) -> list[_Entry]:
    """The newest first."""
    names = {component.key: component.name for component in page.components}
    longest = by_id(page.planned)
    planned = [outage for outage in page.planned if longest[outage.id] is outage][:PLANNED_MAX]
    found = [_of_outage(outage, names, settings, url) for outage in planned]
    found += [_of_incident(incident, settings, url) for incident in page.incidents[:ENTRIES_MAX]]
    return sorted(found, key=lambda entry: entry.published, reverse=True)


def _of_incident(incident: PublicIncident, settings: PageSettings, url: str) -> _Entry:
    link, affected = f"{url}/incidents/{incident.id}.html", incident.updates[-1].affected if incident.updates else ()
    told, names = _told(incident, settings), tuple(a.name for a in affected)
    return _Entry(incident.name, link, told, incident.created_at, incident.updated_at, names)


def _of_outage(outage: PlannedOutage, names: Mapping[str, str], settings: PageSettings, url: str) -> _Entry:
    """Its id stays, whenever it ends; none is from the future, though what it tells of is to come."""
    announced = outage.start - settings.announce_maintenance
    turned = {MaintenanceStatus.SCHEDULED: announced, MaintenanceStatus.IN_PROGRESS: outage.start}
    status = escape(words(settings.language).maintenance[outage.status])
    told = f"<p><strong>{status}</strong> – {escape(_clean(outage.body))}</p>"
    concerned = tuple(names[key] for key in outage.components if key in names)
    updated = turned.get(outage.status, outage.end)
    return _Entry(outage.name, f"{url}/#{outage.id}", told, announced, updated, concerned)


def _told(incident: PublicIncident, settings: PageSettings) -> str:
    """HTML, the newest update first."""
    said = words(settings.language).incident
    return "".join(
        f"<p><small>{u.at:%Y-%m-%d %H:%M} UTC</small><br><strong>{escape(said[u.status])}</strong> – "
        f"{escape(_clean(u.body))}</p>"
        for u in reversed(incident.updates)
    )


def _clean(text: str) -> str:
    return text.translate(UNPRINTABLE)
