"""Recordings written by hand, for the views to be tested on: each is one kind of replay."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar, cast

import pytest

from sim.recording import (
    ActionRecord,
    DeadArrivals,
    DecisionRecord,
    Expectation,
    FaultRecord,
    InstanceTrack,
    Message,
    Recording,
    Span,
    Totals,
)


def at(clock: str) -> datetime:
    """A moment of that April 30th, from ``12:03:00``."""
    return datetime.fromisoformat(f"2026-04-30T{clock}+00:00").astimezone(UTC)


START, END = at("12:00:00"), at("12:30:00")


def spans(*pieces: str) -> tuple[Span, ...]:
    """Spans that follow one another until the end, from ``12:03:00 running``."""
    parts = [p.partition(" ") for p in pieces]
    ends = [at(clock) for clock, _, _ in parts[1:]] + [END]
    return tuple(Span(at(clock), end, value) for (clock, _, value), end in zip(parts, ends, strict=True))


def healthy_track(name: str, number: int) -> InstanceTrack:
    service = name.partition("-")[0]
    targets = spans("12:00:00 healthy") if service == "web" else ()
    return InstanceTrack(
        instance_id=f"i-0{number:016x}",
        name=name,
        service=service,
        zone=f"us-east-1{'abc'[number % 3]}",
        states=spans("12:00:00 running"),
        checks=spans("12:00:00 ok"),
        targets=targets,
    )


ZOMBIE = "i-0000000000000a1b2"

WEB_2 = InstanceTrack(
    instance_id=ZOMBIE,
    name="web-2",
    service="web",
    zone="us-east-1b",
    states=spans(
        "12:00:00 running", "12:08:31 stopping", "12:09:21 stopped", "12:09:26 pending", "12:09:48 running"
    ),
    checks=spans("12:00:00 ok", "12:04:10 impaired", "12:08:31 none", "12:09:48 initializing", "12:12:30 ok"),
    targets=spans(
        "12:00:00 healthy", "12:03:30 unhealthy", "12:08:20 draining", "12:08:31 unused", "12:12:52 initial",
        "12:13:22 healthy",
    ),
)  # fmt: skip

ACTIONS = (
    ActionRecord(
        at("12:05:25"), "evidence", "a stop destroys the console and the screen: keep them first", "done",
        "s3://defib-evidence/web/i-0000000000000a1b2-1/1/: console.txt, screenshot.jpg, statuses.json, metrics.json",
    ),
    ActionRecord(at("12:05:30"), "reboot", "instance check impaired for 80 s; a reboot is mildest", "done", ""),
    ActionRecord(at("12:08:20"), "drain", "the reboot did not help in 170 s; take it out of web-http", "done", ""),
    ActionRecord(at("12:08:30"), "stop", "a stop and start moves it to another host", "done", ""),
    ActionRecord(at("12:09:25"), "start", "it stands stopped by Defib", "done", ""),
    ActionRecord(at("12:12:45"), "restore", "both checks pass: register it with web-http again", "done", ""),
)  # fmt: skip

FAULT = FaultRecord(
    instance_id=ZOMBIE,
    name="web-2",
    kind="zombie",
    struck_at=at("12:03:00"),
    check_failed_at=at("12:04:10"),
    noticed_at=at("12:04:15"),
    detected_at=at("12:05:20"),
    announced_at=at("12:05:24"),
    healthy_at=at("12:09:48"),
    healed_at=at("12:14:05"),
    escalated_at=None,
    outcome="healed",
    aws_imposed=timedelta(minutes=10, seconds=24),
    actions=ACTIONS,
)

EMAIL_OPENED = """\
web-2 (i-0000000000000a1b2, us-east-1b) stopped working at 12:04:10 UTC.

What is wrong:  EC2 calls it running, but its instance status check fails.
Who notices:    1 of 3 web servers; the other two are healthy and serve.
Doing now:      Defib keeps the evidence and reboots it. If that does not
                help by 12:08:20 UTC, Defib stops and starts it.
You must do:    nothing. Defib writes again by 12:15 UTC, healed or not.

To stop Defib here: remove the tag self-heal from the instance.

Incident web-1
"""

EMAIL_RESOLVED = """\
web-2 (i-0000000000000a1b2, us-east-1b) works again since 12:09:48 UTC.

It failed for:  9 min 55 s
What helped:    stop and start; the reboot did not.
Checked:        both status checks pass, the load balancer finds it healthy,
                stable for 40 s.
You must do:    nothing now. In the morning: read the console output at
                s3://defib-evidence/web/i-0000000000000a1b2-1/1/

12:05:20  opened: instance check fails
12:05:30  reboot
12:08:30  stop, then start at 12:09:25
12:14:05  resolved

