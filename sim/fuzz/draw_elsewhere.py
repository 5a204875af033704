"""Pages of the kinds Instatus and webhook, besides any other that follows, and trouble on the way to all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from defib.core.page.elsewhere import Kind
from sim.fuzz.story import Story
from sim.fuzz.trouble import Spell, Trouble

ONE_IN = 4
"""Of so many policies with a page one has a further page that follows."""

TROUBLES = {
    Trouble.REFUSED: 1,
    Trouble.HANGS: 1,
    Trouble.DIES_BEFORE: 1,
    Trouble.ANSWER_LOST: 3,
    Trouble.DIES_AFTER: 3,
}
"""How often each is drawn: most often what leaves it open whether the page has been told."""


def further_page(table: Mapping[str, Any], random: Random) -> dict[str, dict[str, Any]]:
    """One page by its name, or none, for a policy that begins with ``table``."""
    shown = [name for name, service in table["services"].items() if "page" in service]
    if not shown or random.randrange(ONE_IN):
        return {}
    if random.random() < 0.5:
        place = {"kind": Kind.WEBHOOK.value, "url": "https://hooks.example.com/status"}
        return {"hook": {**place, "secret": "defib/hook", "tell_after": _tell_after(random)}}
    # Instatus shows two services as one where the operators have it so.
    there = {name: [f"i-{name}"] if random.random() < 0.7 else ["i-all", f"i-{name}"] for name in shown}
    place = {"kind": Kind.INSTATUS.value, "page_id": "ckf01fvnxywz60a35saa"}
    page = {**place, "secret": "defib/instatus", "components": there, "notify": random.random() < 0.5}
    return {"instatus": {**page, "tell_after": _tell_after(random)}}


def with_doubts(story: Story, random: Random) -> Story:
    """The story with trouble on the way to the pages that follow, where there are any: about when they are told."""
    if not story.policy.page.elsewhere or random.random() < 0.5:
        return story
    faults = [fault.at for fault in story.scenario.faults] or [timedelta(0)]
    spells = (
        Spell(
            at=random.choice(faults) + story.policy.page.hold + timedelta(seconds=random.randint(0, 600)),
            lasts=timedelta(seconds=random.choice((60, 300, 900))),
            trouble=random.choices(list(TROUBLES), list(TROUBLES.values()))[0],
            on="elsewhere.tell",
            chance=random.choice((0.3, 0.6, 1.0)),
        )
        for _ in range(random.randint(1, 2))
    )
    return replace(story, spells=(*story.spells, *spells))


def _tell_after(random: Random) -> str:
    return random.choice(("1m", "10m", "30m"))
