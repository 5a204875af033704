"""The growth as a picture: small charts side by side, both axes logarithmic, light and dark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from sim.scale.growth import Point, at_last, fitted

WIDTH, HEIGHT = 250, 190
LEFT, TOP, RIGHT, BOTTOM = 46, 34, 26, 28
COLUMNS = 3

STYLE = """\
<style>.growth { --ground: #ffffff; --grid: #e8ebef; --line: #d8dce2; --ink: #17212b; --muted: #56616d; \
--accent: #3b3fb8; }
@media (prefers-color-scheme: dark) { .growth { --ground: #10151a; --grid: #222a32; --line: #323b45; --ink: #e8edf2; \
--muted: #a0adb9; --accent: #b3b8ff; } }
.growth { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", sans-serif; \
font-variant-numeric: tabular-nums; }
.growth .ground { fill: var(--ground); } .growth text { fill: var(--muted); } .growth .name { fill: var(--ink); \
font-weight: 650; } .growth .grid { stroke: var(--grid); } .growth .axis { stroke: var(--line); }
.growth .fit { stroke: var(--accent); stroke-dasharray: 4 3; } .growth circle { fill: var(--accent); }</style>"""


@dataclass(frozen=True, slots=True)
class Series:
    """One figure over all sizes."""

    name: str
    unit: str
    points: tuple[Point, ...]

    @property
    def growth(self) -> str:
        """In words: ``N^0.52``; empty where nothing can be fitted."""
        found = fitted(self.points)
        return "" if found is None else f"N^{found.exponent:z.2f}"

    @property
    def last(self) -> str:
        """The same between the two largest sizes alone."""
        found = at_last(self.points)
        return "" if found is None else f"N^{found:z.2f}"


def drawn(every: Sequence[Series], title: str) -> str:
    """The SVG, with a description for whoever can't see it."""
    rows = -(-len(every) // COLUMNS)
    width, height = WIDTH * COLUMNS, HEIGHT * rows
    said = "; ".join(f"{series.name} {series.growth}, at last {series.last}" for series in every)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="growth" role="img" aria-labelledby="t d" '
            f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-size="11">',
            f'<title id="t">{escape(title)}</title><desc id="d">{escape(said)}</desc>',
            STYLE,
            f'<rect class="ground" width="{width}" height="{height}"/>',
            *(
                line
                for n, series in enumerate(every)
                for line in _panel(series, n % COLUMNS * WIDTH, n // COLUMNS * HEIGHT)
            ),
            "</svg>",
            "",
        )
    )


def _panel(series: Series, x: int, y: int) -> Iterator[str]:
    shown = [(size, amount) for size, amount in series.points if amount > 0]
    sizes = _decades([size for size, _ in shown])
    amounts = _decades([amount for _, amount in shown])

    def across(size: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * _along(size, sizes)

    def up(amount: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * _along(amount, amounts)

    yield f'<g transform="translate({x} {y})">'
    yield f'<text class="name" x="{LEFT}" y="16">{escape(series.name)}</text>'
    yield f'<text x="{LEFT}" y="29">{escape(f"{series.unit} · {series.growth}, at last {series.last}")}</text>'
    for power in range(amounts[0], amounts[1] + 1):
        at = up(10.0**power)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        yield f'<text x="{LEFT - 5}" y="{at + 3.5:.1f}" text-anchor="end">{_short(power)}</text>'
    for power in range(sizes[0], sizes[1] + 1):
        yield f'<text x="{across(10.0**power):.1f}" y="{HEIGHT - 11}" text-anchor="middle">{_short(power)}</text>'
    bottom = HEIGHT - BOTTOM
    yield f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>'
    found = fitted(shown)
    if found is not None:
        ends = [
            (size, min(max(found.at(size), 10.0 ** amounts[0]), 10.0 ** amounts[1]))
            for size in (shown[0][0], shown[-1][0])
        ]
        (x1, y1), (x2, y2) = [(across(size), up(amount)) for size, amount in ends]
        yield f'<line class="fit" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
    yield from (f'<circle cx="{across(size):.1f}" cy="{up(amount):.1f}" r="3"/>' for size, amount in shown)
    yield "</g>"


def _decades(amounts: Sequence[float]) -> tuple[int, int]:
    """The powers of ten that hold all of them."""
    low = math.floor(math.log10(min(amounts, default=1.0)) + 1e-9)
    high = math.ceil(math.log10(max(amounts, default=10.0)) - 1e-9)
    return low, max(high, low + 1)


def _along(amount: float, decades: tuple[int, int]) -> float:
    return (math.log10(amount) - decades[0]) / (decades[1] - decades[0])


def _short(power: int) -> str:
    """10, 1 k, 100 k, 0.1"""
    if power >= 3:
        return f"{10 ** (power - 3)} k" if power < 6 else f"{10 ** (power - 6)} M"
    return f"{10**power}" if power >= 0 else f"{10.0**power:.{-power}f}"
