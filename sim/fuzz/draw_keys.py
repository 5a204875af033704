"""Keys of a drawn policy on which nothing else of its story hangs: the fleet alarm, and how long a call may take.

Set over the whole story, so that the rest of it stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

import tomli_w

from defib.core.consistency import CALL_MOST
from defib.core.duration import format_duration
from defib.core.policy import Calls, Policy
from sim.fuzz.story import Story
from sim.fuzz.trouble import TAKE_TIME

Changed = Callable[[str, Policy], tuple[str, Policy]]
"""From a policy, as text and as it is read, to another."""
SECOND = timedelta(seconds=1)


def with_fleet_alarm(story: Story, random: Random) -> Story:
    """The story with the fleet alarm, in every second: what fails is found by it or by the sweep, whichever is first.

    In the others the sweep must find all that fails by itself.
    """
    return story if random.randrange(2) else _governed(story, _alarmed)


def with_calls(story: Story, random: Random) -> Story:
    """The story with bounds of a call of its own, where calls take time, or other pages are called."""
    if not story.policy.page.elsewhere and all(spell.trouble not in TAKE_TIME for spell in story.spells):
        return story
    calls = _calls(random)

    def bounded(text: str, policy: Policy) -> tuple[str, Policy]:
        return text + tomli_w.dumps({"calls": _written(calls)}), replace(policy, calls=calls)

    return _governed(story, bounded)


def _governed(story: Story, changed: Changed) -> Story:
    """The story with each of its policies changed so."""
    text, policy = changed(story.policy_text, story.policy)
    later = ((deployed, *changed(deployed.policy_text, deployed.policy)) for deployed in story.redeployed)
    redeployed = tuple(replace(deployed, policy_text=text, policy=policy) for deployed, text, policy in later)
    return replace(story, policy_text=text, policy=policy, redeployed=redeployed)


def _alarmed(text: str, policy: Policy) -> tuple[str, Policy]:
    on = text.replace("fleet_alarm = false", "fleet_alarm = true", 1)
    return on, replace(policy, detection=replace(policy.detection, fleet_alarm=True))


def _calls(random: Random) -> Calls:
    """Anything that the parser takes."""
    while True:
        connect, read, attempts = random.randint(1, 5), random.randint(1, 15), random.randint(1, 4)
        calls = Calls(connect * SECOND, read * SECOND, attempts)
        if calls.longest <= CALL_MOST:
            return calls


def _written(calls: Calls) -> dict[str, object]:
    waits = {"connect_timeout": calls.connect_timeout, "read_timeout": calls.read_timeout}
    return {**{key: format_duration(wait) for key, wait in waits.items()}, "attempts": calls.attempts}
