"""All documents of the page in the order in which they are laid out: what is linked to first, the main page last."""

from __future__ import annotations

from collections.abc import Iterator

from defib.core.page.model import Page
from defib.core.page.settings import PageSettings
from defib.publish.page import api_v2, badges, feeds, html
from defib.publish.page.document import Document
from defib.stashboard import icons


def documents(page: Page, settings: PageSettings, url: str, subscribe_at: str = "") -> Iterator[Document]:
    """``url`` is the page's own address, without a slash at its end; ``subscribe_at`` where its form is sent."""
    yield from icons.documents()
    yield from badges.documents(page, settings)
    yield from feeds.documents(page, settings, url)
    yield from api_v2.documents(page, settings, url)
    yield from html.documents(page, settings, subscribe_at)
