"""What people do in a scenario: when they set the kill switch, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from defib.core.answer.link import Say
from defib.core.setting import choice, duration, string, strings
from sim.scenario_value import INSTANCE, SERVICE, SETTING, WHEN, moment


@dataclass(frozen=True, slots=True)
class Pull:
    """Somebody sets the stack's kill switch."""

    at: timedelta = field(metadata=moment("When it is set.", '"5m"', WHEN))
    to: str = field(metadata=string("What it is set to; only on lets Defib act.", "off", SETTING))


class Through(StrEnum):
    """How somebody answers."""

    COMMAND = "command"
    """By the command that the message holds."""
    LINK = "link"
    """By the link in the e-mail, on its page."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Somebody answers Defib: whether it may repair an instance, or that they look after it."""

    at: timedelta = field(metadata=moment("When they answer.", '"6m"', WHEN))
    on: tuple[str, ...] = field(
        metadata=strings("The instances whose newest cases they mean.", '["web-2"]', INSTANCE, 50)
    )
    answer: Say = field(metadata=choice("What they say.", Say, Say.APPROVE))
    lasts: timedelta = field(
        default=timedelta(hours=1), metadata=duration("Of a snooze by command: for how long.", "20m", "1m", "7d")
    )
    through: Through = field(
        default=Through.COMMAND, metadata=choice("By which of the ways that the message names.", Through, Through.LINK)
    )


@dataclass(frozen=True, slots=True)
class DrillReply:
    """Somebody answers the newest drill of a contact."""

    at: timedelta = field(metadata=moment("When they answer.", '"6m"', WHEN))
    contact: str = field(metadata=string("Whose drill.", "oncall", SERVICE))
