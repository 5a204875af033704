"""From one seed a whole story: a fleet, the policy that governs it, what breaks, and what goes wrong besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from random import Random
from typing import Any, get_type_hints

import tomli_w

from defib.core.answer.link import Say
from defib.core.duration import format_duration
from defib.core.limits import Limits
from defib.core.maintenance import DAYS
from defib.core.page.settings import PageSettings
from defib.core.parse import PolicyError, parse
from defib.core.percent import Percent
from defib.core.policy import Policy, Repair, Service
from defib.core.service import Patience, Verify
from defib.core.setting import Setting, setting_of
from sim.faults import Cure, FaultKind
from sim.fuzz.trouble import CARRIED, OF_MESSAGES, OUTSIDE, Spell, Trouble
from sim.people import Pull, Reply
from sim.scenario import Durations, Fault, Fleet, Scenario, TargetGroup
from sim.scenario_file import CURED_BY_TIME
from sim.scenario_value import Range
from sim.traits import Trait

START = datetime(2026, 4, 30, 12, 0, tzinfo=UTC)
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
STORIES_A_POLICY = 20
"""To draw and parse a policy takes longer than to live through an outage under it."""
LONGEST = timedelta(minutes=5)
"""Of the patience and trials that are drawn: a story whose every wait lasts an hour says little."""


NOT_VARIED = frozenset({"match", "mode", "tell", "group_member", "enabled", "zonal_shift"})
"""What is drawn by itself, or needs more of AWS than there is in memory."""


@dataclass(frozen=True, slots=True)
class Interference:
    """Somebody changes an instance's tags: takes it out of Defib's care, or puts it into maintenance for a while."""

    at: timedelta
    on: str
    untag: bool = False
    maintenance: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that happens, and nothing that is decided."""

    seed: int
    scenario: Scenario
    policy_text: str
    policy: Policy
    spells: tuple[Spell, ...] = ()
    meddling: tuple[Interference, ...] = ()


def draw(seed: int) -> Story:
    """The story of that seed; the same for ever, as long as the config's keys are."""
    random = Random(seed)
    text, policy = policy_of(seed // STORIES_A_POLICY)
    fleets = tuple(_fleet(f"f{n}", policy, random) for n in range(random.randint(1, 3)))
    fleets = _with_balancers(fleets, random)
    until = timedelta(minutes=random.randint(15, 45))
    scenario = Scenario(
        title=f"Seed {seed}",
        story="Drawn.",
        start=START + timedelta(minutes=random.randint(0, 7 * 24 * 60)),
        until=until,
        fleet=fleets,
        seed=seed % 2**31,
        target_groups=_groups(fleets, random),
        faults=_faults(fleets, until, random),
        kill_switch=_pulls(until, random),
        durations=_durations(random),
    )
    scenario = replace(scenario, answers=_replies(scenario, policy, random))
    return Story(seed, scenario, text, policy, _spells(scenario, random), _meddling(scenario, random))


def names(scenario: Scenario) -> list[str]:
    return [f"{fleet.name}-{n + 1}" for fleet in scenario.fleet for n in range(fleet.count)]


# --- The policy: anything that the parser takes. -----------------------------------------------------------------


@lru_cache(maxsize=8)
def policy_of(number: int) -> tuple[str, Policy]:
    """The policy of that number, as text and as the parser reads it."""
    random = Random(f"policy {number}")
    table: dict[str, Any] = {
        "defib": {"opt_in_tag": "self-heal=true"},
        "services": {f"s{n}": _service(n, random) for n in range(random.randint(1, 3))},
        "contacts": {"oncall": {"email": ["oncall@example.com"]}},
        "detection": {"fleet_alarm": False},
    }
    policy = parse(tomli_w.dumps(table))
    for at, kind, chance in _sections(table):
        table, policy = _varied(table, at, kind, chance, policy, random)
    if random.random() < 0.6:
        table, policy = _kept(_with(table, ("page", "enabled"), True), table, policy)
    return tomli_w.dumps(table), policy


def _sections(table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], type, float]]:
    """Where keys may be varied, the type that they fill, and the chance of each."""
    yield from ((("repair",), Repair, 0.12), (("limits",), Limits, 0.2), (("page",), PageSettings, 0.1))
    for name in table["services"]:
        here = ("services", name)
        yield from ((here, Service, 0.25), ((*here, "patience"), Patience, 0.25), ((*here, "verify"), Verify, 0.25))


