"""Paging with an end: a question whose answer never stops is given up, with what it has said so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from defib.shell.ports import Rejected

PAGES_MAX = 20
"""Of up to 1,000 entries each (AWSEC2 API, MaxResults): more than a Region's default instance quotas allow."""

Page = TypeVar("Page")


def bounded(pages: Iterable[Page], doing: str) -> Iterator[Page]:
    """At most PAGES_MAX of ``pages``. Raises Rejected if there are more."""
    for number, page in enumerate(pages, start=1):
        if number > PAGES_MAX:
            raise Rejected(f"{doing}: more than {PAGES_MAX} pages; the rest is not read", code="TooManyPages")
        yield page
