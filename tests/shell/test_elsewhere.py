"""A turn of a page that follows: at most one call that changes something, and none again whose result is unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from defib.core.page.derive import derive
from defib.core.page.elsewhere import Kind, OtherPage
from defib.core.page.followed import Doing, Followed
from defib.core.page.model import PublicIncident
from defib.core.page.pace import PACE, UNDER_WAY
from defib.core.page.steps import Done, Stand, Tell
from defib.core.policy import Policy
from defib.shell.elsewhere import Came, Following, Gone, Slower, Turned, Unfit, follow_elsewhere
from defib.shell.page import Repaged
from defib.shell.ports import CallFailed, Rejected, Transient, Unanswered
from defib.shell.store import Conflict
from defib.shell.timelines import timelines
from sim.memory.page import FakePageStore
from tests.core.page.shown import NOON, POLICY, minutes, trouble
from tests.fakes import FakeClock, FakeQueues

OTHER = OtherPage("atlassian", Kind.STATUSPAGE, "defib/statuspage", page_id="p", components={"web": ("w",)})


class Killed(BaseException):
    """The process dies here."""


@dataclass
class FakeChannel:
    """Another page that takes all it is told, keeps each call, and fails as it is told to."""

    calls: list[str] = field(default_factory=list)
    took: list[str] = field(default_factory=list)
    """The marks of what it was told, in order."""
    error: BaseException | None = None
    lost: bool = False
    """Whether it takes what it then fails to answer."""
    before: Callable[[], None] = lambda: None
    """Runs with each call, before anything is done there."""

    def tell(self, tell: Tell) -> Done:
        self.calls.append(f"tell {tell.mark}")
        self.before()
        if self.error is None or self.lost:
            self.took.append(tell.mark)
        self._fail()
        return Done(remote="there-1")

    def was_told(self, tell: Tell) -> Done | None:
        self.calls.append(f"look {tell.mark}")
        self.before()
        self._fail()
        return Done(remote="there-1") if tell.mark in self.took else None

    def stand(self, stand: Stand) -> Done:
        self.calls.append(f"stand {stand.component} {stand.status}")
        self.before()
        self._fail()
        return Done()

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


class Stage:
    def __init__(self, policy: Policy = POLICY) -> None:
        self.policy = replace(policy, page=replace(policy.page, elsewhere=(OTHER,)))
        self.clock = FakeClock(NOON)
        self.store = FakePageStore()
        self.channel = FakeChannel()
        self.queues = FakeQueues()
        self.edges = Following(self.clock, self.store, self.channel, self.queues, self.queues, OTHER, self.policy)

    def outage(self, instances: int = 1) -> None:
        troubled = trouble(instances=instances, since=NOON - minutes(5))
        derived = derive(self.store.shown(), [troubled], self.policy, self.clock.now())
        self.store.remember_page(Repaged(derived.shown, timelines(derived.changed, self.store, self.policy)))

    def resolve(self) -> None:
        derived = derive(self.store.shown(), [], self.policy, self.clock.now())
        self.store.remember_page(Repaged(derived.shown, timelines(derived.changed, self.store, self.policy)))

    def turn(self) -> Turned:
        return follow_elsewhere(self.edges)

    def wait(self, after: timedelta = UNDER_WAY) -> None:
        self.clock.advance(after)

    @property
    def known(self) -> Followed:
        return self.store.followed("atlassian")


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.outage()
    return made


def test_a_turn_makes_one_call_remembers_what_came_of_it_and_asks_for_the_next(stage: Stage) -> None:
    assert stage.turn().came is Came.TOLD
    assert stage.channel.calls == ["tell 1"]
    assert [(item.told, item.remote) for item in stage.known.items] == [("1", "there-1")]
    assert stage.queues.turns == [PACE]
    assert stage.turn().came is Came.NOT_DUE
    stage.wait(PACE)
    assert stage.turn().came is Came.NOTHING
    assert stage.channel.calls == ["tell 1"]
    assert stage.queues.turns == [PACE]


def test_after_weeks_off_it_is_not_told_of_what_is_over_and_was_never_begun_there(stage: Stage) -> None:
    stage.turn()
    stage.wait(minutes(5))
    stage.resolve()
    stage.wait(minutes(60 * 24 * 7))
    stage.outage()
    stage.wait(minutes(60))
    stage.resolve()
    stage.wait(minutes(60 * 24 * 7))
    came = []
    for _ in range(3):
        came.append(stage.turn().what)
        stage.wait(PACE)
    assert came == ["incident:1 2", "", ""], "the end of the first, and nothing of the second"


def test_a_quiet_week_is_no_pause(stage: Stage) -> None:
    stage.resolve()
    for _ in range(24 * 7):
        stage.wait(minutes(60))
        stage.turn()
    assert stage.known.version < 24 * 7 / 6 + 6, "it leaves word a few times a day"
    stage.outage()
    stage.resolve()
    stage.wait(minutes(60))
    assert stage.turn().what == "incident:2 1"


def test_two_updates_are_two_turns_however_late(stage: Stage) -> None:
    stage.clock.advance(minutes(1))
    stage.outage(instances=2)
    came = []
    for _ in range(3):
        came.append(stage.turn().came)
        stage.wait(PACE)
    assert came == [Came.TOLD, Came.TOLD, Came.NOTHING]
    assert stage.channel.calls == ["tell 1", "tell 2"]


def test_only_incidents_with_news_are_read_from_items_of_their_own(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def noted(number: int) -> PublicIncident | None:
        read.append(number)
        return stage.store.kept.get(number)

    monkeypatch.setattr(stage.store, "public_incident", noted)
    for _ in range(3):
        stage.turn()
        stage.wait(PACE)
    assert read == [1]
    stage.outage(instances=2)
    read.clear()
    stage.turn()
    assert (read, stage.channel.calls) == ([1], ["tell 1", "tell 2"])


def test_what_is_about_to_be_told_is_remembered_before_it_is(stage: Stage) -> None:
    seen: list[Doing | None] = []
    stage.channel.before = lambda: seen.append(stage.known.doing)
    stage.turn()
    assert seen == [Doing("incident:1", NOON + UNDER_WAY, "1")]
    assert stage.known.doing is None


def test_what_cannot_be_remembered_is_not_told(stage: Stage) -> None:
    def refuse() -> None:
        raise Conflict("somebody else wrote first")

    stage.store.interruptions = [refuse]
    assert stage.turn().came is Came.OVERTAKEN
    assert stage.channel.calls == []


def test_while_a_call_may_be_under_way_nobody_makes_another(stage: Stage) -> None:
    stage.channel.before = lambda: came.append(follow_elsewhere(stage.edges).came)
    came: list[Came] = []
    stage.turn()
    assert came == [Came.NOT_DUE]
    assert stage.channel.calls == ["tell 1"]


@pytest.mark.parametrize("lost", [False, True])
def test_where_no_answer_came_the_next_turn_looks_and_tells_only_what_is_not_there(stage: Stage, lost: bool) -> None:
    stage.channel.error, stage.channel.lost = Unanswered("no answer in time"), lost
    turned = stage.turn()
    assert (turned.came, turned.problem) == (Came.FAILED, "no answer in time")
    stage.channel.error = None
    stage.wait()
    assert stage.turn().came is (Came.FOUND if lost else Came.NOT_FOUND)
    stage.wait()
    assert stage.turn().came is (Came.NOTHING if lost else Came.TOLD)
    assert stage.channel.calls == ["tell 1", "look 1", *([] if lost else ["tell 1"])]
    assert stage.channel.took == ["1"]
    assert [item.remote for item in stage.known.items] == ["there-1"]


@pytest.mark.parametrize(
    ("error", "again", "next_call"),
    [
        (Transient("503"), timedelta(seconds=15), "look 1"),
        (Slower("429", after=timedelta(seconds=7)), timedelta(seconds=7), "tell 1"),
        (Unfit("422"), PACE, "tell 1"),
        (Rejected("401"), minutes(5), "tell 1"),
    ],
)
def test_a_failed_call_asks_for_another_turn_and_that_looks_only_where_nobody_knows(
    stage: Stage, error: CallFailed, again: timedelta, next_call: str
) -> None:
    stage.channel.error = error
    assert stage.turn().came is Came.FAILED
    assert stage.queues.turns == [again]
    stage.channel.error = None
    stage.wait(minutes(5))
    stage.turn()
    assert stage.channel.calls[-1] == next_call


def test_what_was_deleted_there_is_let_go_and_its_component_is_put_right(stage: Stage) -> None:
    stage.channel.error = Gone("404")
    assert stage.turn().came is Came.GONE
    stage.channel.error = None
    stage.wait()
    stage.turn()
    assert stage.channel.calls == ["tell 1", "stand w degraded_performance"]
    assert stage.known.items == ()
    assert stage.queues.notices == []


# The store's write at which the process dies (0 is the intent, 1 the result), or the call: before or after it was done.
DEATHS = ["before the intent", "before the call", "after the call", "before the result", "after the result"]


@pytest.mark.parametrize("death", DEATHS)
def test_wherever_the_process_dies_the_update_is_told_once(stage: Stage, death: str) -> None:
    def die() -> None:
        raise Killed

    nothing: Callable[[], None] = lambda: None  # noqa: E731 - one line of a fake
    match death:
        case "before the intent":
            stage.store.interruptions = [die]
        case "before the call":
            stage.channel.before = die
        case "after the call":
            stage.channel.error, stage.channel.lost = Killed(), True
        case "before the result":
            stage.store.interruptions = [nothing, die]
        case _:
            stage.queues.error = Killed()  # type: ignore[assignment]  # it dies as the next turn is asked for
    with pytest.raises(Killed):
        stage.turn()
    stage.store.interruptions, stage.channel.before = [], nothing
    stage.channel.error = stage.queues.error = None
    for _ in range(4):
        stage.wait()
        stage.turn()
    assert stage.turn().came is Came.NOTHING
    assert stage.channel.took == ["1"]
    assert [item.told for item in stage.known.items] == ["1"]


def test_staff_hear_with_what_is_remembered_and_once(stage: Stage) -> None:
    stage.channel.error = Rejected("401")
    for _ in range(3):
        stage.turn()
        stage.wait(minutes(5))
    assert len(stage.queues.notices) == 1
    assert stage.store.notices == stage.queues.notices
    stage.channel.error = None
    stage.turn()
    assert [notice.sequence for notice in stage.queues.notices] == [1, 2]


def test_a_notice_that_cannot_be_handed_on_is_in_the_table_from_where_the_sweep_sends_it(stage: Stage) -> None:
    stage.channel.error, stage.queues.error = Rejected("401"), Transient("SQS is gone")
    with pytest.raises(Transient):
        stage.turn()
    assert [notice.incident_id[:14] for notice in stage.store.notices] == ["page:atlassian"]
    assert stage.known.failing is not None
    assert stage.known.failing.told
