"""The words for what AWS has announced: what it will do and when, what Defib does before, and what people can do."""

from __future__ import annotations

from datetime import datetime

from defib.core.asking import in_region
from defib.core.boot import is_mac
from defib.core.case import Action, Case, Outcome
from defib.core.frozen import replace
from defib.core.incident import NoticeKind
from defib.core.maintenance import next_window
from defib.core.model import Cause, Event
from defib.core.news import NOTHING, News, Story
from defib.core.planned import BOUND, REMIND, UNSTOPPABLE, at_rest, window_before
from defib.core.policy import Mode, Policy, Service
from defib.core.words import day, plan

WORDS = {
    "instance-retirement": "is to be retired by AWS",
    "instance-stop": "is to be stopped by AWS",
    "instance-reboot": "is to be rebooted by AWS",
    "system-reboot": "is to be rebooted by AWS",
    "system-maintenance": "may be cut off by work of AWS",
}
"""What AWS will do, after the instance's name (EC2 User Guide, Types of scheduled events)."""


LOST = "A stop loses what is on instance-store volumes, and a public address that is no Elastic IP address"
"""What whoever follows the commands must know first (AWSEC2 UserGuide, How EC2 instance stop and start works)."""

GOES_ON = "What fails now it repairs as usual, and tells you of it as usual."
"""What Defib does about a failure after a planned restart, which has a case of its own."""


def news_of(before: Case, after: Case) -> tuple[News, ...]:
    """Whether people are to hear of an announced event: when it is announced or moved, and when they are reminded."""
    event = after.event
    if event is None or after.cause is not Cause.EVENT_SCHEDULED or not at_rest(after):
        return ()
    if before.event != event:
        return (News.ANNOUNCED,)
    return (News.REMINDED,) if after.reminded_at is not None and before.reminded_at is None else ()


def reminded(case: Case, policy: Policy, now: datetime) -> Case:
    """The case once people are reminded of its event: on the last day, of what nothing that Defib does avoids, or has
    avoided in a window that is over.
    """
    event, service = case.event, policy.service(case.service)
    waits = case.cause is Cause.EVENT_SCHEDULED and case.closed_at is None and at_rest(case)
    due = waits and case.reminded_at is None
    if event is None or service is None or not due or not event.not_before - REMIND <= now < event.not_before:
        return case
    return case if _is_counted_on(case, event, service, policy, now) else replace(case, reminded_at=now)


def _is_counted_on(case: Case, event: Event, service: Service, policy: Policy, now: datetime) -> bool:
    """Whether a planned restart is to be expected: one is to come, and none has come to nothing yet."""
    if window_before(event, policy, service, now) is None or _stays(case):
        return False
    first = next_window(policy, service, case.opened_at)
    return first is None or first.end > now


def forewarned(news: News, case: Case, service: Service, policy: Policy, now: datetime) -> Story | None:
    """The story of an announced event; None for all else, and where a planned restart goes wrong."""
    event = case.event
    if case.confirmed_cause is not Cause.EVENT_SCHEDULED or event is None:
        return None
    doing, duty, brief = _plan(case, event, service, policy, now)
    match news:
        case News.ANNOUNCED:
            headline = f"{WORDS[event.code]} from {day(event.not_before)}"
            if event.not_after is not None:
                doing = f"{doing} AWS says that it ends by {day(event.not_after)}."
        case News.REMINDED:
            headline = f"{WORDS[event.code]} soon, from {day(event.not_before)}"
            if window_before(event, policy, service, now) is not None and not _stays(case):
                doing = f"It has not restarted it in a window so far. {doing}"
            duty, brief = _yourself(case, event, policy), _in_brief(case, event)
        case News.HELD if at_rest(case):
            headline = f"is not restarted yet before {day(event.not_before)}"
            doing = f"Nothing for now: {case.reason}. It looks again while the maintenance window is on."
            duty, brief = _yourself(case, event, policy), _in_brief(case, event)
        case News.PUT_OFF:
            headline = f"serves as before, its restart before {day(event.not_before)} is put off"
        case News.STOPPING:
            doing = "It stops it now and starts it on another host, inside its maintenance window."
            return Story(NoticeKind.PROGRESS, "is restarted as planned", doing, NOTHING, "Defib restarts it now.")
        case News.CLOSED if case.handed_over_at is None and case.outcome in (Outcome.HEALED, Outcome.RECOVERED):
            headline, doing, duty, brief = f"is safe: {case.reason}", "Nothing more.", "Nothing.", ""
        case News.CLOSED if case.handed_over_at is None and case.outcome is Outcome.GAVE_WAY:
            headline, doing, duty, brief = gave_way(case), GOES_ON, NOTHING, ""
        case _:
            return None
    return Story(NoticeKind.PLANNED, headline, doing, duty, brief)


