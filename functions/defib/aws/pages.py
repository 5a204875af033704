"""Paging with an end: a question whose answer never stops is given up, with what it has said so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from time import monotonic
from typing import TypeVar

from defib.shell.ports import Rejected

PAGES_MAX = 20
"""Of up to 1,000 entries each (AWSEC2 API, MaxResults), also where few pass the filter: EC2 has been seen to
fill a page before it filters it (aws-sdk-js, issue 940)."""

Page = TypeVar("Page")


def bounded(pages: Iterable[Page], doing: str) -> Iterator[Page]:
    """At most PAGES_MAX of ``pages``. Raises Rejected if there are more."""
    for number, page in enumerate(pages, start=1):
        if number > PAGES_MAX:
            raise Rejected(f"{doing}: more than {PAGES_MAX} pages; the rest is not read", code="TooManyPages")
        yield page


def timely(read: Iterable[Page], doing: str, within: timedelta) -> Iterator[Page]:
    """What is ``read``, until it has taken longer than ``within``. Raises Rejected if there is more then."""
    began = monotonic()
    for one in read:
        if monotonic() - began > within.total_seconds():
            seconds = within.total_seconds()
            raise Rejected(f"{doing}: takes longer than {seconds:.0f} s; the rest is not read", code="TooLong")
        yield one
