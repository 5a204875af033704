"""A story as a file: what fails once is kept in ``scenarios/regressions/`` and lived through again in every test run.

The scenario's part reads like any scenario; beside it stand the policy, and what goes wrong in the machinery.
"""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import tomli_w

from defib.core.duration import format_duration, parse_duration
from defib.core.mistake import PolicyError, printable
from defib.core.page.model import ComponentStatus
from defib.core.parse import parse as parse_policy
from sim.fuzz.story import Asked, Drilled, Edit, Edited, Interference, MovedByHand, Once, Posted, Redeployed, Story
from sim.fuzz.trouble import BESIDES, CARRIED, FUNCTIONS, OUTSIDE, REGION, Nth, Spell, Trouble
from sim.scenario_file import ScenarioError, decoded
from sim.scenario_file import parse as parse_scenario
from sim.scenario_value import Range

KEYS = frozenset(
    {"policy", "scenario", "spells", "meddling", "drills", "asked", "moved", "posted", "edited", "published"}
    | {"redeployed", "nth"}
)
PLACES = (*OUTSIDE, *BESIDES, *CARRIED, *FUNCTIONS, REGION)


class StoryError(ValueError):
    """The file is no story; ``str()`` says what to mend."""


@dataclass(frozen=True, slots=True)
class Told:
    """A story from a file, and the one call that fails in it, if it is about one."""

    story: Story
    nth: Nth | None = None


def write(story: Story, nth: Nth | None = None) -> str:
    """The story as text; ``read`` gives the same one back."""
    document: dict[str, Any] = {
        "scenario": {**_table(story.scenario), "title": story.scenario.title, "story": story.scenario.story},
        "policy": tomllib.loads(story.policy_text),
    }
    if story.spells:
        document["spells"] = [_told_spell(spell) for spell in story.spells]
    if story.meddling:
        document["meddling"] = [
            {
                "at": _exact(m.at),
                "on": m.on,
                "untag": m.untag,
                "maintenance": _exact(m.maintenance),
                **({"starts": True} if m.starts else {}),
                **({"recovers": True} if m.recovers else {}),
                **({"service": m.service} if m.service else {}),
                **({"once": m.once.value} if m.once else {}),
            }
            for m in story.meddling
        ]
    if story.drills:
        document["drills"] = [{"at": _exact(drilled.at), "contact": drilled.contact} for drilled in story.drills]
    if story.asked:
        document["asked"] = [{"at": _exact(asked.at), "address": asked.address} for asked in story.asked]
    if story.moved:
        document["moved"] = [
            {"at": _exact(m.at), "on": m.on, "zone": m.zone, "lasts": _exact(m.lasts)} for m in story.moved
        ]
    if story.posted:
        document["posted"] = [{"at": _exact(p.at), "on": p.on, "status": p.status.value} for p in story.posted]
    if story.edited:
        document["edited"] = [
            {"at": _exact(e.at), "edit": e.edit.value, "on": e.on} | ({"to": e.to} if e.to else {})
            for e in story.edited
        ]
    if story.published:
        document["published"] = [_exact(at) for at in story.published]
    if story.redeployed:
        document["redeployed"] = [
            {"at": _exact(r.at), "policy": tomllib.loads(r.policy_text)} for r in story.redeployed
        ]
    if nth is not None:
        document["nth"] = {"number": nth.number, "trouble": nth.trouble.value, "apart": nth.apart}
    return tomli_w.dumps(document)


def load(file: Path) -> Told:
    """Raises StoryError, PolicyError or ScenarioError for a file to mend, or OSError."""
    return read(file.read_text(encoding="utf-8"), str(file))


def read(text: str, file: str = "story") -> Told:
    """Raises StoryError, PolicyError or ScenarioError."""
    try:
        return _told(decoded(text, file), file)
    except KeyError as error:
        raise StoryError(f"{file}: {error.args[0]} is missing") from error
    except (StoryError, PolicyError, ScenarioError):
        raise
    except (AttributeError, RecursionError, TypeError, ValueError) as error:
        raise StoryError(f"{file}: not what a story is made of: {printable(str(error))}") from error


