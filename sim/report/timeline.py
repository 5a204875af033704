"""The picture of a replay: both outages to one scale, then the replay enlarged, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sim.recording import Recording
from sim.report.canvas import Box, Canvas, Line, Scale, Shade, Words
from sim.report.figures import Headline, headline, milestones
from sim.report.rows import (
    FULL_ROWS,
    Form,
    Sheet,
    healthy,
    healthy_rows,
    instance_row,
    notices_row,
    pages_row,
    thin_rows,
    troubled,
)
from sim.report.tone import Tone
from sim.report.words import clock, count, offset, phrase, span

WIDE = Form(
    name="wide",
    width=1120,
    gutter=76,
    margin=12,
    text=12.5,
    band=24,
    tick=70,
    milestones=frozenset({"struck", "check failed", "detected", "announced", "handed over", "healthy", "healed"}),
)
NARROW = Form(
    name="narrow",
    width=360,
    gutter=58,
    margin=4,
    text=11,
    band=20,
    tick=44,
    milestones=frozenset({"struck", "detected", "handed over", "healed"}),
)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A finished picture, for the template to write as SVG."""

    form: Form
    height: float
    title: str
    description: str
    canvas: Canvas


def draw(recording: Recording, form: Form) -> Drawing:
    """The timeline of ``recording`` in the measures of ``form``."""
    start, end = window(recording)
    scale = Scale(start, end, form.gutter, form.width - form.gutter - form.margin)
    canvas = Canvas(form.text)
    sheet = Sheet(recording, form, scale, canvas)
    result = headline(recording)
    y = _overview(sheet, result)
    top = y = _axis(sheet, y)
    for track, faults in troubled(recording)[:FULL_ROWS]:
        y = instance_row(sheet, track, faults, y + 12)
    y = thin_rows(sheet, y)
    y = notices_row(sheet, y + 6)
    y = pages_row(sheet, y)
    y = healthy_rows(sheet, y)
    canvas.lines[:0] = [Line(scale.x(t), top, scale.x(t), y, "grid") for t in scale.ticks(form.tick)]
    title = f"{recording.title}: {result.figure} {result.caption}"
    return Drawing(form, round(y + 8), title, describe(recording), canvas)


def window(recording: Recording) -> tuple[datetime, datetime]:
    """The stretch worth drawing: from before the first thing that happened to after the last."""
    moments = [m.at for f in recording.faults for m in milestones(f)]
    moments += [a.at for f in recording.faults for a in f.actions]
    moments += [d.at for d in recording.decisions] + [m.at for m in recording.messages]
    first = min(moments, default=recording.started_at)
    last = max(moments, default=recording.ended_at)
    if any(f.outcome == "open" for f in recording.faults):
        last = recording.ended_at
    pad = max(timedelta(seconds=45), (last - first) * 0.07)
    start = max(recording.started_at, first - pad)
    end = min(recording.ended_at, last + pad)
    return start, max(end, start + timedelta(minutes=1))


def describe(recording: Recording) -> str:
    """The picture in words, for who can't see it."""
    parts = []
    if recording.original is not None:
        parts.append(f"The original outage lasted {span(recording.original)}.")
    for fault in recording.faults[:FULL_ROWS]:
        course = ", ".join(f"{m.name} {offset(m.after)}" for m in milestones(fault) if m.name != "struck")
        acts = ", ".join(f"{phrase(a.action)} {clock(a.at)}" for a in fault.actions)
        struck = f"{fault.name} failed at {clock(fault.struck_at)} UTC ({phrase(fault.kind)})"
        parts.append(f"{struck}: {course or 'nothing followed'}.")
        parts.append(f"Defib's actions: {acts}." if acts else "Defib did nothing to it.")
    if len(recording.faults) > FULL_ROWS:
        parts.append(f"{count(len(recording.faults) - FULL_ROWS, 'more fault')} followed.")
    parts.append(f"{count(len(recording.messages), 'message')} reached the staff.")
    parts.append(f"{count(len(healthy(recording)), 'instance')} stayed healthy.")
    return " ".join(parts)


def _overview(sheet: Sheet, result: Headline) -> float:
    """Both outages to one scale, and the lines that lead from the replay's to its enlargement below."""
    original, lasted = sheet.recording.original, result.duration
    if original is None or result.fault is None or not lasted:
        return 0
    struck, longest = result.fault.struck_at, max(original, lasted)
    form, canvas = sheet.form, sheet.canvas
    scale = Scale(struck, struck + longest, form.gutter, sheet.scale.width)
    now = f"{result.figure} with Defib" if result.tone is Tone.GOOD else f"{result.figure} {result.caption}"
    y = 4.0
    for name, label, duration in (("then", f"{span(original)} by hand", original), ("now", now, lasted)):
        _outage(sheet, name, label, scale.width * (duration / longest), y)
        y += form.band + 14
    left, right = sheet.scale.x(struck), sheet.scale.x(struck + lasted)
    y = _elapsed(sheet, scale, y)
    top = (scale.left, scale.x(struck + lasted))
    canvas.shades.append(Shade(top, y - form.text - 14, (left, right), y + form.text + 30))
    return y


def _outage(sheet: Sheet, name: str, label: str, width: float, y: float) -> None:
    form, canvas = sheet.form, sheet.canvas
    height = form.band + 8
    canvas.boxes.append(Box(form.gutter, y, width, height, name, label, name))
    baseline = sheet.middle(y, height)
    canvas.words.append(Words(0, baseline, name, "row"))
    if canvas.measure(label, form.text + 1) + 20 <= width:
        canvas.words.append(Words(form.gutter + 10, baseline, label, f"in-{name} strong"))
    else:
        canvas.words.append(Words(form.gutter + width + 10, baseline, label, "strong"))


def _elapsed(sheet: Sheet, scale: Scale, y: float) -> float:
    """The axis of both outages, in time since the failure."""
    form, canvas = sheet.form, sheet.canvas
    step = scale.step(canvas.measure("60 min") * 1.5 + 6)
    canvas.lines.append(Line(scale.left, y, scale.right, y, "axis"))
    for number in range(int((scale.end - scale.start) / step) + 1):
        x = scale.x(scale.start + step * number)
        canvas.lines.append(Line(x, y, x, y + 4, "axis"))
        anchor = "end" if x > scale.right - 14 else "middle"
        canvas.words.append(Words(x, y + form.text + 6, span(step * number) if number else "0", "tick", anchor))
    return y + form.text + 14


def _axis(sheet: Sheet, y: float) -> float:
    """The clock of the enlarged part, in UTC."""
    form, scale = sheet.form, sheet.scale
    baseline = y + form.text + (24 if y else 8)
    sheet.canvas.words.append(Words(0, baseline, "UTC", "tick"))
    digits = 8 if scale.step(form.tick) < timedelta(minutes=1) else 5
    taken = sheet.canvas.measure("UTC")
    for tick in scale.ticks(form.tick):
        text = clock(tick)[:digits]
        half = sheet.canvas.measure(text) / 2
        x = min(max(scale.x(tick), half), scale.right + form.margin - half)
        if x - half >= taken:
            sheet.canvas.words.append(Words(x, baseline, text, "tick", "middle"))
            taken = x + half + form.text / 2
    sheet.canvas.lines.append(Line(scale.left, baseline + 6, scale.right, baseline + 6, "axis"))
    return baseline + 6
