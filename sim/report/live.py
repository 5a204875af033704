"""The terminal while a replay runs: virtual clock, fleet and events; plain lines where there is no terminal."""

from __future__ import annotations

import io
import sys
import textwrap
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sim.recording import Recording
from sim.report.summary import STYLES, print_summary
from sim.report.tone import Tone, tone
from sim.report.words import clean, clock

IMPORTANT = frozenset({"fault", "machinery", "check", "action", "message", "page", "alarm", "end"})
"""What a log keeps; states, signals and decisions to wait would drown it."""

_MARKS = {
    "fault": Tone.BAD,
    "machinery": Tone.BAD,
    "check": Tone.WARN,
    "action": Tone.ACT,
    "alarm": Tone.WARN,
    "page": Tone.MOVING,
    "end": Tone.GOOD,
}
_ENVELOPE = "✉"
_REFRESHES = 8
"""A second; each costs the replay a few milliseconds."""


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    zone: str
    state: str
    check: str
    doing: str

    @property
    def calm(self) -> bool:
        return not self.doing and tone(self.state) is Tone.GOOD and self.check in {"ok", "initializing", "none"}


@dataclass(frozen=True, slots=True)
class _Event:
    at: datetime
    kind: str
    instance: str
    text: str


class LiveView:
    """Shows one replay between ``start`` and ``until`` of virtual time.

    On a terminal the screen is redrawn in place; elsewhere each important event is a line of at most 100 columns.
    """

    def __init__(self, title: str, start: datetime, until: datetime, console: Console | None = None) -> None:
        self._title = clean(title)
        self._start, self._until, self._now = start, until, start
        self._console = console or _standard_console()
        self._rows: dict[str, _Row] = {}
        self._events: deque[_Event] = deque(maxlen=50)
        self._lock = Lock()
        self._live: Live | None = None

    def __enter__(self) -> LiveView:
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._live = Live(
                console=self._console, get_renderable=self._screen, refresh_per_second=_REFRESHES, transient=True
            )
            self._live.start()
        else:
            head = f"{self._title}: {clock(self._start)} to {clock(self._until)} UTC of virtual time"
            self._print_lines(textwrap.wrap(head, self._width))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def instance(self, instance_id: str, name: str, zone: str, state: str, check: str, doing: str) -> None:
        """The present state of one instance; ``doing`` is what Defib does with it, or empty."""
        with self._lock:
            self._rows[instance_id] = _Row(clean(name), clean(zone), clean(state), clean(check), clean(doing))

    def event(self, at: datetime, kind: str, instance: str, text: str) -> None:
        """Something happened at ``at``, of one of the kinds of ``EventKind``."""
        event = _Event(at, kind, clean(instance), " ".join(clean(text).split()))
        with self._lock:
            self._now = max(self._now, at)
            self._events.append(event)
        if self._live is None and kind in IMPORTANT:
            self._print_lines(_plain(event, self._width))

    def finished(self, recording: Recording, page: Path | None) -> None:
        """Print what came of it: what the staff received, the course of each fault, the comparison, the verdict."""
        self._stop()
        print_summary(recording, page, self._console, self._width)

    def say(self, text: str) -> None:
        """Print ``text`` as it is, above the screen where there is one."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    @property
    def _width(self) -> int:
        """Of a terminal, no more than it has; a log has room for 80, whatever COLUMNS says."""
        room = self._console.width
        return min(100, room if self._console.is_terminal else max(80, room))

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _print_lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _screen(self) -> RenderableType:
        with self._lock:
            rows, events, now = list(self._rows.values()), list(self._events), self._now
        room = max(6, self._console.height - 6)
        fleet, rest = _fleet(rows, room // 2)
        shown = events[-max(3, room - fleet.row_count - 3) :]
        return Group(self._header(now), "", fleet, rest, *(_line(e) for e in shown))

    def _header(self, now: datetime) -> RenderableType:
        header = Table.grid(expand=True, padding=(0, 1))
        header.add_column(ratio=1, no_wrap=True)
        header.add_column(width=30)
        header.add_column(justify="right", no_wrap=True)
        total = (self._until - self._start).total_seconds()
        done = (now - self._start).total_seconds()
        bar = ProgressBar(total=total or 1, completed=done, style="dim", complete_style="cyan")
        header.add_row(Text(self._title, style="bold"), bar, Text(f"{clock(now)} UTC", style="bold cyan"))
        return header


def _standard_console() -> Console:
    """Standard output; where its encoding lacks a symbol, a question mark stands beside the word."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    # A thread of its own redraws the screen; without a file it would write where the function that runs just then does.
    return Console(file=sys.stdout)


def _fleet(rows: list[_Row], room: int) -> tuple[Table, Text]:
    """The instances, those in trouble first, and what is to say of those without room."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    for column, width in (("instance", 14), ("zone", 10), ("state", 15), ("check", 15)):
        table.add_column(column, no_wrap=True, width=width)
    table.add_column("Defib", no_wrap=True, ratio=1, overflow="ellipsis")
    ordered = sorted(rows, key=lambda r: r.calm)
    shown = ordered if len(ordered) <= room else ordered[: room - 1]
    for row in shown:
        doing = Text(row.doing, STYLES[Tone.ACT])
        table.add_row(Text(row.name), Text(row.zone), _status(row.state), _status(row.check), doing)
    hidden = ordered[len(shown) :]
    if not hidden:
        return table, Text()
    troubled = sum(not r.calm for r in hidden)
    said = f"{troubled} in trouble" if troubled else "all running and well"
    return table, Text(f"and {len(hidden):,} more, {said}\n", "dim")


def _status(word: str) -> Text:
    """A status by symbol, word and colour."""
    return Text(f"{tone(word).symbol} {word}", style=STYLES[tone(word)])


def _line(event: _Event) -> Text:
    mark = _MARKS.get(event.kind)
    style = STYLES[mark] if mark else ""
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{clock(event.at)}  ", "dim").append(f"{_symbol(event.kind)} {event.kind:<9}", style)
    return text.append(f"{event.instance:<10} ", "bold").append(event.text, style if event.kind == "fault" else "")


def _symbol(kind: str) -> str:
    if kind == "message":
        return _ENVELOPE
    mark = _MARKS.get(kind)
    return mark.symbol if mark else "·"


def _plain(event: _Event, width: int) -> list[str]:
    head = f"{clock(event.at)}  {_symbol(event.kind)} {event.kind:<8} "
    who = f"{event.instance}: " if event.instance else ""
    indent = " " * len(head)
    wrapper = textwrap.TextWrapper(width, initial_indent=head, subsequent_indent=indent, break_on_hyphens=False)
    return wrapper.wrap(f"{who}{event.text}") or [head.rstrip()]