def _varied(
    table: dict[str, Any], at: tuple[str, ...], kind: type, chance: float, policy: Policy, random: Random
) -> tuple[dict[str, Any], Policy]:
    """Keys of a section set to anything within their limits; what the parser refuses is left out again."""
    hints = get_type_hints(kind)
    for f in fields(kind):
        setting = setting_of(f.metadata)
        if setting is None or f.name in NOT_VARIED or random.random() > chance:
            continue
        value = _value(hints[f.name], setting, random)
        if value is not None:
            table, policy = _kept(_with(table, (*at, f.name), value), table, policy)
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


def _service(number: int, random: Random) -> dict[str, Any]:
    made: dict[str, Any] = {
        "match": {"service": f"s{number}"},
        "mode": random.choices(("heal", "approve", "observe"), (8, 2, 1))[0],
        "tell": ["oncall"],
    }
    if random.random() < 0.7:
        made["page"] = {"title": f"Service {number}"}
    if random.random() < 0.15:
        made["maintenance"] = [{"days": list(DAYS), "at": "12:20", "lasts": "15m"}]
    return made


# --- The fleet and what breaks. ----------------------------------------------------------------------------------


def _fleet(name: str, policy: Policy, random: Random) -> Fleet:
    services = [*(service.name for service in policy.services), *(["nobodys"] if random.random() < 0.2 else [])]
    traits = tuple(t for t in Trait if random.random() < 0.05)
    tags = {"karpenter.sh/nodepool": ("pool",)} if random.random() < 0.05 else {}
    return Fleet(
        name=name,
        count=random.randint(1, 6),
        service=random.choice(services),
        zones=ZONES[: random.randint(1, 3)],
        instance_type=random.choices(("m7g.large", "m7gd.large"), (9, 1))[0],
        tags=tags,
        opted_in=random.random() < 0.92,
        traits=traits,
    )


def _with_balancers(fleets: Sequence[Fleet], random: Random) -> tuple[Fleet, ...]:
    return tuple(replace(f, target_group=f.name) if random.random() < 0.5 else f for f in fleets)


def _groups(fleets: Sequence[Fleet], random: Random) -> tuple[TargetGroup, ...]:
    return tuple(
        TargetGroup(
            f.name, deregistration_delay=timedelta(seconds=random.choice((0, 30, 300))), opted_in=random.random() < 0.85
        )
        for f in fleets
        if f.target_group
    )


STRIKES = {
    FaultKind.ZOMBIE: 8,
    FaultKind.HUNG_KERNEL: 6,
    FaultKind.SYSTEM_IMPAIRED: 4,
    FaultKind.EBS_IMPAIRED: 2,
    FaultKind.APPLICATION_DOWN: 3,
    FaultKind.DEAD_ON_ARRIVAL: 1,
    FaultKind.NEVER_BOOTS: 1,
    FaultKind.STOPPED_UNASKED: 4,
    FaultKind.STOPPED_BY_PERSON: 2,
    FaultKind.STARTED_BY_PERSON: 1,
    FaultKind.TERMINATED: 1,
    FaultKind.FAILED_SAMPLE: 2,
    FaultKind.START_CAPACITY: 2,
    FaultKind.FAILING_KEY: 1,
    FaultKind.STUCK_STOPPING: 2,
    FaultKind.STUCK_PENDING: 1,
}
"""How often each kind is drawn."""


def _faults(fleets: Sequence[Fleet], until: timedelta, random: Random) -> tuple[Fault, ...]:
    instances = [f"{fleet.name}-{n + 1}" for fleet in fleets for n in range(fleet.count)]
    wanted = random.choices((1, 2, 3, 5, 8, 12), (4, 4, 3, 2, 1, 1))[0]
    storm = timedelta(seconds=random.randint(30, 600)) if random.random() < 0.3 else until * 0.7
    found: list[Fault] = []
    launched: set[str] = set()
    for _ in range(wanted):
        kind = random.choices(list(STRIKES), list(STRIKES.values()))[0]
        on = random.choice(instances)
        at = timedelta(seconds=random.randint(30, max(31, int(storm.total_seconds()))))
        if kind is FaultKind.DEAD_ON_ARRIVAL:
            if on in launched or any(on in f.on for f in found):
                continue
            launched.add(on)
        elif on in launched:
            continue
        lasts = timedelta(seconds=random.randint(20, 1800)) if random.random() < 0.2 else None
        found.append(
            Fault(
                at=at,
                on=(on,),
                kind=kind,
                cured_by=_cures(kind, random),
                after=random.choice((1, 1, 1, 2)),
                lasts=lasts,
            )
        )
    return tuple(sorted(found, key=lambda fault: fault.at))


