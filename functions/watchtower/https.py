"""What the watchtower asks over HTTPS: the status page, and the functions that people reach; all at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from watchtower.asking import AFRESH, CONNECT_TIMEOUT, READ_TIMEOUT, Asking, Unreadable
from watchtower.model import Door, Knocked, PageMade, Unknown, Watched, Why

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

MANIFEST_READ = 4096
"""Bytes; when the page was made stands at the beginning."""
MADE = re.compile(rb'"generated_at":"([^"]{10,40})"')


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Front:
    """What there is to be asked."""

    page: bool
    doors: tuple[str, ...]
    """Functions."""


def ask_front(
    http: PoolManager, asking: Asking, front: Front, names: Watched | None
) -> tuple[PageMade | Unknown | None, tuple[Knocked, ...]]:
    """How the page and each function answer. At once: together they cost a look one deadline (docs/watching.md)."""
    known = {door.function: door for door in names.doors} if names is not None else {}
    with ThreadPoolExecutor(max_workers=1 + len(front.doors)) as pool:
        page = None
        if front.page and names is not None and names.page:
            page = pool.submit(asking.ask, "the status page", partial(_page_at, http, names.page))
        knocks = {
            function: pool.submit(asking.ask, f"its {function}", partial(_knock, http, known[function]))
            for function in front.doors
            if function in known
        }
        found = tuple(
            Knocked(function, knocks[function].result() if function in knocks else nameless())
            for function in front.doors
        )
        return (page.result() if page is not None else nameless() if front.page else None), found


def nameless() -> Unknown:
    """Of what can't be asked for want of its name."""
    return Unknown(Why.NO_NAME, "what it is called there is not known")


def _page_at(http: PoolManager, address: str) -> PageMade:
    def made(answer: BaseHTTPResponse) -> PageMade:
        if answer.status not in {200, 206}:
            raise Unreadable(f"HTTP status {answer.status}")
        said = MADE.search(answer.read(MANIFEST_READ))
        if said is None:
            raise Unreadable("it does not say when it was made")
        return PageMade(time_in(said[1].decode()))

    return _asked(http, "GET", f"{address}/manifest.json", {"Range": f"bytes=0-{MANIFEST_READ - 1}"}, made)


def _knock(http: PoolManager, door: Door) -> None:
    def answered(answer: BaseHTTPResponse) -> None:
        if answer.status != door.status:
            raise Unreadable(f"HTTP status {answer.status}")

    _asked(http, door.method, door.url, {}, answered)


def _asked(
    http: PoolManager, method: str, address: str, headers: Mapping[str, str], read: Callable[[BaseHTTPResponse], T]
) -> T:
    from urllib3 import Timeout  # noqa: PLC0415 - beside its only use

    timeout = Timeout(connect=CONNECT_TIMEOUT.total_seconds(), read=READ_TIMEOUT.total_seconds())
    answer = http.request(
        method,
        address,
        headers={**AFRESH, **headers},
        timeout=timeout,
        retries=False,
        redirect=False,
        preload_content=False,
    )
    try:
        return read(answer)
    finally:
        answer.release_conn()


def time_in(text: str) -> datetime:
    """A time with its offset. Raises Unreadable."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unreadable(f"{text[:40]!r} is no time") from error
    if at.tzinfo is None:
        raise Unreadable(f"{text[:40]!r} has no offset from UTC")
    return at.astimezone(UTC)
