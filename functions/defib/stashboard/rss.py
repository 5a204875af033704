"""Stashboard's feed of events: ``/rss``, of the services that ``services=a,b`` names or of all."""

from __future__ import annotations

from heapq import merge
from itertools import islice

from defib.publish.page.feeds import UNPRINTABLE
from defib.stashboard.asked import Asked
from defib.stashboard.model import services
from defib.stashboard.told import by_age

ITEMS_MAX = 50
MOUNT = "/api/v1"
CONTENT_TYPE = "application/rss+xml; charset=utf-8"


def feed(asked: Asked) -> str:
    """RSS 2.0, the newest event first. A name that no service has adds nothing."""
    from feedgenerator import Rss201rev2Feed  # type: ignore[import-untyped]  # noqa: PLC0415 - no types; slow

    api, page = asked.at.api, asked.at.page
    wanted = {slug for slug in asked.parameters.get("services", "").split(",") if slug}
    chosen = [s for s in services(asked.board, asked.policy) if not wanted or s.slug in wanted]
    names = {service.slug: service.name for service in chosen}
    streams = (asked.events(service) for service in chosen)
    title = asked.policy.page.title.translate(UNPRINTABLE)
    rss = Rss201rev2Feed(title=title, link=f"{page}/", description=title, feed_url=f"{api.removesuffix(MOUNT)}/rss")
    # Its own answer would be the clock's where there is no event.
    rss.latest_post_date = lambda: asked.now
    for event, status in islice(merge(*streams, key=by_age, reverse=True), ITEMS_MAX):
        address = f"{api}/services/{event.service}/events/{event.sid}"
        name, message = names[event.service], event.message.translate(UNPRINTABLE)
        rss.add_item(
            title=f"[{name} - {status.name}] {message}".translate(UNPRINTABLE),
            link=f"{page}/",
            description=message,
            unique_id=address,
            unique_id_is_permalink=True,
            pubdate=event.at,
            categories=[name.translate(UNPRINTABLE)],
        )
    written: str = rss.writeString("utf-8")
    return written
