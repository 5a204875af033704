"""Holds a replay against its scenario's expectations, one line each; some hold for every scenario."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from defib.core.audience import audience
from defib.core.duration import format_duration
from defib.core.incident import Notice
from defib.core.messages import MessageLimits
from defib.core.model import InstanceState, Verdict
from defib.core.severity import Severity
from sim.expect import Expect
from sim.recording import Expectation, FaultRecord, Message, Recording
from sim.repairs import most_at_once, most_begun
from sim.scenario import selected
from sim.told import about_defib

if TYPE_CHECKING:
    from sim.world import World

SUMMED_UP_WITHIN = MessageLimits().storm_window + timedelta(seconds=90)
"""What asks for a person waits so long at most for others to be summed up with and for the sweep that finds it due."""


def judge(recording: Recording, world: World) -> tuple[Expectation, ...]:
    """Every expectation with what came of it."""
    expect = world.scenario.expect
    # What a group launches dead is no fault that the scenario tells of.
    struck = [f for f, active in zip(recording.faults, world.recorder.faults, strict=True) if active.fault.on]
    return (
        *(line for fault in struck for line in _about(fault, expect)),
        *_outcomes(struck, expect),
        *_told(recording, expect, world),
        *_told_elsewhere(expect, world),
        *_reached(recording, expect, world),
        *_alerted(recording, expect, world),
        *_shifts(expect, world),
        *_repairs(expect, world),
        *_instances(recording, expect, world),
        *_always(recording, world),
    )


def _about(fault: FaultRecord, expect: Expect) -> Iterator[Expectation]:
    struck, where = fault.struck_at, f"{fault.name} ({fault.kind})"
    if expect.detected_within is not None:
        yield _within(f"{where} is detected", struck, fault.detected_at, expect.detected_within)
    if expect.first_notice_within is not None:
        yield _within(
            f"{where}: first notice after detection", fault.detected_at, fault.announced_at, expect.first_notice_within
        )
    if expect.healed_within is not None:
        yield _within(f"{where} is healed", struck, fault.healed_at, expect.healed_within)
        works = fault.healthy_at is not None and fault.healed_at is not None and fault.healthy_at <= fault.healed_at
        yield Expectation(f"{where} really works when Defib says so", "yes", "yes" if works else "no", works)
    if expect.escalated_within is not None:
        yield _within(f"{where} is handed over to people", struck, fault.escalated_at, expect.escalated_within)
    if expect.own_share_at_most is not None:
        yield _own_share(where, fault, expect.own_share_at_most)
    if expect.actions is not None:
        done = [a.action for a in fault.actions if a.verdict == Verdict.DONE.value]
        yield _same(f"{where}: actions", ", ".join(expect.actions) or "none", ", ".join(done) or "none")


def _within(text: str, start: datetime | None, end: datetime | None, limit: timedelta) -> Expectation:
    if start is None or end is None:
        return Expectation(text, f"within {format_duration(limit)}", "never", held=False)
    took = timedelta(seconds=round((end - start).total_seconds()))  # as every view says it
    return Expectation(text, f"within {format_duration(limit)}", f"after {format_duration(took)}", end - start <= limit)


def own_share(fault: FaultRecord) -> float | None:
    """The percentage of the time to heal that AWS does not impose; None for what was not healed."""
    if fault.healed_at is None:
        return None
    took = fault.healed_at - fault.struck_at
    return 100 * (took - fault.aws_imposed) / took


def _own_share(where: str, fault: FaultRecord, most: int) -> Expectation:
    share = own_share(fault)
    actual = "not healed" if share is None else f"{share:.1f} %"
    held = share is not None and share <= most
    return Expectation(
        f"{where}: share of the time to heal that AWS does not impose", f"at most {most} %", actual, held
    )


def _outcomes(struck: Sequence[FaultRecord], expect: Expect) -> Iterator[Expectation]:
    if expect.outcome is None:
        return
    wanted = expect.outcome if len(expect.outcome) > 1 else expect.outcome * len(struck)
    for fault, outcome in zip(struck, wanted, strict=True):
        yield _same(f"{fault.name} ({fault.kind}): outcome", outcome, fault.outcome)


def _told(recording: Recording, expect: Expect, world: World) -> Iterator[Expectation]:
    if expect.notices is not None:
        emails = [m for m in recording.messages if m.medium == "email" and m.incident_id]
        first = emails[0].to if emails else ""
        said = [m.notice for m in emails if m.to == first]
        yield _same("what the e-mails say", ", ".join(expect.notices) or "nothing", ", ".join(said) or "nothing")
    if expect.messages is not None:
        yield _same("messages that people get", str(expect.messages), str(len(recording.messages)))
    if expect.warnings is not None:
        warned = ", ".join(world.recorder.warnings)
        yield _same("what the sweep warns of", ", ".join(expect.warnings) or "nothing", warned or "nothing")
    if expect.public is not None:
        public = ", ".join(update.status for update in recording.updates)
        yield _same("what the status page tells customers", ", ".join(expect.public) or "nothing", public or "nothing")
    if expect.letters is not None:
        yield _same("e-mails to the page's subscribers", str(expect.letters), str(len(recording.letters)))


def _told_elsewhere(expect: Expect, world: World) -> Iterator[Expectation]:
    if expect.elsewhere is None:
        return
    if not world.elsewhere:
        yield Expectation("another page follows", "at least one", "none", held=False)
    for name, server in world.elsewhere.items():
        told = ", ".join(said.status for said in server.said)
        yield _same(f"what {name} tells its readers", ", ".join(expect.elsewhere) or "nothing", told or "nothing")
        wrong = [f"{there} {status}" for there, status in server.stands.items() if status != "operational"]
        yield _same(f"what does not work on {name} in the end", "nothing", ", ".join(wrong) or "nothing")


def _alerted(recording: Recording, expect: Expect, world: World) -> Iterator[Expectation]:
    if expect.alerted_within is not None:
        begins = min((one.began for one in world.breakdowns.all), default=world.scenario.start)
        told = (m.at for m in recording.messages if about_defib(m, world) and m.at >= begins)
        text = "people are told that something is wrong with Defib"
        yield _within(text, begins, min(told, default=None), expect.alerted_within)


def _reached(recording: Recording, expect: Expect, world: World) -> Iterator[Expectation]:
    """Who of the people was told, how often, and whether of everything that they were to be told."""
    people = [m for m in recording.messages if m.medium in ("email", "sms") and m.incident_id]
    if expect.told is not None:
        addresses = dict.fromkeys(m.to for m in sorted(people, key=lambda m: m.at))
        yield _same("who is told, in this order", ", ".join(expect.told) or "nobody", ", ".join(addresses) or "nobody")
    if expect.messages_each is not None:
        most = max(Counter(m.to for m in people).values(), default=0)
        yield Expectation(
            "messages that any one address gets",
            f"at most {expect.messages_each}",
            str(most),
            most <= expect.messages_each,
        )
    if expect.named:
        due = [notice for notice in world.records.notices() if world.time.now - notice.at >= SUMMED_UP_WITHIN]
        missed = [text for notice in due for text in _missed(notice, people, world)]
        actual = "all of them" if not missed else f"not {', '.join(missed[:5])}"
        yield Expectation("notices that ask for a person, named to everybody asked", "all of them", actual, not missed)


def _missed(notice: Notice, people: Sequence[Message], world: World) -> Iterator[str]:
    asked = audience(notice.service, notice.tier, world.policy) if notice.severity is Severity.URGENT else ()
    for contact in asked:
        for address in contact.email:
            own = (m for m in people if m.to == address and m.at >= notice.at)
            # A digest has one line for each incident, with the newest of its notices.
            if not any(notice.subject == m.subject or f"  {notice.incident_id}  " in m.body for m in own):
                yield f"{notice.incident_id}#{notice.sequence} to {address}"


def _shifts(expect: Expect, world: World) -> Iterator[Expectation]:
    if expect.shifts is not None:
        yield _same("zonal shifts", ", ".join(expect.shifts) or "none", ", ".join(world.shifts.moves) or "none")


def _repairs(expect: Expect, world: World) -> Iterator[Expectation]:
    if expect.repairs_at_once is not None:
        most = most_at_once(world.records.cases())
        yield _same("the most repairs at once", str(expect.repairs_at_once), str(most))
    if expect.repairs_begun is not None:
        begun = most_begun(world.records.cases())
        yield _same("the most repairs begun within 10 minutes", str(expect.repairs_begun), str(begun))
    if expect.replacements is not None:
        launched = sum(group.replacements for group in world.scaling.groups.values())
        yield _same("instances launched in the place of others", str(expect.replacements), str(launched))


def _instances(recording: Recording, expect: Expect, world: World) -> Iterator[Expectation]:
    acted_on = {case.instance_id for case in world.records.cases() if case.attempts}
    touched = {name for name, machine in world.machines.items() if machine.instance_id in acted_on}
    works = {name for name, machine in world.machines.items() if machine.works(recording.ended_at)}
    stopped = {name for name, machine in world.machines.items() if machine.state is InstanceState.STOPPED}
    replaced = {name for name, new in world.scaling.replaced.items() if new.works(recording.ended_at)}
    for text, patterns, right in (
        ("left untouched", expect.untouched, set(world.machines) - touched),
        ("working in the end", expect.working_at_end, works),
        ("stopped in the end", expect.stopped_at_end, stopped),
        ("replaced by one that works", expect.replaced, replaced),
    ):
        if patterns:
            wrong = [name for name in selected(patterns, world.machines) if name not in right]
            actual = f"not {', '.join(wrong)}" if wrong else "all of them"
            yield Expectation(text, ", ".join(patterns), actual, held=not wrong)


def _always(recording: Recording, world: World) -> Iterator[Expectation]:
    totals = recording.totals
    yield _same("calls that a role did not allow", "none", ", ".join(totals.denied) or "none")
    yield _same("links that were used by being opened", "none", "; ".join(world.mail.wrong) or "none")
    yield _same("errors that left a function", "none", "; ".join(totals.errors) or "none")
    if not world.scenario.machinery:
        # Where the machinery is in trouble, messages are set aside and alarms go off as they should.
        yield _same("messages in dead-letter queues", "0", str(totals.dead_letters))
        yield _same("pages of links that failed", "none", "; ".join(world.mail.failed) or "none")
        expected = world.scenario.expect.alarms
        fired = (_named(alarm, expected) for alarm in world.alarms.fired)
        actual = ", ".join(dict.fromkeys(fired))
        yield _same("alarms about Defib itself", ", ".join(expected) or "none", actual or "none")


def _named(alarm: str, expected: Sequence[str]) -> str:
    """The alarm by the name that the scenario has for it: the deployed one carries the stack's and a hash besides."""
    return next((name for name in expected if f"Watch{name}" in alarm), alarm)


def _same(text: str, expected: str, actual: str) -> Expectation:
    return Expectation(text, expected, actual, expected == actual)
