"""What the operator decides about answering by a link."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta

from defib.core.frozen import dataclass
from defib.core.setting import duration, flag


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """The links in e-mails by which people answer Defib."""

    enabled: bool = field(
        default=False, metadata=flag("Whether e-mails that ask for a person carry a link to answer by.", "true")
    )
    link_life: timedelta = field(
        default=timedelta(hours=24),
        metadata=duration(
            "How long a link can be used; one that asks for a yes ends with the question.", "8h", "5m", "7d"
        ),
    )
    snooze: timedelta = field(
        default=timedelta(hours=1),
        metadata=duration("For how long a person who snoozes an incident is left alone.", "30m", "5m", "1d"),
    )
