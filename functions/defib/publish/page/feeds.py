"""The page's incidents as feeds: one entry an incident, renewed with each of its updates."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from defib.core.page.model import Page, PublicIncident
from defib.core.page.settings import PageSettings
from defib.core.page.words import words
from defib.publish.page.document import Document

ENTRIES_MAX = 50
UNPRINTABLE = dict.fromkeys(({*range(32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF}) - {9, 10, 13})
"""Characters that XML 1.0 can't hold (section 2.2)."""


def documents(page: Page, settings: PageSettings, url: str) -> Iterator[Document]:
    """``history.rss`` and ``history.atom``."""
    from feedgenerator import Atom1Feed, Rss201rev2Feed  # type: ignore[import-untyped]  # noqa: PLC0415 - no types; slow

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
        feed.latest_post_date = lambda: page.changed_at
        for incident in page.incidents[:ENTRIES_MAX]:
            link = f"{url}/incidents/{incident.id}.html"
            feed.add_item(
                title=_clean(incident.name),
                link=link,
                description=_told(incident, settings),
                unique_id=link,
                unique_id_is_permalink=True,
                pubdate=incident.created_at,
                updateddate=incident.updated_at,
                categories=[_clean(a.name) for a in (incident.updates[-1].affected if incident.updates else ())],
            )
        yield Document(path, content_type, feed.writeString("utf-8").encode())


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