def _told(document: dict[str, Any], file: str) -> Told:
    unknown = sorted(set(document) - KEYS)
    if unknown:
        raise StoryError(f"{file}: unknown key {printable(unknown[0])}; allowed: {', '.join(sorted(KEYS))}")
    policy_text = tomli_w.dumps(document["policy"])
    scenario = parse_scenario(tomli_w.dumps(document["scenario"]), file)
    spells = tuple(_spell(row, file) for row in document.get("spells", ()))
    meddling = tuple(
        Interference(
            parse_duration(row["at"]),
            row["on"],
            row.get("untag", False),
            parse_duration(row["maintenance"]),
            row.get("starts", False),
            row.get("recovers", False),
            row.get("service", ""),
            Once(row["once"]) if "once" in row else None,
        )
        for row in document.get("meddling", ())
    )
    drills = tuple(Drilled(parse_duration(row["at"]), row["contact"]) for row in document.get("drills", ()))
    asked = tuple(Asked(parse_duration(row["at"]), row["address"]) for row in document.get("asked", ()))
    moved = tuple(
        MovedByHand(parse_duration(row["at"]), row["on"], row["zone"], parse_duration(row["lasts"]))
        for row in document.get("moved", ())
    )
    posted = tuple(
        Posted(parse_duration(row["at"]), row["on"], ComponentStatus(row["status"]))
        for row in document.get("posted", ())
    )
    edited = tuple(
        Edited(parse_duration(row["at"]), Edit(row["edit"]), row["on"], row.get("to", ""))
        for row in document.get("edited", ())
    )
    published = tuple(map(parse_duration, document.get("published", ())))
    redeployed = tuple(_redeployed(row) for row in document.get("redeployed", ()))
    nth = document.get("nth")
    policy = parse_policy(policy_text)
    people = (meddling, drills, asked, moved, posted, edited, published, redeployed)
    story = Story(scenario.seed, scenario, policy_text, policy, spells, *people)
    return Told(story, Nth(nth["number"], Trouble(nth["trouble"]), nth.get("apart", 0)) if nth else None)


def _redeployed(row: dict[str, Any]) -> Redeployed:
    text = tomli_w.dumps(row["policy"])
    return Redeployed(parse_duration(row["at"]), text, parse_policy(text))


def _told_spell(spell: Spell) -> dict[str, Any]:
    return {
        "at": _exact(spell.at),
        "lasts": _exact(spell.lasts),
        "trouble": spell.trouble.value,
        "on": spell.on,
        "chance": spell.chance,
        **({"by": spell.by} if spell.by else {}),
        **({"times": spell.times} if spell.times else {}),
        **({"after_calls": spell.after_calls} if spell.after_calls else {}),
        **({"delay": _exact(spell.delay)} if spell.delay else {}),
    }


def _spell(row: dict[str, Any], file: str) -> Spell:
    # A call may be named with the part of it that is befallen.
    if row["on"].partition(" ")[0] not in PLACES:
        raise StoryError(f"{file}: on = {row['on']!r} is no call and no queue; one of {', '.join(PLACES)}")
    try:
        trouble = Trouble(row["trouble"])
    except ValueError:
        known = ", ".join(Trouble)
        raise StoryError(f"{file}: trouble = {row['trouble']!r} is not known; one of {known}") from None
    at, lasts = parse_duration(row["at"]), parse_duration(row["lasts"])
    return Spell(
        at,
        lasts,
        trouble,
        row["on"],
        float(row.get("chance", 1.0)),
        row.get("by", ""),
        row.get("times", 0),
        row.get("after_calls", 0),
        parse_duration(row.get("delay", "0s")),
    )


def _table(value: Any) -> dict[str, Any]:
    """The fields of a scenario's part that are not at their defaults, as its file writes them."""
    found = {}
    for f in fields(value):
        here = getattr(value, f.name)
        if f.name != "name" and not _is_default(f, here) and here is not None:
            found[f.name] = _written(here)
    return found


def _is_default(f: Any, value: object) -> bool:
    if f.default is not MISSING:
        return bool(value == f.default)
    return f.default_factory is not MISSING and value == f.default_factory()


def _written(value: Any) -> Any:
    if isinstance(value, Range):
        return [_exact(value.least), _exact(value.most)]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, timedelta):
        return _exact(value)
    if isinstance(value, tuple):
        if value and is_dataclass(value[0]) and hasattr(value[0], "name"):
            return {item.name: _table(item) for item in value}
        return [_written(item) for item in value]
    if isinstance(value, dict):
        return {key: item[0] if isinstance(item, tuple) else item for key, item in value.items()}
    if is_dataclass(value):
        return _table(value)
    assert isinstance(value, str | int | float | bool | datetime), value
    return value


def _exact(duration: timedelta) -> str:
    return format_duration(duration)
