"""docs/comparison.svg: each fault under each agent, a cell with a symbol, words and a bar; light and dark."""

from __future__ import annotations

from datetime import timedelta

from sim.compare.fault_class import CLASSES
from sim.compare.run import Comparison
from sim.compare.tables import agents, shown_row
from sim.compare.verdict import Verdict, verdict
from sim.report.canvas import Box, Canvas, Line, Words
from sim.report.page import environment, styles
from sim.report.rows import Form
from sim.report.timeline import Drawing
from sim.report.words import count

LEFT, COLUMN, ROW, HEAD = 170.0, 136.0, 46.0, 64.0
TEXT = 12.0
LONGEST = timedelta(minutes=70)
"""What fills a cell's bar."""
SHORT = {
    "data lost": "data",
    "address lost": "address",
    "below minimum": "minimum",
    "needless restart": "needless",
    "person overruled": "overruled",
}
"""A cell's harms in one word each; its tip and the document say them in full."""
MOST = 16
"""Characters of them that fit, in bold, too."""


def draw(found: Comparison) -> str:
    """The picture as SVG."""
    canvas = Canvas(TEXT)
    named = agents()
    compared = [c for c in CLASSES if any(row.fault_class == c.name for row in found.rows)]
    width = LEFT + COLUMN * len(named)
    canvas.words.append(Words(0, 14, "From failure until all serve again (median), and the harm done", "strong"))
    canvas.words.append(
        Words(
            0,
            31,
            "✓ as a good operator would · ▲ at a cost · ✗ not healed, or harmed · the bar is up to 70 min long",
            "about",
        )
    )
    for column, agent in enumerate(named):
        canvas.words.append(Words(LEFT + COLUMN * column + 6, HEAD - 8, agent, "name" if column == 0 else "row"))
    for line, fault_class in enumerate(compared):
        y = HEAD + ROW * line
        canvas.lines.append(Line(0, y, width, y, "grid"))
        canvas.words.append(Words(0, y + 26, fault_class.name, "strong"))
        for column, agent in enumerate(named):
            row = shown_row(found, agent, fault_class.name)
            if row is not None:
                _cell(canvas, LEFT + COLUMN * column, y, verdict(row, fault_class), f"{agent}, {fault_class.name}")
    height = HEAD + ROW * len(compared)
    form = Form(
        name="comparison", width=round(width), gutter=0, margin=0, text=TEXT, band=0, tick=0, milestones=frozenset()
    )
    sizes = f"{count(len(compared), 'fault')}, {count(len(named), 'agent')}, {found.seeds} trials each"
    about = f"{sizes}; docs/comparison.md has all of it as tables."
    drawing = Drawing(form, round(height + 6), "Defib against the alternatives", about, canvas)
    template = environment().get_template("timeline.svg.j2")
    return template.render(drawing=drawing, own_styles=styles("timeline.css", root=".timeline"))


def _cell(canvas: Canvas, x: float, y: float, cell: Verdict, tip: str) -> None:
    tone = cell.tone.value
    canvas.boxes.append(Box(x + 2, y + 3, COLUMN - 4, ROW - 6, tone, f"{tip}: {cell.text}"))
    lower = cell.harms
    for long, short in SHORT.items():
        lower = lower.replace(long, short)
    canvas.words.append(Words(x + 8, y + (19 if lower else 25), f"{cell.tone.symbol} {cell.words}", f"in-{tone}"))
    if lower:
        canvas.words.append(Words(x + 8, y + 33, _fitted(lower), f"in-{tone} small"))
    if cell.took is not None:
        share = min(1.0, cell.took / LONGEST)
        canvas.boxes.append(
            Box(x + 6, y + ROW - 8, max(2.0, (COLUMN - 12) * share), 3, "now" if tone == "good" else "then")
        )


def _fitted(text: str) -> str:
    """As many whole words as fit, and how many more there are."""
    words = text.split(", ")
    for kept in range(len(words), 0, -1):
        more = f" +{len(words) - kept}" if kept < len(words) else ""
        line = ", ".join(words[:kept]) + more
        if len(line) <= MOST or kept == 1:
            return line
    return text
