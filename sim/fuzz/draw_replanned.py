"""A deployment that calls a planned outage off, moves it, or ends it at another time, where customers read of it."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import tomli_w

from defib.core.duration import format_duration, parse_duration
from defib.core.parse import parse
from sim.fuzz.story import Redeployed, Story

ONE_OF = 2
"""One of so many stories has one in which there is something to change, and somebody to read it."""


def with_outages_replanned(story: Story, random: Random) -> Story:
    """The story with one, if it has no deployment yet."""
    table = tomllib.loads(story.policy_text)
    planned = [name for name, made in table["services"].items() if "maintenance" in made and "page" in made]
    if not planned or story.redeployed or not story.policy.page.subscribe or random.randrange(ONE_OF):
        return story
    name, how = random.choice(planned), random.choice(("off", "later", "longer"))
    service = table["services"][name]
    changed = [new for entry in service["maintenance"] for new in _changed(entry, how)]
    kept = {key: value for key, value in service.items() if key not in ("maintenance", "planned_restart")}
    services = {**table["services"], name: {**service, "maintenance": changed} if changed else kept}
    text = tomli_w.dumps({**table, "services": services})
    at = timedelta(seconds=random.randint(0, int(story.scenario.until.total_seconds())))
    return replace(story, redeployed=(Redeployed(at, text, parse(text)),))


def _changed(entry: dict[str, Any], how: str) -> list[dict[str, Any]]:
    match how:
        case "later":
            later = datetime.strptime(entry["at"], "%H:%M") + timedelta(minutes=20)  # noqa: DTZ007 - a time of day
            return [{**entry, "at": f"{later:%H:%M}"}]
        case "longer":
            return [{**entry, "lasts": format_duration(parse_duration(entry["lasts"]) + timedelta(minutes=20))}]
        case _:
            return []
