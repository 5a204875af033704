"""What a status word means to the eye: its tone, its symbol, and the colours of light and dark grounds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How a reader should take a status. Each has a symbol, so that none is told by colour alone."""

    GOOD = "good"
    BAD = "bad"
    MOVING = "moving"
    """On its way from one state to another."""
    WARN = "warn"
    ACT = "act"
    """Defib does something."""
    IDLE = "idle"

    @property
    def symbol(self) -> str:
        return _SYMBOLS[self]


_SYMBOLS = {Tone.GOOD: "✓", Tone.BAD: "✗", Tone.MOVING: "◔", Tone.WARN: "▲", Tone.ACT: "▶", Tone.IDLE: "–"}

_TONES = {
    "running": Tone.GOOD,
    "ok": Tone.GOOD,
    "healthy": Tone.GOOD,
    "impaired": Tone.BAD,
    "unhealthy": Tone.BAD,
    "unavailable": Tone.BAD,
    "terminated": Tone.BAD,
    "pending": Tone.MOVING,
    "stopping": Tone.MOVING,
    "shutting-down": Tone.MOVING,
    "initializing": Tone.MOVING,
    "initial": Tone.MOVING,
    "draining": Tone.MOVING,
    "insufficient-data": Tone.WARN,
    "unhealthy.draining": Tone.WARN,
    # Outcomes of cases and verdicts of actions.
    "healed": Tone.GOOD,
    "recovered": Tone.GOOD,
    "nothing_wrong": Tone.GOOD,
    "left_alone": Tone.IDLE,
    "replaced": Tone.GOOD,
    "handed_over": Tone.WARN,
    "open": Tone.BAD,
    "done": Tone.GOOD,
    "retry": Tone.MOVING,
    "abandoned": Tone.IDLE,
    "refused": Tone.BAD,
    "lost": Tone.WARN,
    # How far a public incident is, and how the status page does.
    "investigating": Tone.BAD,
    "identified": Tone.WARN,
    "monitoring": Tone.MOVING,
    "resolved": Tone.GOOD,
    "maintenance": Tone.IDLE,
    "minor": Tone.WARN,
    "major": Tone.BAD,
    "critical": Tone.BAD,
    # Decisions, by the word before the colon.
    "act": Tone.ACT,
    "wait": Tone.IDLE,
    "hold": Tone.WARN,
    "escalate": Tone.WARN,
    "close": Tone.GOOD,
}


def tone(word: str) -> Tone:
    """The tone of a state, check, target health, outcome, verdict or decision; an unknown word is idle."""
    return _TONES.get(word) or _TONES.get(word.partition(":")[0], Tone.IDLE)


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme, as CSS variables: every ``*-ink`` is text on the fill of the same name."""

    colours: dict[str, str]

    def css(self) -> str:
        return " ".join(f"--{name}: {value};" for name, value in self.colours.items())


LIGHT = Palette(
    {
        "ground": "#ffffff",
        "card": "#f5f6f8",
        "line": "#d8dce2",
        "grid": "#e8ebef",
        "ink": "#17212b",
        "muted": "#56616d",
        "accent": "#3b3fb8",
        "good": "#d4eedd",
        "good-ink": "#0b4d2c",
        "bad": "#f9cfc9",
        "bad-ink": "#861b12",
        "moving": "#d7e4fb",
        "moving-ink": "#173f83",
        "warn": "#fbe6b3",
        "warn-ink": "#644000",
        "act": "#e3e4fb",
        "act-ink": "#30349a",
        "idle": "#e9ecf0",
        "idle-ink": "#47525d",
        "then": "#b3261e",
        "then-ink": "#ffffff",
        "now": "#17704a",
        "now-ink": "#ffffff",
    }
)

DARK = Palette(
    {
        "ground": "#10151a",
        "card": "#181f26",
        "line": "#323b45",
        "grid": "#222a32",
        "ink": "#e8edf2",
        "muted": "#a0adb9",
        "accent": "#b3b8ff",
        "good": "#143d2a",
        "good-ink": "#aceac7",
        "bad": "#651f18",
        "bad-ink": "#ffd0c9",
        "moving": "#1d3660",
        "moving-ink": "#c3d9ff",
        "warn": "#4d3910",
        "warn-ink": "#ffe1a0",
        "act": "#2c2f66",
        "act-ink": "#d2d5ff",
        "idle": "#2a323b",
        "idle-ink": "#bcc7d2",
        "then": "#ee7b70",
        "then-ink": "#210603",
        "now": "#55c794",
        "now-ink": "#04190f",
    }
)