def gave_way(case: Case) -> str:
    """What became of an instance that failed while its case waited."""
    moved = "was" if case.last(Action.START) is not None else "was not"
    return f"{moved} restarted as planned; now {case.reason}"


def _plan(case: Case, event: Event, service: Service, policy: Policy, now: datetime) -> tuple[str, str, str]:
    """What Defib does before the event, what people must do, and both in the few words of an SMS."""
    window = window_before(event, policy, service, now)
    itself = _yourself(case, event, policy)
    if window is None or _stays(case):
        return _nothing(case, event, service), itself, _in_brief(case, event)
    doing = f"In the maintenance window from {day(window.start)} to {day(window.end)}: {plan(case, service, policy)}"
    if service.mode is Mode.OBSERVE:
        doing = f"Nothing: service {service.name} is in observe mode. In heal mode: {doing}"
        return doing, itself, _in_brief(case, event)
    sooner = f"Nothing. To have it sooner, do it yourself. {itself}"
    return doing, sooner, f"Defib restarts it from {day(window.start)}."


def _nothing(case: Case, event: Event, service: Service) -> str:
    why = _stays(case) or f"no maintenance window of service {service.name} begins before then"
    if not service.planned_restart and not _unstoppable(case):
        why = f"planned_restart is off for service {service.name}"
    then = "" if _unstoppable(case) else " What fails or stops then, it repairs as usual."
    return f"Nothing before {day(event.not_before)}: {why}.{then}"


def _in_brief(case: Case, event: Event) -> str:
    return f"{'Replace' if _unstoppable(case) else 'Restart'} it yourself before {day(event.not_before)}."


def _unstoppable(case: Case) -> str:
    """Why it can only be replaced; empty where it can be stopped."""
    return next((said.removeprefix(f"{UNSTOPPABLE} ") for said in case.evidence if said.startswith(UNSTOPPABLE)), "")


def _stays(case: Case) -> str:
    """Why no planned restart would move it; empty where one would."""
    if _unstoppable(case):
        return f"{_unstoppable(case)}, which Defib does not stop"
    if is_mac(case.instance_type):
        return "it is a Mac, whose host AWS cleans for hours after a stop"
    return "a stop and start would bring it back to its Dedicated Host" if _is_bound(case) else ""


def _is_bound(case: Case) -> bool:
    return any(said.startswith(BOUND) for said in case.evidence)


def _yourself(case: Case, event: Event, policy: Policy) -> str:
    """What moves it to another host at a time of one's own choosing."""
    until, instance, there = day(event.not_before), case.instance_id, in_region(policy.region)
    if case.group:
        return (
            f"Its Auto Scaling group {case.group} may replace it by itself. To choose the time, replace it before "
            f"{until}:\n  aws autoscaling terminate-instance-in-auto-scaling-group{there} --instance-id {instance} "
            "--no-should-decrement-desired-capacity"
        )
    if _unstoppable(case):
        return f"Launch another in its place before {until}, and save what is on it: {_unstoppable(case)}."
    moved = f"aws ec2 modify-instance-placement{there} --instance-id {instance} --host-id ANOTHER_HOST"
    commands = (
        f"aws ec2 stop-instances{there} --instance-ids {instance}",
        f"aws ec2 wait instance-stopped{there} --instance-ids {instance}",
        *([moved] if _is_bound(case) else ()),
        f"aws ec2 start-instances{there} --instance-ids {instance}",
    )
    lines = "\n".join(f"  {command}" for command in commands)
    if _is_bound(case):
        # AWSEC2 UserGuide, How host maintenance works: stopping it releases that room.
        return (
            "Where AWS is to reboot it, wait: AWS then moves it to a replacement host, on which it keeps room for it. "
            f"To move it before {until}, which gives up that room, give it another host while it is stopped. "
            f"{LOST}:\n{lines}"
        )
    slow = " (a Mac may not start for up to four and a half hours after the stop)" if is_mac(case.instance_type) else ""
    return (
        f"Stop and start it before {until}, at a time that suits you{slow}; it then runs on another host. "
        f"{LOST}:\n{lines}"
    )
