"""A badge for each component and for the whole page: an image, and what shields.io needs to draw one.

Each holds, where nobody reads it, since when it stands so: the layout knows documents by their bytes, and those of none
may come back (publish/page/site.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape

from defib.core.page.model import ComponentStatus, Page
from defib.core.page.settings import PageSettings
from defib.core.page.words import words
from defib.publish.page.document import Document
from defib.publish.page.feeds import UNPRINTABLE

COLOURS = {
    ComponentStatus.OPERATIONAL: "#0b6b2e",
    ComponentStatus.UNDER_MAINTENANCE: "#24478f",
    ComponentStatus.DEGRADED: "#7a5200",
    ComponentStatus.PARTIAL_OUTAGE: "#a33b00",
    ComponentStatus.MAJOR_OUTAGE: "#b00020",
}
"""White text on each has a contrast of at least 4.5:1 (WCAG 2.2, 1.4.3)."""

WHOLE = "page"
"""The badge of the whole page; a service of this name has none."""
HEIGHT = 20
PADDING = 7
CHARACTER = 6.6
"""Pixels that a character takes on average in Verdana at 11 pixels; ``textLength`` makes it true."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def documents(page: Page, settings: PageSettings) -> Iterator[Document]:
    """``badge/<key>.svg`` and ``badge/<key>.json`` for each component, and for the page itself."""
    said = words(settings.language).component
    whole = (WHOLE, settings.title, page.worst, page.changed_at)
    parts = ((c.key, c.name, c.status, c.updated_at) for c in page.components if c.key != WHOLE)
    for key, name, status, at in (whole, *parts):
        since = at or EPOCH
        svg = f"{_svg(name, said[status], status)}<!-- {since.isoformat()} -->"
        shield = f"{_shields(name, said[status], status)}{_blanks(since)}"
        yield Document(f"badge/{key}.svg", "image/svg+xml; charset=utf-8", svg.encode())
        yield Document(f"badge/{key}.json", "application/json; charset=utf-8", shield.encode())


def _blanks(since: datetime) -> str:
    """The time in blanks, which may follow JSON (RFC 8259, section 2); shields.io refuses what it has no name for."""
    return "".join(" \t"[int(digit)] for digit in f"{(since - EPOCH) // timedelta(microseconds=1):b}")


def _shields(name: str, said: str, status: ComponentStatus) -> str:
    """The endpoint schema of shields.io."""
    shield = {
        "schemaVersion": 1,
        "label": name,
        "message": said,
        "color": COLOURS[status].removeprefix("#"),
        "isError": status.severity >= ComponentStatus.PARTIAL_OUTAGE.severity,
    }
    return json.dumps(shield, ensure_ascii=False)


def _svg(name: str, said: str, status: ComponentStatus) -> str:
    name = name.translate(UNPRINTABLE)
    left, right = _width(name), _width(said)
    title = escape(f"{name}: {said}", quote=True)
    texts = "".join(
        f'<text x="{x}" y="14" textLength="{width - 2 * PADDING}">{escape(text)}</text>'
        for text, x, width in ((name, PADDING, left), (said, left + PADDING, right))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" role="img" '
        f'aria-label="{title}"><title>{title}</title>'
        f'<rect width="{left + right}" height="{HEIGHT}" rx="3" fill="#333"/>'
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v{HEIGHT - 6}a3 3 0 0 1-3 3h-{right - 3}z" '
        f'fill="{COLOURS[status]}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" '
        f'lengthAdjust="spacingAndGlyphs">{texts}</g></svg>'
    )


def _width(text: str) -> int:
    return round(len(text) * CHARACTER) + 2 * PADDING
