"""The durations and shares that a reader asks of a recording, derived once for every view."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sim.recording import FaultRecord, Recording
from sim.report.tone import Tone
from sim.report.words import count, span


@dataclass(frozen=True, slots=True)
class Figures:
    """The durations of one fault, counted from the moment it struck; None for what never happened."""

    check_failed: timedelta | None
    noticed: timedelta | None
    detected: timedelta | None
    announced: timedelta | None
    healthy: timedelta | None
    healed: timedelta | None
    escalated: timedelta | None
    announced_after_detection: timedelta | None
    aws_imposed_share: float | None
    """Of the time to heal, between 0 and 1; None when it was not healed."""

    @property
    def defib_share(self) -> float | None:
        return None if self.aws_imposed_share is None else 1 - self.aws_imposed_share


def figures(fault: FaultRecord) -> Figures:
    """What became of ``fault``, in durations."""

    def since(at: datetime | None) -> timedelta | None:
        return None if at is None else at - fault.struck_at

    announced_after = None
    if fault.announced_at is not None and fault.detected_at is not None:
        announced_after = fault.announced_at - fault.detected_at
    healed = since(fault.healed_at)
    share = None
    if healed:
        share = min(1.0, max(0.0, fault.aws_imposed / healed))
    return Figures(
        check_failed=since(fault.check_failed_at),
        noticed=since(fault.noticed_at),
        detected=since(fault.detected_at),
        announced=since(fault.announced_at),
        healthy=since(fault.healthy_at),
        healed=healed,
        escalated=since(fault.escalated_at),
        announced_after_detection=announced_after,
        aws_imposed_share=share,
    )


@dataclass(frozen=True, slots=True)
class Milestone:
    """One moment of a fault's course."""

    name: str
    at: datetime
    after: timedelta
    """Since the fault struck."""


def milestones(fault: FaultRecord) -> tuple[Milestone, ...]:
    """The moments that did happen, in the order they happened."""
    moments = (
        ("struck", fault.struck_at),
        ("check failed", fault.check_failed_at),
        ("noticed", fault.noticed_at),
        ("detected", fault.detected_at),
        ("announced", fault.announced_at),
        ("handed over", fault.escalated_at),
        ("healthy", fault.healthy_at),
        ("healed", fault.healed_at),
    )
    happened = [Milestone(name, at, at - fault.struck_at) for name, at in moments if at is not None]
    return tuple(sorted(happened, key=lambda m: m.at))


@dataclass(frozen=True, slots=True)
class Headline:
    """The one result of a replay: a figure, what it means, and the fault that it measures."""

    figure: str
    caption: str
    tone: Tone
    fault: FaultRecord | None = None
    duration: timedelta | None = None
    """What to draw beside the original outage."""


def headline(recording: Recording) -> Headline:
    """The worst ending of all faults: unrepaired, handed over, the slowest repair, replaced or left alone."""
    faults = recording.faults
    still_open = [f for f in faults if f.outcome == "open" and f.escalated_at is None]
    escalated = [f for f in faults if f.escalated_at is not None and f.healed_at is None]
    healed = [f for f in faults if f.healed_at is not None]
    if still_open:
        first = min(still_open, key=lambda f: f.struck_at)
        lasted = recording.ended_at - first.struck_at
        return Headline(span(lasted), f"and {first.name} was still down when the replay ended", Tone.BAD, first, lasted)
    if escalated:
        last = max(escalated, key=lambda f: (f.escalated_at or f.struck_at) - f.struck_at)
        took = figures(last).escalated or timedelta()
        return Headline(span(took), f"until people were asked to take over {last.name}", Tone.WARN, last, took)
    if healed:
        slowest = max(healed, key=lambda f: (f.healed_at or f.struck_at) - f.struck_at)
        took = figures(slowest).healed or timedelta()
        which = slowest.name if len(healed) == 1 else f"{slowest.name}, the slowest of {len(healed)}"
        return Headline(span(took), f"from failure to healed, {which}", Tone.GOOD, slowest, took)
    replaced = [f for f in faults if f.outcome == "replaced"]
    if replaced:
        names = ", ".join(f.name for f in replaced)
        return Headline("Replaced", f"by its Auto Scaling group: {names}", Tone.GOOD)
    actions = sum(len(f.actions) for f in faults)
    caption = f"{count(actions, 'action')} taken, {count(len(recording.messages), 'message')} sent"
    return Headline("Left alone" if faults else "All quiet", caption, Tone.GOOD if not actions else Tone.IDLE)
