"""Whatever changes, fails and dies in whatever order: in the end the other page says what this one says, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from defib.core.maintenance import Maintenance
from defib.core.page.elsewhere import Kind
from defib.core.page.model import ComponentStatus
from defib.shell.store import Conflict
from sim.elsewhere.server import Said
from sim.internet import HANGS, RESETS, Failure, Request, Response
from tests.core.page.shown import NOON
from tests.publish.channels.pair import Pair
from tests.publish.channels.test_contract import OUTAGE, assert_stands


class Killed(BaseException):
    """The process dies here."""


KEYS = st.sampled_from(["web", "api", "worker"])
WORDS = st.sampled_from(["We are looking into it.", "Still down.", "Better.", "Über & <b>"])
"""Few, so that the same is said twice."""
POSTS = st.tuples(st.just("post"), KEYS, st.sampled_from(list(ComponentStatus)), WORDS, st.booleans())
FAULTS = st.sampled_from(
    [None, None, HANGS, RESETS, Response(500), Response(429), Response(420), Response(401), Response(422)]
)
TURNS = st.tuples(st.just("turn"), FAULTS, st.booleans(), st.sampled_from([None, None, 0, 1, 2, 3]))
"""A turn, what the call meets, whether that is after it was carried out, and after how many steps the process dies."""
WAITS = st.tuples(st.just("wait"), st.integers(1, 400))
RIVALS = st.tuples(st.just("rival"))
STEPS = st.lists(st.one_of(POSTS, TURNS, TURNS, WAITS, RIVALS), max_size=30)


class Play:
    """One sequence of steps."""

    def __init__(self, kind: Kind, maintenance: tuple[Maintenance, ...] = ()) -> None:
        self.pair = Pair(kind, maintenance=maintenance)
        self.pair.at(0)
        if not maintenance:
            self.pair.settle()
        self.changes = 0
        """How often what is planned has changed."""
        self._rivals: list[Callable[[], None]] = []
        self._left: int | None = None

    def do(self, step: tuple[object, ...]) -> None:
        match step:
            case "post", str() as key, ComponentStatus() as standing, str() as said, bool() as informational:
                self.pair.clock.advance(timedelta(seconds=1))
                self.pair.post(key, standing, said, informational=informational)
            case "turn", (None | Failure() | Response()) as fault, bool() as lost, (None | int()) as dies:
                self._turn(fault, lost, dies)
            case "wait", int() as seconds:
                self.pair.clock.advance(timedelta(seconds=seconds))
            case "plan", tuple() as maintenance:
                self.changes += maintenance != self.pair.policy.maintenance
                self.pair.policy = replace(self.pair.policy, maintenance=maintenance)
            case ("rival",):
                self._rivals.append(self._overtake)

    def look(self) -> None:
        """This page, as time alone has changed it."""
        self.pair.at((self.pair.clock.now() - NOON) / timedelta(minutes=1))

    def _overtake(self) -> None:
        raise Conflict("somebody else wrote first")

    def _turn(self, fault: Failure | Response | None, lost: bool, dies: int | None) -> None:
        self._left = dies
        # What refuses does nothing, whatever it says.
        refuses = isinstance(fault, Response) and fault.status < 500
        self.pair.faults.lost, self.pair.faults.next = lost and not refuses, [fault]
        self.pair.faults.answered = self._answer
        self.pair.store.interruptions = [*self._rivals, *[self._live] * 4]
        self._rivals = []
        try:
            self.pair.turn()
        except Killed:
            pass
        finally:
            self.pair.store.interruptions = []
            self.pair.faults.next, self.pair.faults.answered = [], None

    def _answer(self, request: Request) -> Response | Failure:
        self._live()
        answered = self.pair.server.answer(request)
        self._live()
        return answered

    def _live(self) -> None:
        if self._left is None:
            return
        if self._left == 0:
            raise Killed
        self._left -= 1

    def end(self) -> None:
        """Nothing fails any more."""
        self.pair.clock.advance(timedelta(minutes=20))
        self.pair.settle()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(list(Kind)), STEPS)
def test_the_other_page_ends_alike_and_each_update_is_there_once(kind: Kind, steps: list[tuple[object, ...]]) -> None:
    play = Play(kind)
    for step in steps:
        play.do(step)
    play.end()
    pair = play.pair
    # In order within each incident: by incident there, or by component where there are no incidents.
    told: dict[str, list[str]] = {}
    for said in pair.server.said:
        told.setdefault(said.about, []).append(said.body)
    expected: dict[str, list[str]] = {}
    for incident in pair.incidents:
        about = incident.subject if kind is Kind.STASHBOARD else str(incident.number)
        expected.setdefault(about, []).extend(update.body for update in incident.updates)
    said_there = [bodies for about, bodies in sorted(told.items())]
    if kind is Kind.STASHBOARD:
        words = {"Operational", "Degraded performance", "Partial outage", "Major outage"}
        said_there = [[body for body in bodies if body not in words] for bodies in said_there]
    assert sorted(filter(None, said_there)) == sorted(expected.values())
    assert_stands(pair)
    followed = pair.store.followed(pair.other.name)
    assert (followed.doing, followed.failing, followed.held) == (None, None, ())
    sequences = [n.sequence for n in pair.store.notices]
    assert sequences == [1, 2] * (len(sequences) // 2)


LONGER = Maintenance("13:00", timedelta(hours=2), date="2026-04-30")
PLANS = st.tuples(st.just("plan"), st.sampled_from([(), (OUTAGE,), (OUTAGE,), (LONGER,)]))
LONG_WAITS = st.tuples(st.just("wait"), st.integers(1, 3600))
WHILE_PLANNED = st.lists(st.one_of(PLANS, TURNS, TURNS, TURNS, LONG_WAITS, RIVALS), max_size=30)
TURNED = ["scheduled", "in_progress", "completed"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(list(Kind)), WHILE_PLANNED)
@example(Kind.STATUSPAGE, [("turn", None, False, 2)])  # announced, dead, and over by the time that anybody looks
def test_a_planned_outage_is_there_once_goes_only_forward_and_ends(kind: Kind, steps: list[tuple[object, ...]]) -> None:
    play = Play(kind, (OUTAGE,))
    for step in steps:
        play.do(step)
        play.look()
    pair = play.pair
    pair.clock.advance(timedelta(hours=5))
    play.look()
    play.end()
    server, followed = pair.server, pair.store.followed(pair.other.name)
    assert set(pair.stands().values()) == {"operational"}
    assert (followed.items, followed.doing, followed.failing, followed.held) == ((), None, None, ())
    told: dict[str, list[Said]] = {}
    for said in server.said if kind is Kind.STASHBOARD else server.planned:
        told.setdefault(said.about, []).append(said)
    for about in told.values():
        if not play.changes:
            assert len({(said.status, said.body) for said in about}) == len(about)
        if kind not in (Kind.STASHBOARD, Kind.CACHET):
            assert [said.status for said in about] == sorted((said.status for said in about), key=TURNED.index)
            assert about[-1].status == "completed"
    if kind is not Kind.STASHBOARD:
        assert len(told) <= 1 + play.changes
