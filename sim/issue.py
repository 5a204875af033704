"""An issue of EC2's own in a scenario, as AWS Health tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from defib.core.setting import duration, string
from sim.people import WHEN
from sim.scenario_value import EVENT_CODE, ZONE, moment


@dataclass(frozen=True, slots=True)
class HealthIssue:
    """AWS tells of an issue of EC2's own. What breaks with it, the faults say."""

    at: timedelta = field(metadata=moment("When AWS tells of it.", '"4m"', WHEN))
    lasts: timedelta | None = field(
        default=None,
        metadata=duration("After how long AWS says that it is over. Left out, never.", "20m", "1s", "1d"),
    )
    code: str = field(
        default="AWS_EC2_OPERATIONAL_ISSUE",
        metadata=string("What AWS calls it.", "AWS_EC2_POWER_CONNECTIVITY_ISSUE", EVENT_CODE),
    )
    zone: str = field(default="", metadata=string("The zone that it is in; left out, the Region.", "us-east-1a", ZONE))
