"""What a timeline is drawn of: a time scale, boxes, lines, glyphs and words, placed but not yet SVG."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sim.report.tone import Tone

_STEPS = tuple(timedelta(seconds=s) for s in (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400))

_EM = 0.6
"""Mean width of a character of a system font, in ems; a little wide, so that words fit."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Virtual time laid along the x axis."""

    start: datetime
    end: datetime
    left: float
    width: float

    @property
    def right(self) -> float:
        return self.left + self.width

    def x(self, at: datetime) -> float:
        """Where ``at`` lies, held within the axis."""
        held = min(max(at, self.start), self.end)
        return self.left + self.width * ((held - self.start) / (self.end - self.start))

    def ticks(self, spacing: float) -> tuple[datetime, ...]:
        """Round clock times at least ``spacing`` pixels apart."""
        step = self.step(spacing)
        midnight = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
        number = -((midnight - self.start) // step)
        first = midnight + step * number
        return tuple(first + step * n for n in range(int((self.end - first) / step) + 1)) if first <= self.end else ()

    def step(self, spacing: float) -> timedelta:
        """The smallest round duration that is at least ``spacing`` pixels wide."""
        wide_enough = (s for s in _STEPS if self.width * (s / (self.end - self.start)) >= spacing)
        return next(wide_enough, _STEPS[-1])


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    style: str
    tip: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    x: float
    y: float
    """The baseline."""
    text: str
    style: str
    anchor: str = "start"
    href: str = ""
    """Where it leads in the page; the picture alone leads nowhere."""


@dataclass(frozen=True, slots=True)
class Line:
    x1: float
    y1: float
    x2: float
    y2: float
    style: str


@dataclass(frozen=True, slots=True)
class Shade:
    """A faint trapezoid, from one stretch of x above to another below."""

    top: tuple[float, float]
    y1: float
    bottom: tuple[float, float]
    y2: float


@dataclass(frozen=True, slots=True)
class Glyph:
    x: float
    """The left edge."""
    y: float
    """The middle."""
    kind: str
    """``email``, ``sms`` or ``mark``."""
    tip: str = ""


@dataclass(slots=True)
class Canvas:
    """Collects shapes, painted in the order of the fields."""

    size: float
    """Of the text, in pixels."""
    shades: list[Shade] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    rules: list[Line] = field(default_factory=list)
    """Lines across the boxes."""
    glyphs: list[Glyph] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)

    def measure(self, text: str, size: float | None = None) -> float:
        """About how wide ``text`` will be."""
        return len(text) * _EM * (size or self.size)

    def status(self, x: float, y: float, width: float, height: float, tone: Tone, word: str, tip: str) -> None:
        """A band's piece: symbol and word where they fit, else the symbol, else only its tip."""
        self.boxes.append(Box(x, y, width, height, tone.value, tip))
        full = f"{tone.symbol} {word}"
        if self.measure(full) + 10 <= width:
            label = full
        elif self.measure(tone.symbol) + 4 <= width:
            label = tone.symbol
        else:
            return
        indent = 5.0 if label == full else (width - self.measure(label)) / 2
        self.words.append(Words(x + indent, y + height / 2 + self.size * 0.36, label, f"in-{tone.value}"))

    def thin(self, x: float, y: float, width: float, tone: Tone, tip: str) -> None:
        """A healthy instance's piece, too thin for words."""
        self.boxes.append(Box(x, y - 2, width, 4, f"thin {tone.value}", tip))