def _cures(kind: FaultKind, random: Random) -> tuple[Cure, ...] | None:
    """What usually ends it, or only something else, or nothing."""
    if random.random() < 0.85 or kind in CURED_BY_TIME:
        return None
    stops = (Cure.FORCE_STOP, Cure.SKIP_OS_SHUTDOWN)
    possible = stops if kind is FaultKind.STUCK_STOPPING else (Cure.REBOOT, Cure.RESTART)
    return tuple(cure for cure in possible if random.random() < 0.4)


def _durations(random: Random) -> Durations:
    if random.random() < 0.5:
        return Durations()
    return Durations(
        stop=Range.of(5, random.choice((20, 75, 240))),
        pending=Range.of(5, random.choice((15, 60, 200))),
        boot=Range.of(10, random.choice((30, 120))),
        checks=Range.of(60, random.choice((90, 240))),
        read_lag=Range.of(0, random.choice((0, 2, 15))),
    )


def _pulls(until: timedelta, random: Random) -> tuple[Pull, ...]:
    if random.random() > 0.12:
        return ()
    off = timedelta(seconds=random.randint(0, int(until.total_seconds() * 0.6)))
    on = off + timedelta(seconds=random.randint(30, 900))
    return (Pull(off, random.choice(("off", "maybe"))), Pull(on, "on"))


def _replies(scenario: Scenario, policy: Policy, random: Random) -> tuple[Reply, ...]:
    asked = {f.name for f in scenario.fleet if (s := policy.service(f.service)) and s.mode.value == "approve"}
    found = []
    for fault in scenario.faults:
        if fault.on[0].rpartition("-")[0] in asked and random.random() < 0.7:
            at = fault.at + timedelta(seconds=random.randint(60, 900))
            answer = Say.APPROVE if random.random() < 0.7 else Say.REJECT
            found.append(Reply(at, fault.on, answer))
    return tuple(found)


# --- What goes wrong besides. ------------------------------------------------------------------------------------


def _spells(scenario: Scenario, random: Random) -> tuple[Spell, ...]:
    if random.random() < 0.3:
        return ()
    return tuple(_spell(scenario, random) for _ in range(random.randint(1, 5)))


def _spell(scenario: Scenario, random: Random) -> Spell:
    trouble = random.choice(list(Trouble))
    if trouble is Trouble.NO_SWEEP:
        on = "sweep"
    elif trouble in OF_MESSAGES:
        on = "events" if trouble is Trouble.MESSAGE_LOST else random.choice(CARRIED)
    elif trouble is Trouble.RACE:
        on = "table.write"
    else:
        on = random.choice(OUTSIDE)
    # Mostly while Defib is at work: in the ten minutes after something has broken.
    struck = random.choice(scenario.faults).at if scenario.faults and random.random() < 0.8 else timedelta(0)
    most = 600 if struck else int(scenario.until.total_seconds() * 0.8)
    return Spell(
        at=struck + timedelta(seconds=random.randint(0, most)),
        lasts=timedelta(seconds=random.choice((5, 30, 120, 600))),
        trouble=trouble,
        on=on,
        chance=random.choice((0.1, 0.5, 1.0)),
    )


def _meddling(scenario: Scenario, random: Random) -> tuple[Interference, ...]:
    if random.random() > 0.15:
        return ()
    seconds = int(scenario.until.total_seconds() * 0.7)
    at = timedelta(seconds=random.randint(0, seconds))
    on = random.choice(names(scenario))
    if random.random() < 0.5:
        return (Interference(at, on, untag=True),)
    return (Interference(at, on, maintenance=timedelta(minutes=random.randint(5, 20))),)
