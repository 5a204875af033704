"""Addresses of a scenario that messages do not reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from defib.core.setting import Form, choice, duration, strings
from sim.scenario_value import WHEN, moment

ADDRESS = Form("an address or a pattern such as *@example.com", 254)


class Why(StrEnum):
    """Why messages do not reach an address."""

    UNCONFIRMED = "unconfirmed"
    UNSUBSCRIBED = "unsubscribed"
    OPTED_OUT = "opted_out"
    SANDBOX = "sandbox"
    """The account is in the SMS sandbox, and these numbers are not verified."""
    QUOTA = "quota"
    """The month's quota for SMS is spent."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Addresses that messages do not reach."""

    on: tuple[str, ...] = field(
        metadata=strings("The addresses; for quota the numbers that miss their SMS.", '["oncall@*"]', ADDRESS, 50)
    )
    why: Why = field(metadata=choice("Why.", Why, Why.OPTED_OUT))
    at: timedelta = field(
        default=timedelta(0),
        metadata=moment("From when on.", '"3m"', WHEN),
    )
    lasts: timedelta | None = field(
        default=None, metadata=duration("For how long. Left out, for ever.", "40m", "1s", "30d")
    )
