"""Who is told, by which means, and how loud a message must be for each."""

from __future__ import annotations

from dataclasses import field

from defib.core.frozen import dataclass
from defib.core.maintenance import Maintenance
from defib.core.setting import EMAIL, HTTPS_ENDPOINT, PHONE, SEVERITY, flag, strings, tables

ALL = ("low", "high", "urgent")
"""Every severity (core/severity.py)."""


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
    https: tuple[str, ...] = field(
        default=(),
        metadata=strings(
            "Addresses of machines, such as PagerDuty (docs/notices.md), that get each message at once, as JSON.",
            '["https://events.example.com/integration/defib"]',
            HTTPS_ENDPOINT,
            most=5,
        ),
    )
    chat: bool = field(
        default=False,
        metadata=flag(
            "Whether it has a topic for a chat channel of Amazon Q Developer, which must subscribe to it.", "true"
        ),
    )
    email_for: tuple[str, ...] = field(
        default=ALL, metadata=strings("The severities that go by e-mail.", '["high", "urgent"]', SEVERITY, most=3)
    )
    sms_for: tuple[str, ...] = field(
        default=("high", "urgent"),
        metadata=strings(
            "The severities that go by text message; progress never does.", '["urgent"]', SEVERITY, most=3
        ),
    )
    https_for: tuple[str, ...] = field(
        default=ALL, metadata=strings("The severities that go to machines.", '["high", "urgent"]', SEVERITY, most=3)
    )
    chat_for: tuple[str, ...] = field(
        default=ALL, metadata=strings("The severities that go to chat.", '["high", "urgent"]', SEVERITY, most=3)
    )
    quiet: tuple[Maintenance, ...] = field(
        default=(),
        metadata=tables(
            "Quiet hours, which keep messages of low severity until they end.",
            '[{ days = ["mon", "tue"], at = "22:00", zone = "Europe/Berlin", lasts = "9h" }]',
            least=0,
            most=20,
        ),
    )

    @property
    def severities(self) -> tuple[tuple[str, ...], ...]:
        """What goes by each of the means that it has."""
        means = (
            (self.email, self.email_for),
            (self.sms, self.sms_for),
            (self.https, self.https_for),
            (self.chat, self.chat_for),
        )
        return tuple(severities for given, severities in means if given)

    @property
    def hears_what_is_urgent(self) -> bool:
        """Whether any of its means takes what asks for a person."""
        return any("urgent" in severities for severities in self.severities)


def chat_output(contact: str) -> str:
    """The stack's output that names the contact's chat topic: letters and digits only, as all outputs' names."""
    return "ChatTopic" + "".join(part.capitalize() for part in contact.split("-"))
