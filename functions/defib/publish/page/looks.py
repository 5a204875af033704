"""How a status looks: an icon of its own shape and a tone. Never a colour alone (WCAG 2.2, 1.4.1)."""

from __future__ import annotations

from markupsafe import Markup

from defib.core.frozen import dataclass
from defib.core.page.model import ComponentStatus, Impact


@dataclass(frozen=True, slots=True)
class Look:
    """``tone`` is a class of style.css; ``shape`` what stands within an SVG of 20 by 20."""

    tone: str
    shape: Markup
    fill: str
    """The class of a bar."""
    top: int
    """Where a bar begins, of 34 from the top: the worse, the taller."""
    favicon: str


def _look(tone: str, path: str, fill: str, top: int, colour: str) -> Look:
    # The path is a constant of this module.
    shape = Markup('<path fill="currentColor" fill-rule="evenodd" d="{}"/>').format(path)
    drawn = f"<path fill='{colour}' fill-rule='evenodd' d='{path}'/>"
    icon = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'>{drawn}</svg>"
    escaped = icon.replace("#", "%23").replace("<", "%3C").replace(">", "%3E")
    return Look(tone, shape, fill, top, f"data:image/svg+xml,{escaped}")


CIRCLE = "M10 1a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z"
CHECK = f"{CIRCLE}M8.8 14.2 4.6 10l1.5-1.5 2.7 2.7 5.1-5.2L15.4 7.5Z"
CLOCK = f"{CIRCLE}M9 4.5h2v5l3.2 2.6-1.2 1.6L9 10.5Z"
DASH = f"{CIRCLE}M5 9h10v2H5Z"
TRIANGLE = "M10 1.2 19.6 18H.4ZM9 7h2v6H9ZM9 14.2h2v2H9Z"
CROSS = (
    "M6.3 1h7.4L19 6.3v7.4L13.7 19H6.3L1 13.7V6.3Z"
    "M6.9 5.5 10 8.6l3.1-3.1 1.4 1.4L11.4 10l3.1 3.1-1.4 1.4L10 11.4l-3.1 3.1-1.4-1.4L8.6 10 5.5 6.9Z"
)

LOOKS = {
    ComponentStatus.OPERATIONAL: _look("ok", CHECK, "fo", 10, "#0b6b2e"),
    ComponentStatus.UNDER_MAINTENANCE: _look("maint", CLOCK, "fm", 10, "#24478f"),
    ComponentStatus.DEGRADED: _look("slow", DASH, "fs", 7, "#b98000"),
    ComponentStatus.PARTIAL_OUTAGE: _look("part", TRIANGLE, "fp", 4, "#d4590f"),
    ComponentStatus.MAJOR_OUTAGE: _look("down", CROSS, "fd", 0, "#cc2136"),
}

IMPACT_LOOKS = {
    Impact.NONE: LOOKS[ComponentStatus.OPERATIONAL],
    Impact.MAINTENANCE: LOOKS[ComponentStatus.UNDER_MAINTENANCE],
    Impact.MINOR: LOOKS[ComponentStatus.DEGRADED],
    Impact.MAJOR: LOOKS[ComponentStatus.PARTIAL_OUTAGE],
    Impact.CRITICAL: LOOKS[ComponentStatus.MAJOR_OUTAGE],
}
