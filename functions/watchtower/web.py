"""Whether what people reach over HTTPS answers: the status page, and the functions behind an API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from watchtower.model import Finding, PageMade, Readings, Unknown, Weight, Why
from watchtower.settings import Settings
from watchtower.spans import ago

MEANS = {
    "answer": "Nobody can answer by a link from an e-mail; the command in it still works.",
    "stashboard": "What clients post to the Stashboard API is lost, and widgets show nothing.",
    "subscribe": "Customers can't subscribe to the status page.",
}
CAN_WAIT = {"subscribe"}


def page(readings: Readings, settings: Settings, now: datetime) -> Iterator[Finding]:
    shown = readings.page
    if isinstance(shown, Unknown) and was_asked(shown):
        yield Finding(
            "page",
            "page",
            Weight.GRAVE,
            f"the status page doesn't answer: {shown.detail}",
            f"The status page does not answer over HTTPS: {shown.detail}. Customers may see nothing.",
            "Open it yourself; then see CloudFront and the page's bucket",
        )
    elif isinstance(shown, PageMade) and now - shown.at > settings.page_within:
        yield Finding(
            "page",
            "page old",
            Weight.GRAVE,
            f"the status page is {ago(now - shown.at)} old",
            f"The status page was last made {ago(now - shown.at)} ago; {ago(settings.page_within)} are allowed. What "
            "customers read may be wrong.",
            f"Read the log of page in {settings.primary_region}, then its queue",
        )


def doors(readings: Readings, settings: Settings) -> Iterator[Finding]:
    """Each function that was asked and did not answer as it does."""
    there = settings.primary_region
    for door in readings.doors:
        if isinstance(door.found, Unknown) and was_asked(door.found):
            yield Finding(
                of_door(door.function),
                of_door(door.function),
                Weight.MINOR if door.function in CAN_WAIT else Weight.GRAVE,
                f"{door.function} in {there} doesn't answer: {door.found.detail}",
                f"The function {door.function} in {there} does not answer over HTTPS as it should: "
                f"{door.found.detail}. {MEANS.get(door.function, '')}".rstrip(),
                f"Read the log of {door.function} in {there}, then see its API in the API Gateway console",
            )


def of_door(function: str) -> str:
    """What its findings are about."""
    return f"door {function}"


def was_asked(unknown: Unknown) -> bool:
    """Whether it was asked: that it does not answer is then the very thing that was to be found out."""
    return unknown.why in {Why.SILENT, Why.REFUSED}
