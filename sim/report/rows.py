"""The rows of the timeline below its axis: an instance's bands and flags, the staff's notices, the healthy."""

from __future__ import annotations

from dataclasses import dataclass

from sim.recording import ActionRecord, FaultRecord, InstanceTrack, PageMoment, Recording, Span
from sim.report.canvas import Canvas, Glyph, Line, Scale, Words
from sim.report.figures import Milestone, milestones
from sim.report.flags import Flag, hang
from sim.report.messages import Delivery, bundles
from sim.report.snapshots import STATUS, folders
from sim.report.tone import Tone, tone
from sim.report.words import clock, count, offset, phrase, span

FULL_ROWS = 6
"""So many instances in trouble are drawn band by band; the others get one row each."""
_THIN_ROWS = 24
"""So many instances in trouble get a thin row; the others are counted."""
_HEALTHY_ROWS = 8
_LEVELS = 7
_UNEVENTFUL = frozenset({"running", "pending", "ok", "initializing", "none", "healthy", "initial", "unused"})
_GLYPHS = {"email": 20.0, "sms": 14.0}
"""How much room each glyph takes, in pixels."""


@dataclass(frozen=True, slots=True)
class Form:
    """The measures of a drawing, in pixels."""

    name: str
    width: float
    gutter: float
    margin: float
    """Right of the axis."""
    text: float
    band: float
    tick: float
    """Least distance of two time labels."""
    milestones: frozenset[str]
    """Those that are written above an instance's bands."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Where rows are drawn. Each row is given its top edge and returns its bottom edge."""

    recording: Recording
    form: Form
    scale: Scale
    canvas: Canvas

    def middle(self, y: float, height: float) -> float:
        """The baseline of a text in the middle of a row."""
        return y + height / 2 + self.form.text * 0.36

    def short(self, name: str) -> str:
        """An instance's name as far as the gutter has room; its end stays, where those of one fleet differ."""
        letters = int((self.form.gutter - 4) / self.canvas.measure("m"))
        return name if len(name) <= letters else "…" + name[1 - letters :]

    def lane(self, name: str, y: float, style: str = "row") -> None:
        """A named line for moments to be marked on."""
        self.canvas.words.append(Words(0, y + self.form.text * 0.36, name, style))
        self.canvas.lines.append(Line(self.scale.left, y, self.scale.right, y, "lane"))


def healthy(recording: Recording) -> frozenset[str]:
    """The instances to which nothing worth a look happened."""
    named = {f.instance_id for f in recording.faults} | {d.instance_id for d in recording.decisions}
    return frozenset(
        track.instance_id
        for track in recording.instances
        if track.instance_id not in named
        and all(s.value in _UNEVENTFUL for spans in (track.states, track.checks, track.targets) for s in spans)
    )


def troubled(recording: Recording) -> list[tuple[InstanceTrack, list[FaultRecord]]]:
    """The other instances, those with faults first."""
    well = healthy(recording)
    rows = [(t, [f for f in recording.faults if f.instance_id == t.instance_id]) for t in recording.instances]
    return sorted((r for r in rows if r[0].instance_id not in well), key=lambda r: not r[1])


def instance_row(sheet: Sheet, track: InstanceTrack, faults: list[FaultRecord], y: float) -> float:
    """One instance in full: name, milestones, its bands, what Defib did."""
    y = _heading(sheet, track, faults, y)
    y = _milestones(sheet, [m for f in faults for m in milestones(f)], y)
    top = y
    for name, spans in (("check", track.checks), ("state", track.states), ("traffic", track.targets)):
        if spans:
            _band(sheet, name, spans, y, sheet.form.band)
            y += sheet.form.band + 3
    for moment in (m.at for f in faults for m in milestones(f) if m.name in {"struck", "healed", "handed over"}):
        x = sheet.scale.x(moment)
        sheet.canvas.rules.append(Line(x, top - 4, x, y, "moment"))
    return _actions(sheet, [a for f in faults for a in f.actions], y) + 8


def _heading(sheet: Sheet, track: InstanceTrack, faults: list[FaultRecord], y: float) -> float:
    size = sheet.form.text
    baseline = y + size + 2
    sheet.canvas.words.append(Words(0, baseline, track.name, "name"))
    ends = dict.fromkeys(f"{phrase(f.kind)}: {tone(f.outcome).symbol} {phrase(f.outcome)}" for f in faults)
    about = " · ".join([track.service, track.zone, *ends])
    room = sheet.form.width - sheet.canvas.measure(track.name, size + 2) - 14
    while " · " in about and sheet.canvas.measure(about) > room:
        about = about.partition(" · ")[2]
    sheet.canvas.words.append(Words(sheet.canvas.measure(track.name, size + 2) + 14, baseline, about, "about"))
    return baseline + 6


