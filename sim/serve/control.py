"""The replay's own page: its clock and speed, what has happened so far, and what staff received. No script."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import parse_qsl

from defib.stashboard.oauth import Credentials
from sim.distribution import Headers, Reply
from sim.http_api import HttpRequest
from sim.listener import EventKind
from sim.machine import Machine
from sim.outcome import recording_of
from sim.report.live import IMPORTANT
from sim.report.messages import SENDER, bundles
from sim.report.page import LEGEND, environment, styles, verdict
from sim.report.timeline import NARROW, WIDE, draw
from sim.serve.player import FASTEST, FLAT_OUT, SLOWEST, Mode, Player

EVENTS_MOST = 200
REFRESH_S = 2
SPEEDS = (1.0, 10.0, 60.0, FLAT_OUT)
"""What the page offers; the command takes any between."""
HEADERS: Headers = (
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    # Without a referrer a browser sends no true origin with a form either (Fetch, "append a request Origin header").
    ("referrer-policy", "same-origin"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'",
    ),
)


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of the replay."""

    at: datetime
    kind: str
    instance: str
    text: str


@dataclass
class Diary:
    """Listens to the replay and keeps the last of what is worth telling."""

    happenings: deque[Happening] = field(default_factory=lambda: deque(maxlen=EVENTS_MOST))

    def on_event(self, at: datetime, kind: EventKind, instance: str, text: str) -> None:
        if kind in IMPORTANT:
            self.happenings.append(Happening(at, kind.value, instance, text))

    def on_instance(self, machine: Machine, doing: str) -> None: ...


class Control:
    """Shows the page and does what its buttons say."""

    def __init__(self, player: Player, name: str, seed: int, credentials: Credentials | None, diary: Diary) -> None:
        self._player = player
        self._name = name
        self._seed = seed
        self._credentials = credentials
        self._diary = diary

    def answer(self, request: HttpRequest) -> Reply:
        match request.method:
            case "GET" | "HEAD":
                still = "still" in request.target.partition("?")[2]
                return Reply(200, HEADERS, self._page(still, request.headers.get("host", "")).encode())
            case "POST" if _from_here(request):
                return self._do(dict(parse_qsl(request.body.decode("utf-8", "replace"))))
            case "POST":
                return _refused(403, "A page of another site may not steer this replay.")
            case _:
                return _refused(405, "This page is read with GET and steered with POST.")

    def _do(self, form: dict[str, str]) -> Reply:
        if form.get("do") == "pause":
            self._player.pause()
        elif form.get("do") == "play":
            self._player.resume(self._player.speed)
        else:
            try:
                self._player.resume(speed_of(form.get("speed", "")))
            except ValueError as error:
                return _refused(400, f"speed: {error}")
        return Reply(303, (("location", "/_replay"), ("content-type", "text/plain")), b"")

    def _page(self, still: bool, host: str) -> str:
        player = self._player
        recording = recording_of(player.world, self._name, self._seed)
        if player.mode is not Mode.OVER:
            # There is nothing to hold against the original yet.
            recording = replace(recording, original=None)
        moments = player.world.customers.moments
        return environment().get_template("control.html.j2").render(
            recording=recording,
            now=player.world.time.now,
            mode=player.mode.value,
            speed=told(player.speed),
            speeds=[(told(speed), speed == player.speed) for speed in SPEEDS],
            shown=moments[-1] if moments else None,
            verdict=verdict(recording) if player.mode is Mode.OVER else "",
            refresh=REFRESH_S if player.mode is Mode.PLAYING and not still else None,
            still=still,
            wide=draw(recording, WIDE),
            narrow=draw(recording, NARROW),
            legend=LEGEND,
            happenings=tuple(reversed(self._diary.happenings)),
            bundles=tuple(reversed(bundles(recording))),
            senders=SENDER,
            letters=(),
            keys=self._credentials,
            host=host,
            own_styles="",
            styles=styles("page.css", "control.css", "timeline.css", root=":root"),
        )  # fmt: skip


def speed_of(text: str) -> float:
    """Virtual seconds a real second. Raises ValueError with what is allowed."""
    if text == "max":
        return FLAT_OUT
    allowed = f"{text!r} is no speed: give a number from {SLOWEST:g} to {FASTEST:g}, such as 10, or max"
    try:
        speed = float(text)
    except ValueError:
        raise ValueError(allowed) from None
    if not SLOWEST <= speed <= FASTEST:
        raise ValueError(allowed)
    return speed


def told(speed: float) -> str:
    """A speed as ``speed_of`` takes it."""
    return "max" if speed == FLAT_OUT else f"{speed:g}"


def _from_here(request: HttpRequest) -> bool:
    """Whether no page of another site has a browser send it (Fetch Metadata Request Headers; Fetch, Origin)."""
    origin = request.headers.get("origin")
    asked_from = request.headers.get("sec-fetch-site", "none")
    return asked_from in ("same-origin", "none") and origin in (None, f"http://{request.headers.get('host', '')}")


def _refused(code: int, why: str) -> Reply:
    return Reply(
        code, (("content-type", "text/plain; charset=utf-8"), ("allow", "GET, HEAD, POST")), f"{why}\n".encode()
    )
