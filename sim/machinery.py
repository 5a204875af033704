"""What can go wrong with Defib's own machinery: the calls, functions, queues, events and Regions that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from defib.core.setting import choice, duration, number, string, strings
from sim.scenario_value import COMPONENT, ERROR_CODE, FUNCTION, REGION_NAME, WHEN, moment


class MachineryKind(StrEnum):
    """What goes wrong."""

    CALL_HANGS = "call_hangs"
    CALL_REFUSED = "call_refused"
    CALL_THROTTLED = "call_throttled"
    ANSWER_LOST = "answer_lost"
    DIES_BEFORE_CALL = "dies_before_call"
    DIES_AFTER_CALL = "dies_after_call"
    BATCH_PARTLY_REFUSED = "batch_partly_refused"
    WRITE_CONFLICTS = "write_conflicts"
    STALE_READS = "stale_reads"
    HTTPS_HANGS = "https_hangs"
    FUNCTION_DIES = "function_dies"
    FUNCTION_HANGS = "function_hangs"
    FUNCTION_THROTTLED = "function_throttled"
    SCHEDULE_SILENT = "schedule_silent"
    RULE_OFF = "rule_off"
    EVENTS_LOST = "events_lost"
    EVENTS_DOUBLED = "events_doubled"
    EVENTS_DELAYED = "events_delayed"
    EVENTS_REORDERED = "events_reordered"
    QUEUE_LATE = "queue_late"
    QUEUE_DOUBLES = "queue_doubles"
    MESSAGES_LOST = "messages_lost"
    ALARM_SILENT = "alarm_silent"
    REGION_DARK = "region_dark"
    PARTITION = "partition"


class Strikes(StrEnum):
    """What kind of thing ``on`` names."""

    CALLS = "calls"
    HOSTS = "hosts"
    FUNCTIONS = "functions"
    SCHEDULES = "schedules"
    RULES = "rules"
    QUEUES = "queues"
    TOPICS = "topics"
    ALARMS = "alarms"
    REGIONS = "Regions"


@dataclass(frozen=True, slots=True)
class Nature:
    """What a kind of trouble strikes, and what it does."""

    strikes: Strikes
    about: str
    uses: tuple[str, ...] = ()
    """Keys that mean something to this kind only, or to few."""


CALLS_USE = ("by", "nth", "times")

NATURES: Mapping[MachineryKind, Nature] = {
    MachineryKind.CALL_HANGS: Nature(
        Strikes.CALLS,
        "Nothing answers: each attempt costs the client's connect and read timeout, then the caller gets the timeout.",
        CALLS_USE,
    ),
    MachineryKind.CALL_REFUSED: Nature(
        Strikes.CALLS,
        "The service answers with `error`; the client tries again where botocore does.",
        (*CALLS_USE, "error"),
    ),
    MachineryKind.CALL_THROTTLED: Nature(
        Strikes.CALLS,
        "The service answers that there are too many requests, in its own words, and does nothing.",
        CALLS_USE,
    ),
    MachineryKind.ANSWER_LOST: Nature(
        Strikes.CALLS, "Each attempt is carried out, and its answer lost: the caller gets the timeout.", CALLS_USE
    ),
    MachineryKind.DIES_BEFORE_CALL: Nature(
        Strikes.CALLS, "The process is killed just before the call reaches the service.", CALLS_USE
    ),
    MachineryKind.DIES_AFTER_CALL: Nature(
        Strikes.CALLS, "The process is killed when the call has been carried out, before it hears of that.", CALLS_USE
    ),
    MachineryKind.BATCH_PARTLY_REFUSED: Nature(
        Strikes.CALLS,
        "Every second entry of a batch, the first included, is refused (sqs:SendMessageBatch).",
        CALLS_USE,
    ),
    MachineryKind.WRITE_CONFLICTS: Nature(
        Strikes.CALLS, "Conditional writes to the table fail, as when somebody else wrote first.", CALLS_USE
    ),
    MachineryKind.STALE_READS: Nature(
        Strikes.CALLS,
        "Reads of the table that do not ask for consistency show it as it was `delay` ago.",
        (*CALLS_USE, "delay"),
    ),
    MachineryKind.HTTPS_HANGS: Nature(
        Strikes.HOSTS, "What functions send by HTTPS to hosts outside AWS is never answered.", ("by",)
    ),
    MachineryKind.FUNCTION_DIES: Nature(
        Strikes.FUNCTIONS,
        "The process is killed when `after_calls` of its calls have been answered; with 0, before its first line.",
        ("nth", "times", "after_calls"),
    ),
    MachineryKind.FUNCTION_HANGS: Nature(
        Strikes.FUNCTIONS, "It does nothing until Lambda kills it at its timeout.", ("nth", "times")
    ),
    MachineryKind.FUNCTION_THROTTLED: Nature(
        Strikes.FUNCTIONS, "Lambda has no room for it: it can't start, and Lambda counts a throttle.", ("nth", "times")
    ),
    MachineryKind.SCHEDULE_SILENT: Nature(Strikes.SCHEDULES, "The scheduler does not fire.", ("nth", "times")),
    MachineryKind.RULE_OFF: Nature(
        Strikes.RULES,
        "The rule is switched off: nothing reaches its targets, and whoever lists rules reads so.",
    ),
    MachineryKind.EVENTS_LOST: Nature(
        Strikes.RULES, "Events that fit a rule never reach its targets.", ("nth", "times")
    ),
    MachineryKind.EVENTS_DOUBLED: Nature(
        Strikes.RULES,
        "Each event reaches the rule's targets twice, the second time after `delay`.",
        ("nth", "times", "delay"),
    ),
    MachineryKind.EVENTS_DELAYED: Nature(
        Strikes.RULES, "Events reach the rule's targets `delay` late.", ("nth", "times", "delay")
    ),
    MachineryKind.EVENTS_REORDERED: Nature(
        Strikes.RULES,
        "Every second event, the first included, comes `delay` late and so after those that followed it.",
        ("delay",),
    ),
    MachineryKind.QUEUE_LATE: Nature(
        Strikes.QUEUES, "Lambda takes nothing from the queue until the trouble is over; messages pile up."
    ),
    MachineryKind.QUEUE_DOUBLES: Nature(
        Strikes.QUEUES,
        "Each message is delivered once more, `delay` after its function was done with it.",
        ("nth", "times", "delay"),
    ),
    MachineryKind.MESSAGES_LOST: Nature(
        Strikes.TOPICS, "SNS accepts messages and delivers none of them.", ("nth", "times")
    ),
    MachineryKind.ALARM_SILENT: Nature(Strikes.ALARMS, "CloudWatch does not evaluate the alarm."),
    MachineryKind.REGION_DARK: Nature(
        Strikes.REGIONS,
        "Nothing in the Region runs or answers, its alarms neither; calls to it hang, and so do those in progress.",
    ),
    MachineryKind.PARTITION: Nature(Strikes.REGIONS, "Calls from one of the two Regions to the other hang."),
}


@dataclass(frozen=True, slots=True)
class MachineryFault:
    """Something that goes wrong with Defib's own machinery."""

    at: timedelta = field(metadata=moment("When it begins.", '"3m"', WHEN))
    on: tuple[str, ...] = field(
        metadata=strings(
            "What it strikes, by its word: which things that are, the kind says; * stands for any part of a word.",
            '["sqs:SendMessage"]',
            COMPONENT,
            20,
        )
    )
    kind: MachineryKind = field(metadata=choice("What goes wrong.", MachineryKind, MachineryKind.CALL_HANGS))
    lasts: timedelta | None = field(
        default=None, metadata=duration("After how long it is over. Left out, never.", "10m", "1s", "1d")
    )
    by: tuple[str, ...] = field(
        default=(),
        metadata=strings("The functions whose calls it strikes; left out, those of all.", '["sweep"]', FUNCTION, 20),
    )
    region: str = field(
        default="",
        metadata=string(
            "The Region of what it strikes, where more than one has such a thing.", "us-west-2", REGION_NAME
        ),
    )
    nth: int = field(
        default=1,
        metadata=number(
            "The how-manieth call, start, event or message from its beginning is the first hit.", 2, 1, 100_000
        ),
    )
    times: int = field(default=0, metadata=number("How many are hit in all; 0: all while it lasts.", 1, 0, 100_000))
    after_calls: int = field(
        default=0, metadata=number("How many of its calls are answered before a function dies.", 3, 0, 10_000)
    )
    error: str = field(
        default="InternalError",
        metadata=string("The error code with which a call is refused.", "AccessDenied", ERROR_CODE),
    )
    delay: timedelta = field(
        default=timedelta(seconds=30),
        metadata=duration("How late, or how old.", "2m", "1s", "1h"),
    )

    @property
    def strikes(self) -> Strikes:
        return NATURES[self.kind].strikes