def _milestones(sheet: Sheet, moments: list[Milestone], y: float) -> float:
    """Labels above the bands, level 0 lowest."""
    shown = [m for m in moments if m.name in sheet.form.milestones]
    texts = [f"{m.name} {clock(m.at) if m.name == 'struck' else offset(m.after)}" for m in shown]
    flags = [Flag(sheet.scale.x(m.at), sheet.canvas.measure(t) + 10) for m, t in zip(shown, texts, strict=True)]
    places = hang(flags, sheet.scale.right + sheet.form.margin, _LEVELS)
    step = sheet.form.text + 4
    foot = y + (max((p.level for p in places if p), default=-1) + 1) * step + 4
    for flag, text, place in zip(flags, texts, places, strict=True):
        if place is not None:
            baseline = foot - 5 - place.level * step
            sheet.canvas.lines.append(Line(flag.x, baseline - sheet.form.text * 0.8, flag.x, foot, "pole"))
            sheet.canvas.words.append(Words(place.left + 5, baseline, text, "milestone"))
    return foot + 2


def _band(sheet: Sheet, name: str, spans: tuple[Span, ...], y: float, height: float) -> None:
    sheet.canvas.words.append(Words(0, sheet.middle(y, height), name, "row"))
    for piece in spans:
        left, right = sheet.scale.x(piece.start), sheet.scale.x(piece.end)
        if right - left < 0.5:
            continue
        tip = f"{name}: {piece.value}, {clock(piece.start)} to {clock(piece.end)} ({span(piece.end - piece.start)})"
        sheet.canvas.status(left, y, max(1.0, right - left - 1), height, tone(piece.value), piece.value, tip)


def _actions(sheet: Sheet, actions: list[ActionRecord], y: float) -> float:
    """Defib's lane: a mark at each action, its name hung below."""
    size = sheet.form.text
    lane = y + size
    sheet.lane("Defib", lane, "row accent")
    if not actions:
        sheet.canvas.words.append(Words(sheet.scale.left + 4, lane + size + 5, "no action", "about"))
        return lane + size + 8
    texts = [phrase(a.action) + _verdict(a.verdict) for a in actions]
    flags = [Flag(sheet.scale.x(a.at), sheet.canvas.measure(t) + 10) for a, t in zip(actions, texts, strict=True)]
    places = hang(flags, sheet.scale.right + sheet.form.margin, _LEVELS)
    for action, flag, text, place in zip(actions, flags, texts, places, strict=True):
        tip = f"{clock(action.at)} {phrase(action.action)}: {action.verdict}. {action.reason}"
        sheet.canvas.glyphs.append(Glyph(flag.x, lane, "mark", tip))
        if place is not None:
            baseline = lane + size + 7 + place.level * (size + 4)
            sheet.canvas.lines.append(Line(flag.x, lane, flag.x, baseline, "pole accent"))
            sheet.canvas.words.append(Words(place.left + 5, baseline, text, "action"))
    deepest = max((p.level for p in places if p), default=0)
    return lane + size + 11 + deepest * (size + 4)


def _verdict(verdict: str) -> str:
    return "" if verdict == "done" else f" ({tone(verdict).symbol} {phrase(verdict)})"


def thin_rows(sheet: Sheet, y: float) -> float:
    """Troubled instances beyond the first few: one row each, its check where it fails, its state elsewhere."""
    rest = troubled(sheet.recording)[FULL_ROWS:]
    height = sheet.form.text + 5
    for track, _ in rest[:_THIN_ROWS]:
        y += 4
        _band(sheet, sheet.short(track.name), track.states, y, height)
        for piece in track.checks:
            left, right = sheet.scale.x(piece.start), sheet.scale.x(piece.end)
            if tone(piece.value) is Tone.BAD and right - left >= 0.5:
                tip = f"{track.name}: {piece.value}, {clock(piece.start)} to {clock(piece.end)}"
                sheet.canvas.status(left, y, right - left, height, Tone.BAD, piece.value, tip)
        y += height
    if len(rest) > _THIN_ROWS:
        y += sheet.form.text + 8
        text = f"{Tone.WARN.symbol} and {count(len(rest) - _THIN_ROWS, 'more instance')} in trouble"
        sheet.canvas.words.append(Words(sheet.scale.left, y, text, "about"))
    return y + (12 if rest else 0)


