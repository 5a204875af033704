"""What the watchtower is told when its stack is synthesized, and where it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

FILE = "settings.json"
"""Beside the code: the addresses alone may be more than the 4 KB that a function's variables hold (Lambda quotas)."""

BYTES_MOST = 1024 * 1024
"""Of the file. A stack has 500 resources (CloudFormation quotas), and so fewer addresses than fill a third of it."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One address that a topic of the watched stack should reach."""

    topic: str
    """The name by which the watched stack calls it, such as ``Alerts``."""
    protocol: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Way:
    """One that canaries go."""

    word: str
    """The queue's, or the topic's."""
    feeds: str
    after: str = ""
    """The way that it goes on from; empty where it begins at the front."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to look, and what is late. Durations and shares are the operator's."""

    region: str
    primary_region: str
    primary_stack: str
    parameter: str
    """The parameter in the primary's Region that says what its resources are called."""
    alarms: int
    """How many alarms about itself the watched stack has."""
    ways: tuple[Way, ...]
    """Those of the canaries."""
    rules: tuple[str, ...]
    """Of the watched stack's event bus, by name."""
    doors: tuple[str, ...]
    """Functions that people reach over HTTPS."""
    subscribers: tuple[Subscriber, ...]
    """Of the watched stack's topics."""
    own_subscribers: tuple[Subscriber, ...]
    """Of the watchtower's topics."""
    sweep_within: timedelta
    canary_within: timedelta
    page_within: timedelta
    has_page: bool
    sms_share: int
    looks: int
    dead_mans_switch: str
    seen: str = ""
    """The digest of all that is expected of the watched stack; it has the same one, unless a deploy is under way."""

    @property
    def texts(self) -> bool:
        """Whether anybody is told by SMS."""
        return any(subscriber.protocol == "sms" for subscriber in self.own_subscribers)


@dataclass(frozen=True, slots=True)
class Place:
    """The names that only the deployment knows, from the environment. Raises KeyError for one that is missing."""

    table: str
    topic: str
    heartbeat_topic: str

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Place:
        return cls(
            variables["WATCHTOWER_TABLE"], variables["WATCHTOWER_TOPIC"], variables["WATCHTOWER_HEARTBEAT_TOPIC"]
        )


def read(folder: Path) -> Settings:
    """The settings beside the code in ``folder``. Raises OSError, KeyError or ValueError if they are not there."""
    with (folder / FILE).open("rb") as file:
        found = file.read(BYTES_MOST + 1)
    if len(found) > BYTES_MOST:
        raise ValueError(f"{FILE} has more than {BYTES_MOST} bytes, and a deployment writes fewer: deploy again")
    try:
        return _settings(json.loads(found.decode()))
    except (ArithmeticError, AttributeError, RecursionError, TypeError) as error:
        raise ValueError(f"{FILE} is none that a deployment writes: deploy again") from error


def _settings(given: Mapping[str, Any]) -> Settings:
    return Settings(
        region=given["region"],
        primary_region=given["primary_region"],
        primary_stack=given["primary_stack"],
        parameter=given["parameter"],
        alarms=int(given["alarms"]),
        ways=tuple(Way(*entry) for entry in given["ways"]),
        rules=tuple(given["rules"]),
        doors=tuple(given["doors"]),
        subscribers=tuple(Subscriber(*entry) for entry in given["subscribers"]),
        own_subscribers=tuple(Subscriber(*entry) for entry in given["own_subscribers"]),
        sweep_within=timedelta(seconds=given["sweep_within_s"]),
        canary_within=timedelta(seconds=given["canary_within_s"]),
        page_within=timedelta(seconds=given["page_within_s"]),
        has_page=bool(given["has_page"]),
        sms_share=int(given["sms_share"]),
        looks=int(given["looks"]),
        dead_mans_switch=given["dead_mans_switch"],
        seen=given["seen"],
    )
