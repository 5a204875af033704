"""The keys of a scenario file as the tables of docs/scenarios.md: ``python -m sim.keys`` prints them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any

from defib.core.duration import format_duration
from defib.core.setting import setting_of
from sim.expect import Expect
from sim.faults import CURED_BY_TIME, EFFECTS, FaultKind
from sim.issue import HealthIssue
from sim.machinery import NATURES, MachineryFault, MachineryKind
from sim.replies import DrillReply, Pull, Reply
from sim.scaling_group import Hook, ScalingGroup, WarmPool
from sim.scenario import Durations, Fault, Fleet, Scenario, TargetGroup
from sim.scenario_value import Range
from sim.shifts import AwsShift
from sim.unreachable import Unreachable

SECTIONS: Mapping[str, type[Any]] = {
    "The file": Scenario,
    "`[fleet.NAME]`": Fleet,
    "`[target_groups.NAME]`": TargetGroup,
    "`[groups.NAME]`": ScalingGroup,
    "`[groups.NAME.launching]` and `[groups.NAME.terminating]`": Hook,
    "`[groups.NAME.warm_pool]`": WarmPool,
    "`[[faults]]`": Fault,
    "`[[machinery]]`": MachineryFault,
    "`[[kill_switch]]`": Pull,
    "`[[answers]]`": Reply,
    "`[[health_issues]]`": HealthIssue,
    "`[[aws_shifts]]`": AwsShift,
    "`[[drill_answers]]`": DrillReply,
    "`[[unreachable]]`": Unreachable,
    "`[durations]`": Durations,
    "`[expect]`": Expect,
}
"""Heading to the type whose keys stand under it, in the order of the page."""


def key_tables() -> str:
    """One Markdown section for each table of the file."""
    return "\n".join(line for heading, kind in SECTIONS.items() for line in _section(heading, kind))


def fault_table() -> str:
    """What each kind of fault does, what EC2 shows of it, and what usually ends it."""
    rows = ["| `kind` | what happens | failing checks | application | ended by |", "|---|---|---|---|---|"]
    for kind in FaultKind:
        effect = EFFECTS[kind]
        failing = {
            "system": effect.breaks_system,
            "instance": effect.breaks_instance,
            "attached EBS": effect.breaks_ebs,
        }
        checks = ", ".join(name for name, breaks in failing.items() if breaks) or "none"
        ended = ", ".join(f"`{cure.value}`" for cure in effect.cured_by)
        ended = ended or ("`after`, `lasts`" if kind in CURED_BY_TIME else "nothing")
        down = "down" if effect.breaks_application else "as the instance"
        rows.append(f"| `{kind.value}` | {effect.about} | {checks} | {down} | {ended} |")
    return "\n".join(rows) + "\n"


def machinery_table() -> str:
    """What each kind of trouble in Defib's own machinery strikes, does, and which keys of its own it has."""
    rows = ["| `kind` | `on` names | what happens | also |", "|---|---|---|---|"]
    for kind in MachineryKind:
        nature = NATURES[kind]
        also = ", ".join(f"`{key}`" for key in nature.uses) or "–"
        rows.append(f"| `{kind.value}` | {nature.strikes.value} | {nature.about} | {also} |")
    return "\n".join(rows) + "\n"


def _section(heading: str, kind: type[Any]) -> Iterator[str]:
    yield f"### {heading}\n"
    yield "| key | value | left out | meaning |"
    yield "|---|---|---|---|"
    for one in fields(kind):
        setting = setting_of(one.metadata)
        if setting is not None:
            yield f"| `{one.name}` | {setting.allowed} | {_default(one)} | {setting.about} |"
    yield ""


def _default(one: Field[Any]) -> str:
    if one.default is MISSING and one.default_factory is MISSING:
        return "**required**"
    value = one.default if one.default_factory is MISSING else one.default_factory()
    match value:
        case None | "" | () | {}:
            return "–"
        case bool():
            return f"`{str(value).lower()}`"
        case StrEnum() | str():
            return f'`"{value}"`'
        case timedelta():
            return f'`"{format_duration(value)}"`'
        case Range():
            ends = sorted({value.least, value.most})
            return "`" + (_list(ends) if len(ends) > 1 else f'"{format_duration(ends[0])}"') + "`"
        case tuple():
            return "`[" + ", ".join(f'"{item}"' for item in value) + "]`"
        case int():
            return f"`{value}`"
        case _:
            return "–"


def _list(durations: list[timedelta]) -> str:
    return "[" + ", ".join(f'"{format_duration(d)}"' for d in durations) + "]"


if __name__ == "__main__":
    print(fault_table())
    print(machinery_table())
    print(key_tables())
