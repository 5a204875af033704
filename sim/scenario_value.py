"""Values that only scenarios have: drawn durations, moments, traits, lists of words, and how names look."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from random import Random
from typing import NamedTuple

from defib.core.case import Action, Outcome
from defib.core.incident import NoticeKind
from defib.core.page.model import IncidentStatus
from defib.core.setting import TAG_VALUE, Form, Metadata, Setting, duration
from defib.core.shift import Move
from sim.faults import Cure

WHEN = 'a duration since the start such as "3m", or a time of day in UTC such as 12:03:00'
"""What a moment within the scenario looks like."""


class Range(NamedTuple):
    """A duration, or the two ends between which the seed draws one."""

    least: timedelta
    most: timedelta

    @classmethod
    def of(cls, seconds: float, most: float | None = None) -> Range:
        return cls(timedelta(seconds=seconds), timedelta(seconds=seconds if most is None else most))

    def draw(self, random: Random) -> timedelta:
        """One duration, in whole milliseconds."""
        span = (self.most - self.least) / timedelta(milliseconds=1)
        return self.least + timedelta(milliseconds=round(span * random.random()))


class Trait(StrEnum):
    """What ``[fleet.NAME]`` may say of its instances."""

    PUBLIC_IP = "public_ip"
    """An auto-assigned public IPv4 address."""
    ELASTIC_IP = "elastic_ip"
    STOP_PROTECTION = "stop_protection"
    TERMINATION_PROTECTION = "termination_protection"
    HIBERNATION = "hibernation"
    DEDICATED_HOST = "dedicated_host"
    """On a Dedicated Host, with affinity."""
    WINDOWS = "windows"
    SPOT = "spot"
    """Of a one-time Spot request."""
    MANAGED = "managed"
    """By EKS Auto Mode, in its owner's name."""
    PLACEMENT_GROUP = "placement_group"
    SECOND_INTERFACE = "second_interface"
    """A second network interface: what has an auto-assigned address gets no other in its place."""


def span(about: str, example: str, least: str, most: str) -> Metadata:
    """A duration, or a list of two between which the seed draws one."""
    one = duration(about, example, least, most)["setting"]
    allowed = f"{one.allowed}, or a list of two of them, the shorter first"
    return {"setting": Setting(about, example, allowed, one.least, one.most)}


def moment(about: str, example: str, allowed: str) -> Metadata:
    """A date and time, or a moment within the scenario."""
    return {"setting": Setting(about, example, allowed)}


def pairs(about: str, example: str) -> Metadata:
    """Tag keys, each with one value."""
    allowed = "a table of at most 20 tag keys, each with one value"
    return {"setting": Setting(about, example, allowed, 1, 1, form=TAG_VALUE, keys=20)}


def outcomes(about: str, example: str) -> Metadata:
    """Outcomes of cases; ``none`` where no case is opened."""
    allowed = "one or a list of " + ", ".join(f'"{name}"' for name in OUTCOMES)
    return {"setting": Setting(about, example, allowed, 1, 200)}


def words(
    about: str, example: str, kind: type[Action | NoticeKind | IncidentStatus | Cure | Move | Trait], most: int
) -> Metadata:
    """A list of an enum's values, which may repeat."""
    allowed = "a list of " + ", ".join(f'"{member.value}"' for member in kind)
    return {"setting": Setting(about, example, allowed, 0, most)}


OUTCOMES = (*(outcome.value for outcome in Outcome), "open", "none")
"""How a fault's case can stand in the end: as the case says, still open, or there is none."""

LINE = Form("one line of 1 to 100 characters", 100)
STORY = Form("one line of 1 to 2000 characters", 2000)
ZONE = Form("an Availability Zone such as us-east-1a", 20, r"us-east-1[a-f]")
INSTANCE_TYPE = Form("an instance type such as m7g.large", 30, r"[a-z0-9-]+\.[a-z0-9-]+")
ADDRESS = Form("an e-mail address, or a phone number with + and country code", 254, r"[^ ]+")
INSTANCE = Form("an instance's name, such as web-2, or several with *, such as web-*", 40, r"[a-z][a-z0-9-]*\*?")
ALARM = Form("the name of an alarm such as SignalsBacklog", 60, r"[A-Z][A-Za-z]+")
SERVICE = Form("the name of a service in defib.toml, or of none of them", 31, r"[a-z][a-z0-9-]*")
GROUP = Form("the name of a target group of the scenario", 31, r"[a-z][a-z0-9-]*")
POLICY = Form("the name of a file in scenarios/policies/", 31, r"[a-z][a-z0-9-]*")
SETTING = Form("one word such as on or off", 20, r"[a-z]+")
SCALING_GROUP = Form("the name of an Auto Scaling group of the scenario", 31, r"[a-z][a-z0-9-]*")
EVENT_CODE = Form("an event type code of AWS Health such as AWS_EC2_OPERATIONAL_ISSUE", 100, r"AWS_EC2_[A-Z_]+")
CODE = Form("a StateReason code such as Server.InternalError", 60, r"[A-Za-z.]+")
COMPONENT = Form(
    "a word such as publish, orders, sqs:SendMessage or us-east-1; * stands for any part",
    120,
    r"[A-Za-z0-9*:._-]+",
)
FUNCTION = Form("a function's word, such as publish", 31, r"[a-z][a-z0-9_-]*")
REGION_NAME = Form("a Region such as us-west-2", 30, r"[a-z]{2}(?:-[a-z]+)+-[0-9]")
ERROR_CODE = Form("an error code such as AccessDenied", 60, r"[A-Za-z0-9.]+")
