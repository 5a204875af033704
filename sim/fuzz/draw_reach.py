"""Addresses that messages do not reach, for a while or for good, and drills that are answered or not."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

import tomli_w

from defib.core.medium import Medium
from defib.core.parse import parse
from defib.core.policy import Policy
from defib.core.reach import Topic, expected
from sim.fuzz.story import Drilled, Story
from sim.fuzz.trouble import Spell, Trouble
from sim.replies import DrillReply
from sim.scenario import Scenario
from sim.unreachable import Unreachable, Why

ONE_IN = 10
"""Of so many stories one is about addresses and drills, too."""
TROUBLES = (Trouble.REFUSED, Trouble.HANGS, Trouble.DIES_BEFORE, Trouble.DIES_AFTER)
OF_PHONES = (Why.OPTED_OUT, Why.SANDBOX, Why.QUOTA)


def with_addresses(story: Story, random: Random) -> Story:
    """The story with such addresses and drills, seen to soon enough that it can be told how that went."""
    if random.randrange(ONE_IN):
        return story
    table = tomllib.loads(story.policy_text)
    table["delivery"] = {"check_every": f"{random.randint(5, 15)}m"}
    table["drill"] = {"every": "7d", "answer_within": f"{random.randint(5, 12)}m"}
    text = tomli_w.dumps(table)
    policy = parse(text)
    drills = tuple(
        Drilled(_moment(story.scenario, random), contact.name) for contact in policy.contacts if random.random() < 0.5
    )
    scenario = replace(
        story.scenario,
        unreachable=tuple(_unreachable(policy, story.scenario, random)),
        drill_answers=tuple(_answers(drills, random)),
    )
    spells = story.spells
    if random.random() < 0.3:
        at, lasts = _moment(scenario, random), timedelta(seconds=random.choice((30, 300, 900)))
        spells = (*spells, Spell(at, lasts, random.choice(TROUBLES), "sns.reach", random.choice((0.5, 1.0))))
    return replace(story, policy_text=text, policy=policy, scenario=scenario, drills=drills, spells=spells)


def _moment(scenario: Scenario, random: Random) -> timedelta:
    return timedelta(seconds=random.randint(0, int(scenario.until.total_seconds() * 0.5)))


def _unreachable(policy: Policy, scenario: Scenario, random: Random) -> Iterator[Unreachable]:
    phones = list(OF_PHONES)
    places = sorted({(a.endpoint, a.medium) for a in expected(policy) if a.topic is Topic.INCIDENTS})
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        endpoint, medium = random.choice(places)
        why = random.choice(phones if medium is Medium.SMS else (Why.UNCONFIRMED, Why.UNSUBSCRIBED))
        if why is Why.QUOTA:
            # The account has one, for all its phones: it is spent once, and raised once.
            phones.remove(why)
        yield Unreachable(
            on=(endpoint,),
            why=why,
            at=random.choice((timedelta(0), _moment(scenario, random))),
            lasts=timedelta(minutes=random.randint(1, 40)) if random.random() < 0.6 else None,
        )


def _answers(drills: tuple[Drilled, ...], random: Random) -> Iterator[DrillReply]:
    for drilled in drills:
        if random.random() < 0.7:
            yield DrillReply(drilled.at + timedelta(seconds=random.randint(70, 1200)), drilled.contact)
