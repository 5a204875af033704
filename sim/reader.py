"""The main page as a reader of its own time sees it, whatever the clock of the browser that shows it.

The page's script holds the reader's clock against the time at which the page was made. A replay's time is another one:
here it is virtual time that decides whether the page admits to be stale.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

MADE = re.compile(rb'<time id="made" datetime="([^"]+)"')
STALE = re.compile(rb'data-after="(\d+)" hidden>')
NEVER_S = b"1000000000000"
"""Seconds after which the script of the page then says so: thirty thousand years."""


def as_read_at(now: datetime, page: bytes) -> bytes:
    """``page`` is a document of the status page; what tells no age stays as it is."""
    made, stale = MADE.search(page), STALE.search(page)
    if made is None or stale is None:
        return page
    old = now - datetime.fromisoformat(made[1].decode()) > timedelta(seconds=int(stale[1]))
    return STALE.sub(b'data-after="' + NEVER_S + (b'">' if old else b'" hidden>'), page)
