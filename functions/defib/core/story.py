"""What each piece of news says: the headline, what Defib does, what people must do, and the few words of an SMS."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from defib.core import asking, in_a_row, one_by_one, planned
from defib.core.asking import in_region
from defib.core.case import Action, Case, Outcome
from defib.core.duration import format_duration
from defib.core.forewarning import gave_way
from defib.core.frozen import replace
from defib.core.harm import is_kept
from defib.core.incident import Incident, NoticeKind
from defib.core.member import in_standby
from defib.core.model import Cause, Verdict
from defib.core.news import NOTHING, News, Story
from defib.core.policy import Mode, Policy, Service
from defib.core.start import STOPPED, became, left_down
from defib.core.start_failure import meaning
from defib.core.words import (
    ACTION_WORDS,
    ASKS_YOU,
    CAUSE_SHORT,
    NAME_MAX,
    at_minute,
    began,
    brief_plan,
    dated_minute,
    day,
    plain,
    plan,
)


def story_of(news: News, incident: Incident, case: Case, service: Service, policy: Policy) -> Story:
    """What is told of ``news`` about ``case``, but for events that AWS has announced (core/forewarning.py)."""
    match news:
        case News.OPENED | News.JOINED | News.ANNOUNCED | News.REMINDED | News.PUT_OFF:
            return _opened(news, incident, case, service, policy)
        case News.STOPPING | News.FORCING | News.SKIPPING | News.REPLACING | News.RESIZED | News.START_FAILED:
            return _progress(news, case)
        case News.HELD if case.held_by == in_a_row.GUARD:
            headline, doing = f"is held: {case.reason}", in_a_row.doing(policy.limits, policy.repair.hold)
            return Story(NoticeKind.ESCALATED, headline, doing, in_a_row.ASK, in_a_row.BRIEF)
        case News.HELD:
            would = ACTION_WORDS[case.held_action] if case.held_action is not None else "acted on it"
            stopped = "out of service and " if is_kept(case) else ""
            stopped = "STOPPED and " if case.cause is Cause.STOPPED_BY_DEFIB else stopped
            return Story(
                NoticeKind.HELD,
                f"is {stopped}held: {case.reason}",
                f"Nothing for now. It would have {would}. It looks again every {format_duration(policy.repair.hold)}"
                " and goes on by itself when the reason is gone.",
                _yours(case),
                f"Defib would have {would}. Please decide.",
            )
        case News.ASKING | News.APPROVED:
            return _asked(news, case, service, policy)
        case News.ONE_BY_ONE:
            fallen = tuple(fall for fall in incident.falls if fall.told)
            headline, doing = one_by_one.headline(fallen), one_by_one.doing(fallen, service)
            return Story(NoticeKind.ESCALATED, headline, doing, one_by_one.ASK, "Check pools, locks, last deployment.")
        case News.ESCALATED:
            return _escalated(case, policy)
        case News.TAKEN_BACK:
            headline = f"{CAUSE_SHORT[case.cause]} since {day(case.since)}"
            return replace(_opened(News.JOINED, incident, case, service, policy), headline=headline)
        case News.CLOSED:
            return _closed(incident, case, policy)
    assert_never(news)


def _yours(case: Case) -> str:
    """What is left to people while a guard holds it."""
    if not is_kept(case) or case.drained is None or not case.registrations:
        return "Decide whether to act yourself; Defib will not until the reason is gone."
    groups = ", ".join(sorted({r.target_group_name for r in case.registrations}))
    if case.owes_start(case.cause):
        start = f"start it yourself and, when it works, register it in {groups} again"
        return f"Remove the reason, or {start}; Defib will not until the reason is gone."
    return f"When it works, register it in {groups} again; Defib will not until the reason is gone."


def _opened(news: News, incident: Incident, case: Case, service: Service, policy: Policy) -> Story:
    kind = NoticeKind.OPENED if news is News.OPENED else NoticeKind.PROGRESS
    since = dated_minute(began(case), case.confirmed_at or case.since)
    headline = f"{CAUSE_SHORT[case.cause]} since {since}"
    doing = plan(case, service, policy)
    if service.mode is Mode.OBSERVE:
        doing = f"Nothing: service {service.name} is in observe mode. In heal mode: {doing}"
        return Story(kind, headline, doing, "Act yourself: Defib only observes.", "Defib only observes. Please look.")
    if service.mode is Mode.APPROVE:
        doing = f"{doing} Before it changes anything it asks you, and goes on only with your yes."
        return Story(kind, headline, doing, NOTHING, "Defib asks you before it acts.")
    if in_a_row.is_told(incident, case):
        return Story(kind, headline, f"{doing} {in_a_row.WAITS}", NOTHING, in_a_row.WAITS_BRIEF)
    brief = brief_plan(case, service, policy)
    if brief == ASKS_YOU:
        return Story(kind, headline, doing, "Look at it. Defib asks you next, with the evidence.", brief)
    return Story(kind, headline, doing, NOTHING, f"{brief} Nothing for you to do.")


def _asked(news: News, case: Case, service: Service, policy: Policy) -> Story:
    """The question whether it may be repaired, and the yes."""
    then = plan(case, service, policy)
    if case.approval is None or news is News.APPROVED:
        by = plain(case.approval.by if case.approval is not None else "somebody", NAME_MAX)
        return Story(NoticeKind.PROGRESS, f"may be repaired, says {by}", then, NOTHING, "Defib repairs it.")
    until = dated_minute(case.approval.until, case.approval.asked_at)
    headline = f"{CAUSE_SHORT[case.cause]}: your yes or no by {until}"
    doing = f"Nothing without your yes. With it: {then} Without an answer by {until} it leaves it to you."
    brief = f"Plan: {brief_plan(case, service, policy)} The e-mail says how to answer."
    return Story(NoticeKind.APPROVAL, headline, doing, asking.duty(case, case.approval, policy.region), brief)


def _progress(news: News, case: Case) -> Story:
    if news is News.START_FAILED:
        starts = [a.result for a in case.attempts if a.action is Action.START and a.result is not None]
        said = (starts[-1].code or starts[-1].detail) if starts else ""
        said = said or "AWS gives no reason"
        means = f"That means: {meaning(said)}. " if meaning(said) else ""
        return Story(
            NoticeKind.PROGRESS,
            f"could not be started: {said}",
            f"{means}It tries again after a pause, and asks you if that fails too.",
            NOTHING,
            "Defib tries again.",
        )
    if news is News.FORCING:
        doing = "It forces the stop, then starts it."
        return Story(NoticeKind.PROGRESS, "does not stop by itself", doing, NOTHING, "Defib forces its stop.")
    if news is News.SKIPPING:
        doing = "It stops it without letting its system shut down, then starts it."
        return Story(NoticeKind.PROGRESS, "does not stop even when forced", doing, NOTHING, "Its shutdown is skipped.")
    if news is News.RESIZED:
        was, to = became(case)
        doing = f"It has changed its type from {was} to {to}, and starts it."
        ended = [a.result.verdict for a in case.attempts if a.action is Action.START and a.result is not None]
        why = "AWS does not start" if Verdict.REFUSED in ended[-1:] else "no room for"
        headline = f"becomes a {to}: {why} a {was}"
        return Story(NoticeKind.PROGRESS, headline, doing, NOTHING, "Defib has changed its type.")
    if news is News.REPLACING:
        doing = f"It tells its Auto Scaling group {case.group} to terminate it and launch another."
        return Story(NoticeKind.PROGRESS, "is to be replaced", doing, NOTHING, "Its group replaces it.")
    headline = f"still {CAUSE_SHORT[case.cause]}" if len(case.attempts) > 2 else f"{CAUSE_SHORT[case.cause]}"
    doing = f"It stops it now and starts it on another host ({case.reason})."
    return Story(NoticeKind.PROGRESS, headline, doing, NOTHING, "Defib stops and starts it now.")


def _escalated(case: Case, policy: Policy) -> Story:
    if case.cause not in STOPPED:
        doing = "It watches; it acts no more."
        return Story(NoticeKind.ESCALATED, f"needs you: {case.reason}", doing, case.ask, "Please look now.")
    again = format_duration(policy.repair.hold)
    doing = f"It is STOPPED now. Defib goes on trying to start it, at first every {again}."
    headline = f"is STOPPED and needs you: {case.reason}"
    return Story(NoticeKind.ESCALATED, headline, doing, case.ask, "Please look now.")


def _closed(incident: Incident, case: Case, policy: Policy) -> Story:
    over = all(m.is_settled for m in incident.members)
    kind = NoticeKind.RESOLVED if over else NoticeKind.PROGRESS
    took = format_duration(_whole_seconds((case.closed_at or case.opened_at) - began(case)))
    brief = f"It began {at_minute(began(case), case.closed_at or case.since)}."
    match case.outcome:
        case Outcome.HEALED | Outcome.RECOVERED:
            last = "" if one_by_one.still_down(incident) else one_by_one.ending(incident.falls, case)
            # People had it in hand, but it has worked all along.
            safe = f"is safe: {case.reason}" if planned.gives_way(case) else ""
            # Where people have mended it, they may have returned it too.
            where = " in Standby" if case.outcome is Outcome.HEALED and case.standby is not None else ""
            headline = last or safe or f"works again{where} after {took}: {case.reason}"
            duty, brief = _returned(case, policy), "Return it to service in its group." if in_standby(case) else brief
        case Outcome.TERMINATED:
            headline, duty = "has been terminated", "Nothing, if that was intended."
        case Outcome.REPLACED:
            headline, duty = f"is being replaced: {case.reason}", "Nothing."
        case Outcome.LEFT_ALONE:
            headline, duty = f"is left alone: {case.reason}", "Nothing, if that was intended."
            if case.cause in STOPPED:
                headline, duty = f"is STOPPED and left alone: {case.reason}", "Start it, if it should run."
            elif left_down(case, policy.repair):
                headline = f"is being STOPPED and left alone: {case.reason}"
                duty = "Start it once it has stopped, if it should run."
        case Outcome.GAVE_WAY:
            headline, duty = gave_way(case), "Nothing."
        case Outcome.HANDED_OVER | Outcome.NOTHING_WRONG | None:
            still = "is STOPPED and no longer watched" if case.cause in STOPPED else "is no longer watched"
            headline, duty = f"{still}: {case.reason}", "See to it if you have not yet."
        case _:
            assert_never(case.outcome)
    doing = "Nothing more." if over else f"It goes on with the others. {members_line(incident)}"
    return Story(kind, headline, doing, duty, brief)


def _returned(case: Case, policy: Policy) -> str:
    """What is left to people of what works: where Defib leaves it in Standby, it serves nobody.

    AWS CLI Command Reference, autoscaling exit-standby.
    """
    if in_standby(case) is None:
        return "Nothing."
    there, group = in_region(policy.region), case.group.replace("'", r"'\''")
    which = f"--instance-ids {case.instance_id} --auto-scaling-group-name '{group}'"
    asked = f"Return it to service in Auto Scaling group {case.group}, unless somebody has"
    return f"{asked}:\n  aws autoscaling exit-standby{there} {which}"


def _whole_seconds(span: timedelta) -> timedelta:
    return timedelta(seconds=max(0, round(span.total_seconds())))


def members_line(incident: Incident) -> str:
    """How the incident's instances stand, when there is more than one."""
    if len(incident.members) < 2:
        return ""
    trouble = [m for m in incident.members if not m.is_settled]
    names = ", ".join(m.name for m in trouble[:10])
    more = f" and {len(trouble) - 10} more" if len(trouble) > 10 else ""
    named = f" ({names}{more})" if trouble else ""
    return f"{len(trouble)} of {len(incident.members)} instances still in trouble{named}."
