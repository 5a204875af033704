"""The icons that a status may have: Stashboard's 112 names in its two sets, drawn anew as a few shapes by meaning.

The names are those of its own list (twilio/stashboard, stashboard/fixtures/images.json); clients pick from them. Its
pictures are other people's works, which nobody here could check a licence of; ours are simple drawings, laid out with
the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from defib.core.frozen import dataclass
from defib.publish.page.document import Document
from defib.publish.page.looks import CHECK, CIRCLE, CLOCK, CROSS, DASH, TRIANGLE

CONTENT_TYPE = "image/svg+xml; charset=utf-8"
SIDE = 24
"""Pixels an icon is drawn at where nobody asks for another size."""


class Shape(StrEnum):
    """What an icon shows, and with it how a status that has it is meant."""

    TICK = "tick"
    CROSS = "cross"
    EXCLAMATION = "exclamation"
    INFORMATION = "information"
    QUESTION = "question"
    CLOCK = "clock"
    WORK = "work"
    PLUS = "plus"
    MINUS = "minus"
    UP = "up"
    DOWN = "down"
    LEFT = "left"
    RIGHT = "right"
    DOT = "dot"
    """All that says nothing of how a service does."""


@dataclass(frozen=True, slots=True)
class Icon:
    """One name of one set."""

    icon_set: str
    name: str
    shape: Shape

    @property
    def path(self) -> str:
        """From the page's root."""
        return f"images/icons/{self.icon_set}/{self.name}.svg"


FUGUE = {
    Shape.TICK: "tick-circle",
    Shape.CROSS: "cross-circle",
    Shape.EXCLAMATION: "exclamation",
    Shape.INFORMATION: "information information-small information-white",
    Shape.QUESTION: "question question-white",
    Shape.CLOCK: "clock",
    Shape.WORK: "broom hard-hat traffic-cone wrench",
    Shape.PLUS: "plus-circle",
    Shape.DOT: "bug flag heart lock plug",
}
ICONIC = {
    Shape.TICK: "check_alt",
    Shape.CROSS: "denied denied_alt x_alt",
    Shape.CLOCK: "calendar calendar_alt_fill calendar_alt_stroke clock_alt",
    Shape.WORK: "cog cog_alt equalizer",
    Shape.PLUS: "plus plus_alt",
    Shape.MINUS: "minus_alt",
    Shape.UP: "arrow_up arrow_up_alt1 arrow_up_alt2 eject",
    Shape.DOWN: "arrow_down arrow_down_alt1 arrow_down_alt2",
    Shape.LEFT: "arrow_left arrow_left_alt1 arrow_left_alt2 first undo",
    Shape.RIGHT: "arrow_right arrow_right_alt1 arrow_right_alt2 last play_alt read_more",
    Shape.DOT: (
        "article at bolt book book_alt box cd chat chat_alt_fill chat_alt_stroke comment_alt1_fill comment_alt1_stroke "
        "compass cursor dial document_fill document_stroke eyedropper folder_fill folder_stroke fullscreen "
        "fullscreen_alt fullscreen_exit fullscreen_exit_alt home image key_fill key_stroke left_quote left_quote_alt "
        "link loop magnifying_glass magnifying_glass_alt map_pin_fill map_pin_stroke moon_fill moon_stroke move "
        "move_alt1 move_alt2 move_horizontal_alt2 move_vertical_alt2 movie new_window pen pen_alt_fill pen_alt_stroke "
        "pin right_quote right_quote_alt rss rss_alt spin_alt star stop sun tag_fill tag_stroke trash_fill trash_stroke"
    ),
}


def _icons() -> Iterator[Icon]:
    for icon_set, shapes in (("fugue", FUGUE), ("iconic", ICONIC)):
        shaped = {name: shape for shape, names in shapes.items() for name in names.split()}
        yield from (Icon(icon_set, name, shaped[name]) for name in sorted(shaped, key="{}.png".format))


ICONS = {icon.name: icon for icon in _icons()}
"""By name, which no two sets share; in the order of Stashboard's own list."""

_ARROW = "M10 4.2 15.6 9.8l-1.5 1.5-3-3V16H8.9V8.3l-3 3-1.5-1.5Z"
_TURNED = {Shape.UP: 0, Shape.RIGHT: 90, Shape.DOWN: 180, Shape.LEFT: 270}

PATHS = {
    Shape.TICK: CHECK,
    Shape.CROSS: CROSS,
    Shape.EXCLAMATION: TRIANGLE,
    Shape.INFORMATION: f"{CIRCLE}M9 8.6h2V15H9ZM9 5h2v2.2H9Z",
    Shape.QUESTION: (
        f"{CIRCLE}M9 13.4h2v2.2H9ZM6.4 7.8a3.6 3.6 0 1 1 5.4 3.1c-.6.4-.8.7-.8 1.3H9c0-1.5.6-2.3 1.7-3a1.6 1.6 0 1 "
        "0-2.3-1.4Z"
    ),
    Shape.CLOCK: CLOCK,
    Shape.WORK: "M10 .8 19.2 10 10 19.2.8 10ZM6 9h8v2H6Z",
    Shape.PLUS: f"{CIRCLE}M9 5h2v4h4v2h-4v4H9v-4H5V9h4Z",
    Shape.MINUS: DASH,
    Shape.DOT: f"{CIRCLE}M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7Z",
    **dict.fromkeys(_TURNED, f"{CIRCLE}{_ARROW}"),
}
COLOURS = {
    Shape.TICK: "#0b6b2e",
    Shape.CROSS: "#b00020",
    Shape.EXCLAMATION: "#a35c00",
    Shape.CLOCK: "#24478f",
    Shape.WORK: "#24478f",
    Shape.INFORMATION: "#24478f",
}
"""At least 4.5:1 on white; all others are grey."""
GREY = "#5c6675"


def documents() -> Iterator[Document]:
    """Every icon as a file of the page."""
    drawn = {shape: _svg(shape) for shape in Shape}
    for icon in ICONS.values():
        yield Document(icon.path, CONTENT_TYPE, drawn[icon.shape])


def _svg(shape: Shape) -> bytes:
    turned = f' transform="rotate({_TURNED[shape]} 10 10)"' if _TURNED.get(shape) else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}" viewBox="0 0 20 20">'
        f'<path fill="{COLOURS.get(shape, GREY)}" fill-rule="evenodd" d="{PATHS[shape]}"{turned}/></svg>'
    ).encode()
