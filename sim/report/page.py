"""A recording as one self-contained HTML page with its picture, and the picture alone for a README."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sim.recording import DecisionRecord, FaultRecord, Recording
from sim.report import letters, snapshots, words
from sim.report.figures import Figures, Milestone, figures, headline, milestones
from sim.report.messages import SENDER, bundles
from sim.report.timeline import NARROW, WIDE, draw
from sim.report.tone import DARK, LIGHT, Tone, tone

NO_BREAK = "\N{NO-BREAK SPACE}"
_TEMPLATES = Path(__file__).parent / "templates"

LEGEND = (
    (Tone.GOOD, "works"),
    (Tone.BAD, "fails"),
    (Tone.MOVING, "on its way"),
    (Tone.WARN, "unsure, or needs people"),
    (Tone.IDLE, "not applicable"),
)

_OUTCOMES = {"none": "no case opened", "open": "still open"}


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One of the figures under the headline."""

    name: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Course:
    """One fault from its strike to its end."""

    fault: FaultRecord
    figures: Figures
    milestones: tuple[Milestone, ...]

    @property
    def added(self) -> timedelta:
        """The part of the time to heal that AWS does not impose."""
        return max(timedelta(), (self.figures.healed or timedelta()) - self.fault.aws_imposed)

    @property
    def aws_width(self) -> float:
        return round(100 * (self.figures.aws_imposed_share or 0), 1)


@dataclass(frozen=True, slots=True)
class CaseAudit:
    """The decisions of one case."""

    id: str
    decisions: tuple[DecisionRecord, ...]


def write(recording: Recording, directory: Path) -> Path:
    """Write ``index.html``, ``timeline.svg``, each message and the status page at each moment into ``directory``.

    The directory is made if missing. Returns the path of the page.

    Raises OSError where the directory can't be made or written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    page = directory / "index.html"
    page.write_text(render(recording), encoding="utf-8")
    (directory / "timeline.svg").write_text(render_timeline(recording), encoding="utf-8")
    letters.write(recording, directory)
    snapshots.write(recording, directory)
    return page


def render(recording: Recording) -> str:
    """The page as text."""
    return environment().get_template("page.html.j2").render(
        recording=recording,
        verdict=verdict(recording),
        result=headline(recording),
        key_figures=key_figures(recording),
        wide=draw(recording, WIDE),
        narrow=draw(recording, NARROW),
        legend=LEGEND,
        courses=[Course(f, figures(f), milestones(f)) for f in recording.faults],
        bundles=bundles(recording),
        letters=tuple(letters.files(recording)),
        snapshots=snapshots.folders(recording),
        senders=SENDER,
        cases=_cases(recording.decisions),
        own_styles="",
        styles=styles("page.css", "timeline.css", root=":root"),
    )  # fmt: skip


def render_timeline(recording: Recording) -> str:
    """The picture alone, an SVG file that brings its own styles and follows the reader's light or dark."""
    rules = styles("timeline.css", root=".timeline")
    template = environment().get_template("timeline.svg.j2")
    return template.render(drawing=draw(recording, WIDE), own_styles=rules)


def verdict(recording: Recording) -> str:
    """Whether the expectations hold, in words."""
    broken = [e for e in recording.expectations if not e.held]
    if broken:
        return f"{Tone.BAD.symbol} {len(broken)} of {words.count(len(recording.expectations), 'expectation')} failed"
    if recording.totals.denied:
        return f"{Tone.BAD.symbol} {words.count(len(recording.totals.denied), 'call')} denied"
    if not recording.expectations:
        return f"{Tone.GOOD.symbol} Nothing was expected, nothing was denied"
    if len(recording.expectations) == 1:
        return f"{Tone.GOOD.symbol} The expectation held"
    return f"{Tone.GOOD.symbol} All {len(recording.expectations)} expectations held"


def key_figures(recording: Recording) -> tuple[KeyFigure, ...]:
    """Detection, announcement and shares of the fault in the headline."""
    fault = headline(recording).fault
    if fault is None:
        return ()
    found = figures(fault)
    entries = []
    if found.detected is not None:
        entries.append(KeyFigure("Detected", words.span(found.detected), "after the failure, beyond patience"))
    if found.announced_after_detection is not None:
        entries.append(KeyFigure("Staff told", words.span(found.announced_after_detection), "after detection"))
    if found.healthy is not None:
        entries.append(KeyFigure("Worked again", words.span(found.healthy), "after the failure; then verified"))
    if found.aws_imposed_share is not None and found.defib_share is not None:
        note = f"of the time to heal; Defib adds {words.percent(found.defib_share)}"
        entries.append(KeyFigure("Imposed by AWS", words.percent(found.aws_imposed_share), note))
    return tuple(entries)


def _cases(decisions: Sequence[DecisionRecord]) -> list[CaseAudit]:
    grouped: dict[str, list[DecisionRecord]] = {}
    for decision in decisions:
        grouped.setdefault(decision.case_id, []).append(decision)
    return [CaseAudit(case_id, tuple(taken)) for case_id, taken in grouped.items()]


def styles(*files: str, root: str) -> Markup:
    """The palette in both themes and the rules of the files named; our own text, so it goes in unescaped."""
    rules = "\n".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in files)
    dark = f"@media (prefers-color-scheme: dark) {{ {root} {{ {DARK.css()} }} }}"
    paper = f"@media print {{ {root} {{ {LIGHT.css()} }} }}"
    return Markup(f"{root} {{ {LIGHT.css()} }}\n{dark}\n{paper}\n{rules}")  # noqa: S704 - no foreign text in it


@cache
def environment() -> Environment:
    """What the templates of all reports share."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    environment.filters |= {
        "clock": words.clock,
        "day": words.day,
        "span": words.span,
        "offset": words.offset,
        "percent": lambda share: words.percent(share).replace(" ", NO_BREAK),
        "maybe_span": lambda duration: "–" if duration is None else words.span(duration),
        "maybe_percent": lambda share: "–" if share is None else words.percent(share),
        "phrase": words.phrase,
        "tone": tone,
        "outcome": lambda outcome: _OUTCOMES.get(outcome, words.phrase(outcome)),
        "paragraphs": _paragraphs,
        "px": lambda pixels: f"{pixels:.2f}".rstrip("0").rstrip("."),
    }
    return environment


def _printable(value: object) -> object:
    """Foreign text without control characters; markup and numbers as they are."""
    return words.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _paragraphs(text: str) -> list[str]:
    return [" ".join(p.split()) for p in text.split("\n\n") if p.strip()]
