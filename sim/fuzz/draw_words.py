"""Who is told, by which means and how loud, how services stand on the page, and by which tags they are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from defib.core.contact import ALL
from defib.core.page.settings import Outage

At = tuple[str, ...]
MEANS_FOR = ("email_for", "sms_for", "https_for", "chat_for")
STAGES = (["production", "canary"], ["production"])


def told_and_shown(table: Mapping[str, Any], random: Random) -> Iterator[tuple[At, object]]:
    """What is set so, in some of the policies; drawn apart, so that all else stays as it is."""
    if random.random() < 0.2:
        yield from _severities(table, random)
    if random.random() < 0.2:
        yield from _told_together(table, random)
    if random.random() < 0.3:
        yield from _on_page(table, random)
    if random.random() < 0.25:
        yield from _matched(table, random)


def _severities(table: Mapping[str, Any], random: Random) -> Iterator[tuple[At, object]]:
    """By each means only some of it, or nothing."""
    for name in table["contacts"]:
        for key in MEANS_FOR:
            if random.random() < 0.6:
                yield ("contacts", name, key), [severity for severity in ALL if random.random() < 0.6]


def _told_together(table: Mapping[str, Any], random: Random) -> Iterator[tuple[At, object]]:
    """More than one contact at once, in any order, and more than one that is asked after them."""
    contacts = {"night": {"email": ["night@example.com"], "https": ["https://night.example.com/defib"]}}
    yield ("contacts", "night"), contacts["night"]
    names = [*table["contacts"], "night"]
    for name in table["services"]:
        yield ("services", name, "tell"), random.sample(names, random.randint(1, len(names)))
        if random.random() < 0.5:
            yield ("services", name, "then"), random.sample(names, random.randint(1, len(names)))


def _on_page(table: Mapping[str, Any], random: Random) -> Iterator[tuple[At, object]]:
    """Every way in which a service may stand there, alone or under a heading with others."""
    for name, service in table["services"].items():
        if "page" not in service:
            continue
        if random.random() < 0.6:
            yield ("services", name, "page", "impact"), random.choice(list(Outage)).value
        if random.random() < 0.6:
            yield ("services", name, "page", "worse"), random.choice(list(Outage)).value
        if random.random() < 0.6:
            yield ("services", name, "page", "worse_from"), random.randint(1, 4)
        if random.random() < 0.6:
            yield ("services", name, "page", "group"), "Together"


def _matched(table: Mapping[str, Any], random: Random) -> Iterator[tuple[At, object]]:
    """By more than one tag, each with any of several values."""
    for name in table["services"]:
        match = {"service": [name, f"{name}-old"] if random.random() < 0.7 else [name]}
        yield ("services", name, "match"), {**match, "stage": random.choice(STAGES)} if random.random() < 0.6 else match