Incident web-1
"""

ONCALL, PHONE = "oncall@example.com", "+12025550123"


def messages(clock: str, notice: str, subject: str, body: str, sms: str) -> tuple[Message, ...]:
    return (
        Message(at(clock), "email", ONCALL, subject, body, "web-1", notice),
        Message(at(clock) + timedelta(seconds=1), "sms", PHONE, "", sms, "web-1", notice),
    )


def decided(clock: str, cause: str, decision: str, reason: str) -> DecisionRecord:
    return DecisionRecord(at(clock), ZOMBIE, f"{ZOMBIE}-1", cause, decision, reason)


DECISIONS = (
    decided("12:04:15", "instance_impaired", "wait", "failing for 5 s; patience is 60 s: look again at 12:05:15"),
    decided("12:05:20", "instance_impaired", "act:evidence", ACTIONS[0].reason),
    decided("12:05:27", "instance_impaired", "act:reboot", ACTIONS[1].reason),
    decided("12:05:31", "instance_impaired", "wait", "rebooted 1 s ago; a reboot may take 170 s"),
    decided("12:08:20", "instance_impaired", "act:drain", ACTIONS[2].reason),
    decided("12:08:28", "instance_impaired", "act:stop", ACTIONS[3].reason),
    decided("12:09:23", "stopped_by_defib", "act:start", ACTIONS[4].reason),
    decided("12:12:43", "healthy", "act:restore", ACTIONS[5].reason),
    decided("12:14:05", "healthy", "close:healed", "checks ok and target healthy, stable for 40 s"),
)

APRIL_30 = Recording(
    scenario="april-30",
    title="April 30th: a zombie web server",
    story=(
        "A hosted continuous-integration company lost its service for an hour. An instance stopped working while the\n"
        "console called it running; reboots did not help, a stop and start did.\n\n"
        "Its own monitor hung on a lock, so no alert reached the staff."
    ),
    seed=430,
    started_at=START,
    ended_at=END,
    original=timedelta(minutes=60),
    instances=(
        healthy_track("web-1", 1), WEB_2, healthy_track("web-3", 3), healthy_track("db-1", 4),
        healthy_track("db-2", 5), healthy_track("worker-1", 6), healthy_track("worker-2", 7),
    ),
    faults=(FAULT,),
    decisions=DECISIONS,
    messages=(
        *messages(
            "12:05:24", "opened", "DOWN web: web-2 fails its instance check; Defib is rebooting it", EMAIL_OPENED,
            "DOWN web-2 us-east-1b since 12:04 UTC, instance check. Rebooting; then stop/start. Nothing to do yet.",
        ),
        *messages(
            "12:08:32", "progress", "web: the reboot did not help; Defib stops and starts web-2",
            "The reboot of web-2 at 12:05:30 UTC did not help.\n\nDoing now:    stop and start, on another host.\n"
            "You must do:  nothing.\n\nIncident web-1\n",
            "web-2: reboot did not help. Stopping and starting it now. Nothing to do.",
        ),
        *messages(
            "12:14:07", "resolved", "OK web: web-2 works again after 9 min 55 s", EMAIL_RESOLVED,
            "OK web-2 works again after 9 min 55 s (stop/start). Nothing to do.",
        ),
    ),
    totals=Totals(
        invocations={"diagnose": 41, "remediate": 5, "evidence": 1, "publish": 3, "sweep": 30},
        calls={
            "ec2:DescribeInstanceStatus": 71, "ec2:DescribeInstances": 48, "ec2:RebootInstances": 1,
            "ec2:StartInstances": 1, "ec2:StopInstances": 1, "dynamodb:Query": 96, "dynamodb:TransactWriteItems": 22,
            "sns:Publish": 3,
        },
        denied=(),
        dead_letters=0,
        errors=(),
        dead_on_arrival=(DeadArrivals("worker", "us-east-1c", "m7g.large", 2),),
    ),
    expectations=(
        Expectation("web-2 is detected", "within 3 min", "2 min 20 s", True),
        Expectation("web-2 is healed", "within 12 min", "11 min 5 s", True),
        Expectation("staff is told", "within 30 s of detection", "4 s", True),
        Expectation("nothing else is touched", "0 actions", "0 actions", True),
    ),
)  # fmt: skip

FALSE_ALARM = replace(
    APRIL_30,
    scenario="false-alarm",
    title="A single failed sample",
    original=None,
    instances=tuple(healthy_track(t.name, n) for n, t in enumerate(APRIL_30.instances)),
    faults=(),
    decisions=(),
    messages=(),
    expectations=(Expectation("nobody is told", "0 messages", "0 messages", True),),
)

LARGE_FLEET = replace(
    APRIL_30, instances=(*APRIL_30.instances, *(healthy_track(f"worker-{n}", n) for n in range(3, 196)))
)

HANDED_OVER = replace(
    APRIL_30,
    scenario="never-comes-back",
    title="An instance that never comes back",
    original=None,
    faults=(
        replace(
            FAULT, healthy_at=None, healed_at=None, escalated_at=at("12:22:00"), outcome="handed_over",
            aws_imposed=timedelta(),
            actions=(*ACTIONS[:5], ActionRecord(at("12:15:00"), "stop", "try once more", "retry", "IncorrectState")),
        ),
    ),
    expectations=(Expectation("web-2 is healed", "within 12 min", "never", False),),
)  # fmt: skip

MANY_FAULTS = replace(
    APRIL_30,
    instances=tuple(replace(WEB_2, instance_id=f"i-{n:017x}", name=f"worker-{n}") for n in range(60)),
    faults=tuple(replace(FAULT, instance_id=f"i-{n:017x}", name=f"worker-{n}") for n in range(60)),
)

EVERY_KIND = {
    "april-30": APRIL_30,
    "false-alarm": FALSE_ALARM,
    "large-fleet": LARGE_FLEET,
    "handed-over": HANDED_OVER,
    "many-faults": MANY_FAULTS,
}
every_kind = pytest.mark.parametrize("recording", EVERY_KIND.values(), ids=EVERY_KIND.keys())


HOSTILE = "\"><script>alert(1)</script>' onload=alert(1) [bold red]x[/] {{ 7*7 }} </style> </title> \x1b[2J\x00\u202e"

Value = TypeVar("Value")


def poisoned(value: Value) -> Value:
    """The same value with every text in it followed by a hostile one."""
    if isinstance(value, str):
        return cast(Value, value + HOSTILE)
    if isinstance(value, tuple):
        return cast(Value, tuple(poisoned(v) for v in value))
    if isinstance(value, dict):
        return cast(Value, {poisoned(k): v for k, v in value.items()})
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: poisoned(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return cast(Value, dataclasses.replace(value, **fields))
    return value
