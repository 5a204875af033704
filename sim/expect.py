"""What must come of a scenario. Each key's meaning and limits stand beside the field that it fills."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from defib.core.case import Action
from defib.core.incident import NoticeKind
from defib.core.page.model import IncidentStatus
from defib.core.setting import duration, flag, number, strings
from defib.core.shift import Move
from sim.scenario_value import ADDRESS, ALARM, INSTANCE, LINE, outcomes, words


@dataclass(frozen=True, slots=True)
class Expect:
    """What must come of it. What is left out is not looked at; durations and outcomes hold for every fault."""

    detected_within: timedelta | None = field(
        default=None, metadata=duration("From a fault's strike until Defib has confirmed it.", "3m", "1s", "1d")
    )
    first_notice_within: timedelta | None = field(
        default=None, metadata=duration("From then until the first message has arrived.", "30s", "0s", "1d")
    )
    healed_within: timedelta | None = field(
        default=None,
        metadata=duration("From a fault's strike until Defib closes the case as healed.", "12m", "1s", "1d"),
    )
    escalated_within: timedelta | None = field(
        default=None, metadata=duration("From a fault's strike until Defib hands it over to people.", "1h", "1s", "1d")
    )
    own_share_at_most: int | None = field(
        default=None,
        metadata=number("Percent of the time to heal that AWS does not impose.", 15, 0, 100),
    )
    outcome: tuple[str, ...] | None = field(
        default=None,
        metadata=outcomes("How each case ends, in the order of the faults; one for all alike.", '"healed"'),
    )
    actions: tuple[Action, ...] | None = field(
        default=None,
        metadata=words(
            "What Defib does to each faulty instance, in order.", '["evidence", "stop", "start"]', Action, 50
        ),
    )
    notices: tuple[NoticeKind, ...] | None = field(
        default=None, metadata=words("What the e-mails say, in order.", '["opened", "resolved"]', NoticeKind, 200)
    )
    messages: int | None = field(
        default=None, metadata=number("How many e-mails and texts people get, all told.", 5, 0, 10_000)
    )
    warnings: tuple[str, ...] | None = field(
        default=None,
        metadata=strings(
            "Each address that the sweep warns of, and why, in the order in which it first does.",
            '["oncall@example.com unconfirmed"]',
            LINE,
            50,
        ),
    )
    messages_each: int | None = field(
        default=None,
        metadata=number("How many messages any one address of a person gets at most.", 10, 0, 10_000),
    )
    told: tuple[str, ...] | None = field(
        default=None,
        metadata=strings(
            "The addresses that get an e-mail or text about the incidents, in the order of their first ones.",
            '["oncall@example.com", "lead@example.com"]',
            ADDRESS,
            50,
        ),
    )
    named: bool = field(
        default=False,
        metadata=flag("Whether every notice that asks for a person is named in a message to everybody whom it is for."),
    )
    public: tuple[IncidentStatus, ...] | None = field(
        default=None,
        metadata=words(
            "What the status page tells customers, update by update, of all incidents; [] for nothing.",
            '["identified", "monitoring", "resolved"]',
            IncidentStatus,
            200,
        ),
    )
    letters: int | None = field(
        default=None, metadata=number("How many e-mails subscribers of the status page are sent.", 3, 0, 1_000)
    )
    elsewhere: tuple[IncidentStatus, ...] | None = field(
        default=None,
        metadata=words(
            "What each page that follows the status page tells its readers, update by update; [] for nothing.",
            '["identified", "monitoring", "resolved"]',
            IncidentStatus,
            200,
        ),
    )
    repairs_at_once: int | None = field(
        default=None, metadata=number("The most repairs that are ever under way at once.", 5, 0, 1_000)
    )
    repairs_begun: int | None = field(
        default=None, metadata=number("The most repairs that ever begin within 10 minutes.", 20, 0, 1_000)
    )
    replacements: int | None = field(
        default=None,
        metadata=number("How many instances Auto Scaling groups launch in the place of others.", 1, 0, 1_000),
    )
    shifts: tuple[Move, ...] | None = field(
        default=None, metadata=words("Zonal shifts that Defib starts and ends, in order.", '["start", "end"]', Move, 20)
    )
    alarms: tuple[str, ...] = field(
        default=(),
        metadata=strings(
            "Alarms about Defib itself that go off, though its machinery works.", '["SignalsBacklog"]', ALARM, 20
        ),
    )
    alerted_within: timedelta | None = field(
        default=None,
        metadata=duration(
            "From the first trouble in the machinery until people have been told, past the topic of the incidents, "
            "that something is wrong with Defib itself.",
            "3m",
            "1s",
            "1d",
        ),
    )
    untouched: tuple[str, ...] = field(
        default=(), metadata=strings("Instances that Defib must do nothing to.", '["db-*"]', INSTANCE, 50)
    )
    working_at_end: tuple[str, ...] = field(
        default=(), metadata=strings("Instances that must work in the end.", '["web-*"]', INSTANCE, 50)
    )
    replaced: tuple[str, ...] = field(
        default=(),
        metadata=strings(
            "Instances that their group must replace by one that works in the end.", '["web-2"]', INSTANCE, 50
        ),
    )
    stopped_at_end: tuple[str, ...] = field(
        default=(), metadata=strings("Instances that must be stopped in the end.", '["worker-1"]', INSTANCE, 50)
    )
