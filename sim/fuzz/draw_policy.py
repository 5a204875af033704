"""Policies from all that the configuration allows: whatever the parser takes, each key within its own limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from random import Random
from typing import Any, get_type_hints

import tomli_w

from defib.core.answer.settings import AnswerSettings
from defib.core.duration import format_duration
from defib.core.escalation import Escalation
from defib.core.limits import Limits
from defib.core.maintenance import DAYS
from defib.core.messages import MessageLimits
from defib.core.page.settings import PageSettings
from defib.core.parse import PolicyError, parse
from defib.core.percent import Percent
from defib.core.policy import Policy, Repair, Service
from defib.core.service import Patience, Verify
from defib.core.setting import Setting, setting_of

STORIES_A_POLICY = 20
"""To draw and parse a policy takes longer than to live through an outage under it."""
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
def policy_of(number: int) -> tuple[str, Policy]:
    """The policy of that number, as text and as the parser reads it."""
    random = Random(f"policy {number}")
    table = _table(random)
    policy = parse(tomli_w.dumps(table))
    for at, kind, chance in _sections(table):
        table, policy = _varied(table, at, kind, chance, policy, random)
    for at, value in chain(_besides(table, random), _of_services(table, random)):
        table, policy = _kept(_with(table, at, value), table, policy)
    return tomli_w.dumps(table), policy


def _table(random: Random) -> dict[str, Any]:
    """What a policy begins with."""
    second = random.random() < 0.4
    contacts = {"oncall": dict(random.choice(MEANS))}
    if second:
        contacts["lead"] = {"email": ["lead@example.com"], "sms": ["+12025550124"]}
    if random.random() < 0.15:
        contacts["oncall"]["quiet"] = [{"days": list(DAYS), "at": "12:00", "lasts": "20m"}]
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
        begins = random.randint(0, 2)
        daily = (f"{hour:02}:20" for hour in range(begins, 24, 3))
        made["maintenance"] = [{"days": list(DAYS), "at": at, "lasts": "75m"} for at in daily]
        made["planned_restart"] = random.random() < 0.7
    if random.random() < 0.35:
        kind = random.choices(("app", "net", "gwy"), (6, 2, 1))[0]
        balancer = f"{kind}/b{number}/50dc6c495c0c9188"
        made["target_groups"] = [{"arn": ARN.format(name=f"t{number}"), "load_balancer": balancer}]
    if random.random() < 0.2:
        made["fallback_types"] = ["m6g.large", "m7i.large"]
    return made


def _besides(table: Mapping[str, Any], random: Random) -> Iterator[tuple[tuple[str, ...], object]]:
    """What is set besides, one by one: each only where the parser takes it."""
    if random.random() < 0.6:
        yield ("page", "enabled"), True
        if random.random() < 0.4:
            there = {name: f"c-{name}" for name in table["services"]}
            kind = random.choice(("statuspage", "cachet", "stashboard"))
            place = {"page_id": "kctbh9vrtdwd"} if kind == "statuspage" else {"url": "https://status.example.com/api"}
            yield (
                ("page", "elsewhere"),
                {"other": {"kind": kind, "secret": "defib/other", "components": there, **place}},
            )
    if random.random() < 0.4:
        yield ("answers", "enabled"), True
    if random.random() < 0.3:
        yield ("limits", "zonal_shift"), "start"
    if random.random() < 0.3:
        yield ("limits", "zone_instances"), random.randint(2, 3)
    if random.random() < 0.4:
        yield ("repair", "heals_a_day"), random.choice((1, 1, 2))
    if random.random() < 0.25:
        yield ("repair", "restarts"), random.randint(0, 1)
        yield ("repair", "attempts"), random.randint(5, 8)
    if random.random() < 0.3:
        yield from ((("repair", "case_age"), f"{minutes}m") for minutes in (40, 30, 25, 20, 15))


def _of_services(table: Mapping[str, Any], random: Random) -> Iterator[tuple[tuple[str, ...], object]]:
    for name in table["services"]:
        if random.random() < 0.4:
            few, share = random.randint(1, 3), f"{random.choice((20, 40, 50, 70))}%"
            yield ("services", name, "minimum_healthy"), random.choice((few, share))
        if random.random() < 0.4:
            yield ("services", name, "concurrent_repairs"), random.randint(1, 3)
        if random.random() < 0.6:
            yield ("services", name, "group_member"), random.choice(("replace", "standby", "standby"))


def _sections(table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], type, float]]:
    """Where keys may be varied, the type that they fill, and the chance of each."""
    yield from ((("repair",), Repair, 0.12), (("limits",), Limits, 0.2), (("page",), PageSettings, 0.1))
    yield from ((("escalation",), Escalation, 0.25), (("messages",), MessageLimits, 0.25))
    yield (("answers",), AnswerSettings, 0.25)
    for name in table["services"]:
        here = ("services", name)
        yield from ((here, Service, 0.25), ((*here, "patience"), Patience, 0.35), ((*here, "verify"), Verify, 0.25))


def _varied(
    table: dict[str, Any], at: tuple[str, ...], kind: type, chance: float, policy: Policy, random: Random
) -> tuple[dict[str, Any], Policy]:
    """Keys of a section set to anything within their limits; what the parser refuses is left out again."""
    hints, values = get_type_hints(kind), {}
    for f in fields(kind):
        setting = setting_of(f.metadata)
        if setting is None or f.name in NOT_VARIED or random.random() > chance:
            continue
        value = _value(hints[f.name], setting, random)
        if value is not None:
            values[f.name] = value
    together = table
    for name, value in values.items():
        together = _with(together, (*at, name), value)
    changed, parsed = _kept(together, table, policy)
    if changed is not table or not values:
        return changed, parsed
    for name, value in values.items():
        table, policy = _kept(_with(table, (*at, name), value), table, policy)
    return table, policy


def _with(table: Mapping[str, Any], at: tuple[str, ...], value: object) -> dict[str, Any]:
    head, *rest = at
    return {**table, head: _with(table.get(head, {}), tuple(rest), value) if rest else value}


def _kept(changed: dict[str, Any], table: dict[str, Any], policy: Policy) -> tuple[dict[str, Any], Policy]:
    try:
        return changed, parse(tomli_w.dumps(changed))
    except PolicyError:
        return table, policy


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
