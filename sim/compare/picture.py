"""docs/comparison.svg: each fault under each agent, a cell with a symbol, words, signs and a bar; light and dark."""

from __future__ import annotations

from datetime import timedelta

from sim.compare.fault_class import CLASSES
from sim.compare.run import Comparison
from sim.compare.tables import agents, shown_row
from sim.compare.trial import Harm, Row
from sim.compare.verdict import Verdict, verdict
from sim.report.canvas import Box, Canvas, Line, Words
from sim.report.page import environment, styles
from sim.report.rows import Form
from sim.report.timeline import Drawing
from sim.report.tone import Tone
from sim.report.words import count, span

LEFT, COLUMN, ROW, HEAD = 170.0, 140.0, 66.0, 96.0
TEXT = 12.0
LONGEST = timedelta(minutes=90)
"""What fills a cell's bar."""
SIGN, PITCH = 13.0, 14.0
SIGNS = {
    Harm.DATA_LOST: "D",
    Harm.ADDRESS_LOST: "A",
    Harm.BELOW_MINIMUM: "M",
    Harm.NEEDLESS: "N",
    Harm.OVERRULED: "P",
}
"""A cell's harms, a sign each; the legend, its tip and the document say them in words."""
LEGEND = (
    "✓ as a good operator would · ▲ at a cost · ✗ not healed, or harmed · the bar is the median, up to 90 min long",
    "p95, and the bar's tick: the 95th percentile · told: when people get the first message (median) · harm:",
)


def draw(found: Comparison) -> str:
    """The picture as SVG."""
    canvas = Canvas(TEXT)
    named = agents()
    compared = [c for c in CLASSES if any(row.fault_class == c.name for row in found.rows)]
    width = LEFT + COLUMN * len(named)
    _legend(canvas)
    for column, agent in enumerate(named):
        canvas.words.append(Words(LEFT + COLUMN * column + 6, HEAD - 8, agent, "name" if column == 0 else "row"))
    for line, fault_class in enumerate(compared):
        y = HEAD + ROW * line
        canvas.lines.append(Line(0, y, width, y, "grid"))
        canvas.words.append(Words(0, y + 37, fault_class.name, "strong"))
        for column, agent in enumerate(named):
            row = shown_row(found, agent, fault_class.name)
            if row is not None:
                _cell(canvas, LEFT + COLUMN * column, y, row, verdict(row, fault_class))
    height = HEAD + ROW * len(compared)
    form = Form(
        name="comparison", width=round(width), gutter=0, margin=0, text=TEXT, band=0, tick=0, milestones=frozenset()
    )
    sizes = f"{count(len(compared), 'fault')}, {count(len(named), 'agent')}, {found.seeds} trials each"
    about = f"{sizes}; docs/comparison.md has all of it as tables."
    drawing = Drawing(form, round(height + 6), "Defib against the alternatives", about, canvas)
    template = environment().get_template("timeline.svg.j2")
    return template.render(drawing=drawing, own_styles=styles("timeline.css", root=".timeline"))


def _legend(canvas: Canvas) -> None:
    canvas.words.append(Words(0, 14, "From failure until all serve again, who is told, and the harm done", "strong"))
    for line, text in enumerate(LEGEND):
        canvas.words.append(Words(0, 31 + 17 * line, text, "about"))
    x = 0.0
    for harm in SIGNS:
        _sign(canvas, x, 55, harm)
        canvas.words.append(Words(x + PITCH + 4, 66, harm.value, "about"))
        x += PITCH + 4 + canvas.measure(harm.value) + 14


def _cell(canvas: Canvas, x: float, y: float, row: Row, cell: Verdict) -> None:
    tone, told = cell.tone.value, _told(row)
    p95 = f"p95 {span(row.took.p95)}" if cell.took is not None and row.took is not None else ""
    tip = "; ".join(part for part in (f"{row.agent}, {row.fault_class}: {cell.text}", p95, told) if part)
    canvas.boxes.append(Box(x + 2, y + 3, COLUMN - 4, ROW - 6, tone, tip))
    for line, text in enumerate((f"{cell.tone.symbol} {cell.words}", p95, told)):
        if text:
            canvas.words.append(Words(x + 8, y + 18 + 15 * line, text, f"in-{tone}"))
    harms = [harm for harm in SIGNS if harm in row.harms]
    left, top = (x + COLUMN - 6 - PITCH * len(harms), y + 7) if p95 else (x + 8, y + 22)
    for place, harm in enumerate(harms):
        _sign(canvas, left + PITCH * place, top, harm)
    if cell.took is not None and row.took is not None:
        style = "now" if cell.tone is Tone.GOOD else "then"
        canvas.boxes.append(Box(x + 6, y + ROW - 9, max(2.0, _along(cell.took)), 3, style))
        tick = x + 6 + _along(row.took.p95)
        canvas.rules.append(Line(tick, y + ROW - 12, tick, y + ROW - 4, "moment"))


def _sign(canvas: Canvas, x: float, y: float, harm: Harm) -> None:
    canvas.boxes.append(Box(x, y, SIGN, SIGN, "then", harm.value))
    canvas.words.append(Words(x + SIGN / 2, y + 11, SIGNS[harm], "in-then", "middle"))


def _told(row: Row) -> str:
    if row.told_after is None:
        return "nobody told"
    return f"told {span(row.told_after.median)}" if row.told == row.trials else f"told {row.told} of {row.trials}"


def _along(took: timedelta) -> float:
    """How far along a cell's bar so long a time reaches."""
    return (COLUMN - 12) * min(1.0, took / LONGEST)
