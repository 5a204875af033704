"""A badge for each component and for the whole page: an image, and what shields.io needs to draw one."""

from __future__ import annotations

import json
from collections.abc import Iterator
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
"""The badge of the whole page; no service can have this name and a badge both, so it comes first."""
HEIGHT = 20
PADDING = 7
CHARACTER = 6.6
"""Pixels that a character takes on average in Verdana at 11 pixels; ``textLength`` makes it true."""


def documents(page: Page, settings: PageSettings) -> Iterator[Document]:
    """``badge/<key>.svg`` and ``badge/<key>.json`` for each component, and for the page itself."""
    said = words(settings.language).component
    rows = [(WHOLE, settings.title, page.worst), *((c.key, c.name, c.status) for c in page.components)]
    for key, name, status in rows:
        yield Document(f"badge/{key}.svg", "image/svg+xml; charset=utf-8", _svg(name, said[status], status).encode())
        yield Document(f"badge/{key}.json", "application/json; charset=utf-8", _shields(name, said[status], status))


def _shields(name: str, said: str, status: ComponentStatus) -> bytes:
    """The endpoint schema of shields.io."""
    shield = {
        "schemaVersion": 1,
        "label": name,
        "message": said,
        "color": COLOURS[status].removeprefix("#"),
        "isError": status.severity >= ComponentStatus.PARTIAL_OUTAGE.severity,
    }
    return json.dumps(shield, ensure_ascii=False).encode()


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
