"""Policies from all that the configuration allows: whatever the parser takes, each key within its own limits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from enum import StrEnum
from functools import cache, lru_cache
from random import Random
from typing import Any, get_type_hints

import tomli_w

from defib.core.answer.settings import AnswerSettings
from defib.core.consistency import CLIMB
from defib.core.duration import format_duration
from defib.core.escalation import Escalation
from defib.core.limits import Limits
from defib.core.maintenance import DAYS
from defib.core.messages import MessageLimits
from defib.core.mistake import Mistake, PolicyError
from defib.core.page.settings import PageSettings
from defib.core.parse import policy_in
from defib.core.percent import Percent
from defib.core.policy import Policy, Repair, Service
from defib.core.service import Patience, Verify
from defib.core.setting import Setting, setting_of
from sim.fuzz.draw_asking import asking
from sim.fuzz.draw_elsewhere import further_page
from sim.fuzz.draw_local import local_of, planned_locally
from sim.fuzz.draw_subscribers import subscribing
from sim.fuzz.draw_words import told_and_shown

At = tuple[str, ...]
"""Where a value is in the file."""
LEAST = re.compile(r'must be at least (?:[a-z_.]+ = )?"?([0-9]+[0-9a-z]*)')
"""What the parser says of a value that is too small for the others."""
LONGEST = timedelta(minutes=5)
"""Of the patience and trials that are drawn: a story whose every wait lasts an hour says little."""
NOT_VARIED = frozenset({"match", "mode", "tell", "enabled", "subscriptions"})
"""What is drawn by itself, or decides nothing here."""
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/6d0ecf831eec9f09"
MEANS: tuple[Mapping[str, Any], ...] = (
    {"email": ["oncall@example.com"]},
    {"email": ["oncall@example.com"], "https": ["https://events.example.com/defib"]},
    {"email": ["oncall@example.com"], "sms": ["+12025550123"], "chat": True},
)


@lru_cache(maxsize=8)
def policy_of(seed: int) -> tuple[str, Policy]:
    """The policy of that seed, as text and as the parser reads it."""
    random = Random(f"policy {seed}")
    table = _table(random)
    settings: dict[At, object] = {}
    for at, kind, chance in _sections(table):
        settings |= dict(_varied(at, kind, chance, random))
    settings |= {**dict(_besides(table, random)), **dict(_of_services(table, random))}
    settings |= dict(asking(table, Random(f"asking {seed}")))
    if settings.get(("page", "enabled")):
        further = further_page(table, Random(f"elsewhere {seed}"))
        settings |= {("page", "elsewhere", name): page for name, page in further.items()}
        settings |= {("page", key): value for key, value in subscribing(Random(f"subscribers {seed}")).items()}
    table, policy = _widened(seed, *_accepted(table, settings))
    return tomli_w.dumps(table), policy


def _widened(seed: int, table: dict[str, Any], policy: Policy) -> tuple[dict[str, Any], Policy]:
    """The policy with what is drawn of people, pages, tags and time zones, over what the parser has taken already."""
    settings = dict(told_and_shown(table, Random(f"told {seed}")))
    settings |= dict(planned_locally(table, local_of(seed), Random(f"planned {seed}")))
    return _accepted(table, settings) if settings else (table, policy)


def _accepted(table: dict[str, Any], settings: dict[At, object]) -> tuple[dict[str, Any], Policy]:
    """What the parser takes of it all: what is less than other keys ask for is raised to the least, else left out."""
    while True:
        changed = table
        for at, value in settings.items():
            changed = _with(changed, at, value)
        try:
            policy = policy_in(changed)
        except PolicyError as error:
            for mistake in error.mistakes:
                _mend(settings, mistake)
        else:
            return changed, policy


def _mend(settings: dict[At, object], mistake: Mistake) -> None:
    """Raise or leave out what the parser has refused; where it names what was not set, what was set last beside it."""
    path = tuple(mistake.key.split("."))
    same = [at for at in settings if at == path[: len(at)]]
    beside = same or [at for at in settings if at[:-1] == path[:-1]] or [*settings]
    least = LEAST.search(mistake.must)
    if path in settings and least is not None:
        wanted = int(least[1]) if least[1].isdigit() else least[1]
        if settings[path] != wanted:
            settings[path] = wanted
            return
    # What is left out already may have been refused for two reasons, or for two services.
    if beside:
        del settings[beside[-1]]


def _table(random: Random) -> dict[str, Any]:
    """What a policy begins with."""
    second = random.random() < 0.4
    contacts = {"oncall": dict(random.choice(MEANS))}
    if second:
        contacts["lead"] = {"email": ["lead@example.com"], "sms": ["+12025550124"]}
    if random.random() < 0.2:
        often = (f"{hour:02}:{random.randint(0, 59):02}" for hour in range(0, 24, 2))
        contacts["oncall"]["quiet"] = [{"days": list(DAYS), "at": at, "lasts": "45m"} for at in often]
    return {
        "defib": {"opt_in_tag": "self-heal=true"},
        "services": {f"s{n}": _service(n, second, random) for n in range(random.randint(1, 3))},
        "contacts": contacts,
        "detection": {"fleet_alarm": False},
    }


def _service(number: int, second: bool, random: Random) -> dict[str, Any]:
    made: dict[str, Any] = {
        "match": {"service": f"s{number}"},
        "mode": random.choices(("heal", "approve", "observe"), (8, 2, 2))[0],
        "tell": ["oncall"],
    }
    if second and random.random() < 0.6:
        made["then"] = ["lead"]
    if random.random() < 0.7:
        made["page"] = {"title": f"Service {number}"}
    if random.random() < 0.2:
        # So often that windows begin and end in the middle of repairs.
        begins, minute, lasts = random.randint(0, 1), random.randint(0, 59), random.choice((15, 40, 75))
        daily = (f"{hour:02}:{minute:02}" for hour in range(begins, 24, 2))
        made["maintenance"] = [{"days": list(DAYS), "at": at, "lasts": f"{lasts}m"} for at in daily]
        made["planned_restart"] = random.random() < 0.7
    if random.random() < 0.35:
        kind = random.choices(("app", "net", "gwy"), (6, 2, 1))[0]
        balancer = f"{kind}/b{number}/50dc6c495c0c9188"
        made["target_groups"] = [{"arn": ARN.format(name=f"t{number}"), "load_balancer": balancer}]
    if random.random() < 0.2:
        made["fallback_types"] = ["m6g.large", "m7i.large"]
    return made


def _besides(table: Mapping[str, Any], random: Random) -> Iterator[tuple[At, object]]:
    """What is set besides."""
    if random.random() < 0.6:
        yield ("page", "enabled"), True
        if random.random() < 0.4:
            kind = random.choice(("statuspage", "cachet", "stashboard"))
            shown = [name for name, service in table["services"].items() if "page" in service]
            there = {name: f"{n}" if kind == "cachet" else f"c-{name}" for n, name in enumerate(shown, 1)}
            place = {"page_id": "kctbh9vrtdwd"} if kind == "statuspage" else {"url": "https://status.example.com/api"}
            yield (
                ("page", "elsewhere"),
                {"other": {"kind": kind, "secret": "defib/other", "components": there, **place}},
            )
    # A dozen windows a day, announced for a week, would make most of a story's time.
    yield ("page", "announce_maintenance"), random.choice(("0s", "3h", "1d"))
    if random.random() < 0.4:
        yield ("answers", "enabled"), True
    if random.random() < 0.3:
        yield ("limits", "zonal_shift"), "start"
    if random.random() < 0.3:
        yield ("limits", "zone_instances"), random.randint(2, 3)
    if random.random() < 0.4:
        yield ("repair", "heals_a_day"), random.choice((1, 1, 2))
    if random.random() < 0.25:
        yield ("repair", "restarts"), random.choice((0, 1, 1, 1))
        yield ("repair", "attempts"), random.randint(5, 8)
        yield ("repair", "starts"), random.choice((3, 5, 20))
    if random.random() < 0.3:
        if random.random() < 0.7:
            rungs = (key for key in CLIMB if key.endswith(("_timeout", "_trial", "_grace")))
            yield from ((("repair", key), f"{random.randint(30, 60 if 'evid' in key else 150)}s") for key in rungs)
        yield ("repair", "case_age"), "15m"
        if random.random() < 0.5:
            # Then nothing but its age ends what leads nowhere.
            yield from ((("repair", key), most) for key, most in (("starts", 20), ("attempts", 100)))


def _of_services(table: Mapping[str, Any], random: Random) -> Iterator[tuple[At, object]]:
    for name in table["services"]:
        if random.random() < 0.4:
            few, share = random.randint(1, 3), f"{random.choice((20, 40, 50, 70))}%"
            yield ("services", name, "minimum_healthy"), random.choice((few, share))
        if random.random() < 0.4:
            yield ("services", name, "concurrent_repairs"), random.randint(1, 3)
        if random.random() < 0.6:
            yield ("services", name, "group_member"), random.choice(("replace", "standby", "standby"))


def _sections(table: Mapping[str, Any]) -> Iterator[tuple[At, type, float]]:
    """Where keys may be varied, the type that they fill, and the chance of each."""
    yield from ((("repair",), Repair, 0.12), (("limits",), Limits, 0.2), (("page",), PageSettings, 0.1))
    yield from ((("escalation",), Escalation, 0.25), (("messages",), MessageLimits, 0.25))
    yield (("answers",), AnswerSettings, 0.25)
    for name in table["services"]:
        here = ("services", name)
        yield from ((here, Service, 0.25), ((*here, "patience"), Patience, 0.35), ((*here, "verify"), Verify, 0.25))


def _varied(at: At, kind: type, chance: float, random: Random) -> Iterator[tuple[At, object]]:
    """Keys of a section set to anything within their limits."""
    hints = _hints(kind)
    for f in fields(kind):
        setting = setting_of(f.metadata)
        if setting is None or f.name in NOT_VARIED or random.random() > chance:
            continue
        value = _value(hints[f.name], setting, random)
        if value is not None:
            yield (*at, f.name), value


@cache
def _hints(kind: type) -> Mapping[str, object]:
    return get_type_hints(kind)


def _with(table: Mapping[str, Any], at: At, value: object) -> dict[str, Any]:
    head, *rest = at
    return {**table, head: _with(table.get(head, {}), tuple(rest), value) if rest else value}


def _value(hint: object, setting: Setting, random: Random) -> object | None:
    """Something that the setting allows; None for kinds of values that decide nothing here."""
    if hint is bool:
        return random.random() < 0.5
    if hint is int or hint == int | Percent:
        if setting.percent_most and random.random() < 0.5:
            return f"{random.randint(1, setting.percent_most)}%"
        return random.choice((setting.least, random.randint(setting.least, min(setting.most, setting.least + 3))))
    if hint is timedelta:
        most = min(setting.most, max(setting.least, int(LONGEST.total_seconds())))
        steps = random.randint(setting.least // setting.step, most // setting.step)
        return format_duration(timedelta(seconds=steps * setting.step))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return random.choice(list(hint)).value
    return None
