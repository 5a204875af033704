"""What no key of the drills can say alone: that they come at all, and that a missing answer is told."""

from __future__ import annotations

from datetime import timedelta

from defib.core.drill import DrillSettings
from defib.core.duration import format_duration
from defib.core.maintenance import is_zone
from defib.core.mistake import Mistakes, Path

EVERY_LEAST = timedelta(days=1)
"""They come at one hour of a day: more often than that they would come again and again within that hour."""

BEFORE_NEXT = timedelta(hours=2)
"""How long before ``every`` is over the answer must be missed: the next drill may come an hour sooner than that, and
takes the place of one that nobody has answered."""

UTC = "UTC"

ZONE: Path = ("drill", "zone")
EVERY: Path = ("drill", "every")
DAYS: Path = ("drill", "days")
WITHIN: Path = ("drill", "answer_within")


def check_drill(drill: DrillSettings, mistakes: Mistakes) -> None:
    """Report a zone that there is not, and drills that can never come, or whose answers nobody would miss."""
    # Each function that starts reads this: what is left out takes no database.
    if drill.zone != UTC and not mistakes.spoil(ZONE) and not is_zone(drill.zone):
        must = "must be a time zone of the IANA time zone database"
        mistakes.add(ZONE, drill.zone, must, 'zone = "Europe/Berlin"')
    if not drill.every or mistakes.spoil(EVERY):
        return
    if not drill.days and not mistakes.spoil(DAYS):
        must = 'must name a day: without one no drill ever comes, which every = "0s" says'
        mistakes.add(DAYS, [], must, 'days = ["tue"]')
    if drill.every < EVERY_LEAST:
        must = "must be 0s, which is never, or at least 1d: drills come at one hour of a day"
        mistakes.add(EVERY, drill.every, must, 'every = "7d"')
    elif drill.answer_within > drill.every - BEFORE_NEXT and not mistakes.spoil(WITHIN):
        most = format_duration(drill.every - BEFORE_NEXT)
        must = (
            f"must be at most {most}, two hours less than drill.every: the next drill takes the place of one that "
            "nobody has answered, and nobody would hear of that"
        )
        mistakes.add(WITHIN, drill.answer_within, must, f'answer_within = "{most}"')