def notices_row(sheet: Sheet, y: float) -> float:
    """What reached the staff: the glyphs of its media and its name, hung from the moment."""
    size = sheet.form.text
    lane = y + size
    sheet.lane("staff", lane)
    told = bundles(sheet.recording)
    if not told:
        sheet.canvas.words.append(Words(sheet.scale.left + 4, lane + size + 5, "nobody was disturbed", "about"))
        return lane + size + 14
    icons = [sum(_GLYPHS.get(d.medium, 0.0) for d in bundle) for bundle in told]
    flags = [
        Flag(sheet.scale.x(b[0].at), room + sheet.canvas.measure(phrase(b[0].notice)) + 12)
        for b, room in zip(told, icons, strict=True)
    ]
    places = hang(flags, sheet.scale.right + sheet.form.margin, _LEVELS)
    step = size + 8
    for bundle, flag, place in zip(told, flags, places, strict=True):
        bottom = lane + (step * (place.level + 1) + 4 if place else 6)
        sheet.canvas.lines.append(Line(flag.x, lane - 4, flag.x, bottom, "pole"))
        if place is not None:
            _notice(sheet, bundle, place.left + 5, bottom - 4)
    return lane + step * (max((p.level for p in places if p), default=0) + 1) + 12


def _notice(sheet: Sheet, bundle: tuple[Delivery, ...], x: float, baseline: float) -> None:
    for delivery in bundle:
        tip = f"{clock(delivery.at)} {delivery.medium} to {', '.join(delivery.to)}: {delivery.subject or delivery.body}"
        if delivery.medium in _GLYPHS:
            sheet.canvas.glyphs.append(Glyph(x, baseline - sheet.form.text * 0.36, delivery.medium, tip))
            x += _GLYPHS[delivery.medium]
    sheet.canvas.words.append(Words(x, baseline, phrase(bundle[0].notice), "notice"))


def pages_row(sheet: Sheet, y: float) -> float:
    """What customers saw from each change of the status page on, which leads to the page as it was."""
    start, end = sheet.scale.start, sheet.scale.end
    seen = [(folder, moment) for folder, moment in folders(sheet.recording) if start <= moment.at <= end]
    if not seen:
        return y
    size = sheet.form.text
    lane = y + size
    sheet.lane("public", lane)
    labels = [_public(sheet.recording, moment) for _, moment in seen]
    flags = [
        Flag(sheet.scale.x(moment.at), sheet.canvas.measure(label) + 14)
        for (_, moment), label in zip(seen, labels, strict=True)
    ]
    step = size + 8
    places = hang(flags, sheet.scale.right + sheet.form.margin, _LEVELS)
    for (folder, _), label, flag, place in zip(seen, labels, flags, places, strict=True):
        bottom = lane + (step * (place.level + 1) + 4 if place else 6)
        sheet.canvas.lines.append(Line(flag.x, lane - 4, flag.x, bottom, "pole"))
        if place is not None:
            href = f"{STATUS}/{folder}/index.html"
            sheet.canvas.words.append(Words(place.left + 5, bottom - 4, label, "notice", href=href))
    return lane + step * (max((p.level for p in places if p), default=0) + 1) + 12


def _public(recording: Recording, moment: PageMoment) -> str:
    """What a change of the page said: how far its incidents are, or how everything does."""
    told = dict.fromkeys(update.status for update in recording.updates if update.at == moment.at)
    return ", ".join(told) or ("operational" if moment.indicator == "none" else moment.indicator)


def healthy_rows(sheet: Sheet, y: float) -> float:
    """Thin lines for the instances that stayed healthy; a large fleet is one line with its count."""
    well = healthy(sheet.recording)
    tracks = [t for t in sheet.recording.instances if t.instance_id in well]
    if not tracks:
        return y
    size, many = sheet.form.text, len(tracks) > _HEALTHY_ROWS
    y += size + 6
    what = count(len(tracks), "instance") if many or len(tracks) > 1 else tracks[0].name
    sheet.canvas.words.append(Words(0, y, f"{Tone.GOOD.symbol} {what} stayed healthy", "about"))
    y += 8
    for track in () if many else tracks:
        sheet.canvas.words.append(Words(0, y + size, sheet.short(track.name), "row"))
        _thin(sheet, track.states, y + size * 0.64)
        y += size + 7
    if many:
        seen = sheet.recording
        _thin(sheet, (Span(seen.started_at, seen.ended_at, "running"),), y + 6)
        y += 16
    return y


def _thin(sheet: Sheet, spans: tuple[Span, ...], y: float) -> None:
    for piece in spans:
        left, right = sheet.scale.x(piece.start), sheet.scale.x(piece.end)
        if right > left:
            tip = f"{piece.value}, {clock(piece.start)} to {clock(piece.end)}"
            sheet.canvas.thin(left, y, right - left, tone(piece.value), tip)
