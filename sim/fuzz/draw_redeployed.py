"""A deployment in the middle of it all: the policy that governs what is at work is another from one moment on."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import tomli_w

from defib.core.mistake import PolicyError
from defib.core.parse import parse
from sim.fuzz.story import Redeployed, Story

ONE_OF = 8
"""One of so many stories has one."""


def with_a_deployment(story: Story, random: Random) -> Story:
    """The story with one, in one of eight, soon after something has failed: Defib is at work then."""
    if random.randrange(ONE_OF) or not story.scenario.faults:
        return story
    text = tomli_w.dumps(_changed(tomllib.loads(story.policy_text), random))
    at = random.choice(story.scenario.faults).at + timedelta(seconds=random.randint(30, 600))
    try:
        return replace(story, redeployed=(Redeployed(at, text, parse(text)),))
    except PolicyError:
        # Something else in it needs what was taken away.
        return story


def with_a_renamed_service(story: Story, random: Random) -> Story:
    """The story with one, in one of those many: the service of what fails has another name from one moment on.

    None where there is a deployment already. Where calls take time, what has begun goes on by the old name.
    """
    if random.randrange(ONE_OF) or not story.scenario.faults or story.redeployed:
        return story
    struck = random.choice(story.scenario.faults)
    fleet = next((fleet for fleet in story.scenario.fleet if struck.on[0] in fleet.names), None)
    if fleet is None or story.policy.service(fleet.of_service) is None:
        return story
    text = tomli_w.dumps(_renamed(tomllib.loads(story.policy_text), fleet.of_service))
    at = struck.at + timedelta(seconds=random.randint(30, 600))
    return replace(story, redeployed=(Redeployed(at, text, parse(text)),))


def _renamed(table: dict[str, Any], name: str) -> dict[str, Any]:
    """With that service as ``name-renamed``, at its place in the file, also where other pages show it."""
    new = {name: f"{name}-renamed"}
    changed = {**table, "services": {new.get(n, n): made for n, made in table["services"].items()}}
    page = table.get("page", {})
    if "elsewhere" in page:
        changed["page"] = {**page, "elsewhere": {n: _shown_as(new, other) for n, other in page["elsewhere"].items()}}
    return changed


def _shown_as(new: Mapping[str, str], other: dict[str, Any]) -> dict[str, Any]:
    """That page with the components that it had, under the services' new names."""
    shown = other.get("components", {})
    if not shown:
        return other
    return {**other, "components": {new.get(name, name): component for name, component in shown.items()}}


def _changed(table: dict[str, Any], random: Random) -> dict[str, Any]:
    """With another mode for a service, without one, or with less that may be under repair at once."""
    services: Mapping[str, Any] = table["services"]
    name = random.choice(sorted(services))
    match random.choice(("observe", "approve", "removed", "one at a time", "a smaller share", "a lower rate")):
        case "removed" if len(services) > 1 and not table.get("page", {}).get("elsewhere"):
            return {**table, "services": {other: made for other, made in services.items() if other != name}}
        case "approve":
            return _with(table, name, {"mode": "approve"})
        case "one at a time":
            return _with(table, name, {"concurrent_repairs": 1})
        case "a smaller share":
            return {**table, "limits": {**table.get("limits", {}), "share": 1}}
        case "a lower rate":
            return {**table, "limits": {**table.get("limits", {}), "rate": 1}}
        case _:
            return _with(table, name, {"mode": "observe"})


def _with(table: dict[str, Any], name: str, keys: Mapping[str, object]) -> dict[str, Any]:
    """With those keys of the service set so."""
    services = table["services"]
    return {**table, "services": {**services, name: {**services[name], **keys}}}
