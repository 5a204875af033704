"""Who is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from defib.core.setting import EMAIL, PHONE, strings


@dataclass(frozen=True, slots=True)
class Contact:
    """Who is told, and by which means."""

    name: str
    email: tuple[str, ...] = field(
        default=(),
        metadata=strings(
            "E-mail addresses; each must confirm the subscription that Amazon SNS sends it.",
            '["oncall@example.com"]',
            EMAIL,
            most=20,
        ),
    )
    sms: tuple[str, ...] = field(
        default=(),
        metadata=strings("Phone numbers that get a text message.", '["+12025550123"]', PHONE, most=20),
    )
