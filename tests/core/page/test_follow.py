"""Another page follows: what it is told next, of what, in which order, and what it is never told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.page.elsewhere import Kind, OtherPage
from defib.core.page.follow import done, let_go, next_step, taken_up
from defib.core.page.followed import About, Doing, Failing, Followed, Held, Item
from defib.core.page.model import (
    Affected,
    Component,
    ComponentStatus,
    Impact,
    IncidentStatus,
    MaintenanceStatus,
    Origin,
    PlannedOutage,
    PublicIncident,
    Update,
)
from defib.core.page.pause import OFF_AFTER
from defib.core.page.settings import PageSettings
from defib.core.page.steps import CALLED_OFF, Done, Front, Stand, Step, Tell
from defib.core.page.words import words
from tests.core.page.shown import NOON, minutes

UP, DOWN, SLOW = ComponentStatus.OPERATIONAL, ComponentStatus.MAJOR_OUTAGE, ComponentStatus.DEGRADED
SAID = words(PageSettings().language)
THERE = {"web": ("w",), "api": ("a1", "a2"), "worker": ("w",)}
"""Two that are one there, one that is two there; ``batch`` is not to be shown there."""
STATUSPAGE = OtherPage("atlassian", Kind.STATUSPAGE, "s", page_id="p", components=THERE)
STASHBOARD = OtherPage("stashboard", Kind.STASHBOARD, "s", url="https://x", components=THERE)
CACHET = OtherPage("cachet", Kind.CACHET, "s", url="https://x", components=THERE)
ONE, TWO = Item(About.INCIDENT, "1"), Item(About.INCIDENT, "2")
WORK = PlannedOutage(
    "Maintenance", "At one.", ("web",), NOON + minutes(60), NOON + minutes(120), MaintenanceStatus.SCHEDULED
)
PLANNED = Item(About.OUTAGE, WORK.id)
BEGUN = replace(WORK, status=MaintenanceStatus.IN_PROGRESS)
OVER = replace(WORK, status=MaintenanceStatus.COMPLETED)
UNTIL = "2026-04-30T14:00Z"


def incident(number: int, *keys: str, updates: int = 1, after: float = 0, **changes: object) -> PublicIncident:
    """One that concerns ``keys``, with an update each minute."""
    affected = tuple(Affected(key, key, UP, DOWN) for key in keys)
    at = NOON + minutes(after)
    told = tuple(
        Update(n, at + minutes(n), IncidentStatus.IDENTIFIED, f"{number}.{n}", affected) for n in range(1, updates + 1)
    )
    made = PublicIncident(
        number, "Trouble", f"component:{number}", Origin.DEFIB, Impact.MAJOR, IncidentStatus.IDENTIFIED, at, at, told
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # each test names what it changes


def front(*incidents: PublicIncident, outages: tuple[PlannedOutage, ...] = (), **stands: ComponentStatus) -> Front:
    components = tuple(Component(key, key, status=stands.get(key, UP)) for key in ("web", "api", "worker", "batch"))
    last = max((one.number for one in incidents), default=0)
    return Front(components, last, {one.number: one for one in incidents}, {one.id: one for one in outages})


def following(*items: Item, **changes: object) -> Followed:
    """One that has been told where every component stands."""
    known = Followed(version=1, counted=9, items=items, components={"w": UP, "a1": UP, "a2": UP})
    return replace(known, **changes)  # type: ignore[arg-type]  # each test names what it changes


def step(followed: Followed, shown: Front, other: OtherPage = STATUSPAGE, at: float = 10) -> Step | None:
    return next_step(followed, shown, other, SAID, NOON + minutes(at))


RESOLVED = incident(1, "web", resolved_at=NOON)
RESOLVED_TWO = incident(2, "web", resolved_at=NOON)
AWAY = following(looked_at=NOON - OFF_AFTER - timedelta(seconds=1))
TAKEN_UP = [
    ("a page that begins to follow is told of what is open", Followed(), front(incident(1, "web")), ["incident:1"]),
    ("and not of the past", Followed(), front(RESOLVED, incident(2, "web")), ["incident:2"]),
    ("later, of what came and went between two looks", Followed(1), front(RESOLVED), ["incident:1"]),
    ("each once", following(ONE, counted=1), front(incident(1, "web")), ["incident:1"]),
    ("a draft waits with the others", Followed(1), front(incident(1, "web", draft=True)), ["incident:1"]),
    ("not one that was withdrawn", Followed(1), front(incident(1, "web", draft=True, withdrawn=True)), []),
    ("not one that is forgotten", following(ONE), front(), []),
    ("nor one whose end was told", following(replace(ONE, told="1")), front(RESOLVED), []),
    ("but one whose end was not", following(replace(ONE, told="0")), front(RESOLVED), ["incident:1"]),
    ("nor one that is over and concerns nothing there", Followed(1), front(replace(RESOLVED, updates=())), []),
    ("after weeks off, not of the past", replace(AWAY, counted=0), front(RESOLVED, incident(2, "web")), ["incident:2"]),
    ("nor of what was never begun there", replace(AWAY, items=(ONE,)), front(RESOLVED), []),
    ("but of what was", replace(AWAY, items=(replace(ONE, remote="r"),)), front(RESOLVED), ["incident:1"]),
    ("or may have been", replace(AWAY, items=(ONE,), doing=Doing(ONE.name, NOON)), front(RESOLVED), ["incident:1"]),
    ("or is open", replace(AWAY, items=(ONE,)), front(incident(1, "web")), ["incident:1"]),
    ("after a day off, of all", replace(AWAY, counted=0, looked_at=NOON - OFF_AFTER), front(RESOLVED), ["incident:1"]),
    ("what is planned", Followed(), front(outages=(WORK,)), [PLANNED.name]),
    ("not what is over", Followed(), front(outages=(OVER,)), []),
    ("not what concerns nothing there", Followed(), front(outages=(replace(WORK, components=("batch",)),)), []),
    ("not what was never told and is forgotten", following(PLANNED), front(), []),
    (
        "but what may have been",
        following(replace(PLANNED, outage=WORK)),
        front(outages=(OVER,)),
        [PLANNED.name],
    ),
    ("and what was, to call it off", following(replace(PLANNED, outage=WORK)), front(), [PLANNED.name]),
    ("and not once that is done", following(replace(PLANNED, outage=WORK, told=CALLED_OFF)), front(), []),
]


@pytest.mark.parametrize(("followed", "shown", "items"), [case[1:] for case in TAKEN_UP], ids=[c[0] for c in TAKEN_UP])
def test_what_is_to_be_told_is_taken_up_and_left_when_its_end_was_told(
    followed: Followed, shown: Front, items: list[str]
) -> None:
    known = taken_up(followed, shown, STATUSPAGE, NOON)
    assert [item.name for item in known.items] == items
    assert known.counted == max(followed.counted, shown.last_number)


@pytest.mark.parametrize("other", [STATUSPAGE, CACHET, STASHBOARD], ids=lambda other: other.name)
def test_what_is_open_there_is_ended_though_a_deployment_has_left_none_of_its_components_there(
    other: OtherPage,
) -> None:
    """A service is renamed, or is shown there no more, while the other page has an incident about it."""
    renamed = replace(other, components={"website": ("w",)})
    gone_on, over = incident(1, "web", updates=2), incident(1, "web", updates=2, resolved_at=NOON)
    end = replace(over.updates[1], status=IncidentStatus.RESOLVED)
    over = replace(over, updates=(over.updates[0], end))
    known = following(replace(ONE, remote="17", told="1"))

    assert step(known, front(gone_on), renamed) is None, "what goes on is not said of nothing"
    kept = taken_up(known, front(over), renamed, NOON)
    if other is STASHBOARD:
        assert kept.items == (), "it knows no incidents"
        return
    found = step(kept, front(over), renamed)
    assert isinstance(found, Tell)
    assert (found.status, found.concerned, found.components) == (IncidentStatus.RESOLVED, (), {})
    assert taken_up(done(kept, found, Done("17")), front(over), renamed, NOON).items == ()
    assert taken_up(following(replace(ONE, told="1")), front(over), renamed, NOON).items == (), "nothing was made there"


def test_another_page_of_the_same_name_begins_anew_and_the_same_one_at_another_address_goes_on() -> None:
    there = replace(ONE, remote="17", told="1")
    known = following(there, doing=Doing(ONE.name, NOON), failing=Failing(NOON, "no", told=True), which="cachet")
    now_open = front(incident(1, "web", updates=2), RESOLVED_TWO)

    moved = taken_up(known, now_open, replace(CACHET, url="https://y"), NOON)
    assert (moved.items, moved.doing, moved.components) == ((there,), known.doing, known.components)
    for other in (STATUSPAGE, replace(STATUSPAGE, page_id="q")):
        for before in (known, replace(known, which="statuspage r")):
            fresh = taken_up(before, now_open, other, NOON)
            assert (fresh.items, fresh.doing, fresh.components) == ((ONE,), None, {}), "the past is not copied"
            assert (fresh.version, fresh.failing, fresh.counted) == (1, known.failing, 2)
    of_an_older_version = replace(known, which="")
    assert taken_up(of_an_older_version, now_open, STATUSPAGE, NOON).items == (there,)


def tell(found: Step | None) -> tuple[str, str, str]:
    assert isinstance(found, Tell)
    return found.what, found.mark, found.body


NEXT = [
    ("the first update", following(ONE), front(incident(1, "web", updates=3)), ("incident:1", "1", "1.1")),
    (
        "the one after the last that was told",
        following(replace(ONE, told="1")),
        front(incident(1, "web", updates=3)),
        ("incident:1", "2", "1.2"),
    ),
    (
        "of two incidents the oldest word",
        following(ONE, TWO),
        front(incident(1, "web", after=5), incident(2, "api", after=3)),
        ("incident:2", "1", "2.1"),
    ),
    (
        "what has happened before what is planned",
        following(PLANNED, ONE),
        front(incident(1, "web"), outages=(WORK,)),
        ("incident:1", "1", "1.1"),
    ),
    (
        "what waits for a person holds up nothing else",
        following(ONE, TWO, held=(Held("incident:1", NOON + minutes(11)),)),
        front(incident(1, "web"), incident(2, "api", after=3)),
        ("incident:2", "1", "2.1"),
    ),
    (
        "and is tried again in time",
        following(ONE, TWO, held=(Held("incident:1", NOON + minutes(10)),)),
        front(incident(1, "web"), incident(2, "api", after=3)),
        ("incident:1", "1", "1.1"),
    ),
]


@pytest.mark.parametrize(("followed", "shown", "told"), [case[1:] for case in NEXT], ids=[case[0] for case in NEXT])
def test_the_next_word_is(followed: Followed, shown: Front, told: tuple[str, str, str]) -> None:
    assert tell(step(followed, shown)) == told


NOTHING = [
    ("all is told and stands alike", following(), front()),
    ("a draft is nobody's business", following(ONE), front(incident(1, "web", draft=True))),
    ("nor is what is not shown there", following(ONE), front(incident(1, "batch"), batch=DOWN)),
    ("an incident is told to its end", following(replace(ONE, told="2")), front(incident(1, "web", updates=2))),
    (
        "a planned outage is told as it stands",
        following(replace(PLANNED, told=f"scheduled {UNTIL}")),
        front(outages=(WORK,)),
    ),
]


@pytest.mark.parametrize(("followed", "shown"), [case[1:] for case in NOTHING], ids=[case[0] for case in NOTHING])
def test_nothing_is_told_where(followed: Followed, shown: Front) -> None:
    assert step(followed, shown) is None


def test_an_update_takes_the_components_along_as_they_stand_now_where_that_can_be() -> None:
    shown = front(incident(1, "web", "api"), web=DOWN, api=SLOW)
    together = step(following(ONE), shown)
    assert isinstance(together, Tell)
    assert together.concerned == ("w", "a1", "a2")
    assert together.components == {"w": DOWN, "a1": SLOW, "a2": SLOW}
    apart = step(following(ONE), shown, CACHET)
    assert isinstance(apart, Tell)
    assert apart.components == {}


def test_an_update_is_told_with_those_before_it_and_none_after_it_though_some_are_left_out() -> None:
    whole = incident(1, "web", updates=9)
    kept = replace(whole, updates=(whole.updates[0], *whole.updates[5:]))
    told = step(following(replace(ONE, told="6")), front(kept))
    assert isinstance(told, Tell)
    assert told.incident is not None
    assert (told.mark, [u.sequence for u in told.before]) == ("7", [1, 6])
    assert [u.sequence for u in told.incident.updates] == [1, 6, 7]


def test_components_that_are_one_there_stand_as_the_worst_of_them() -> None:
    put = step(following(), front(web=SLOW, worker=DOWN))
    assert isinstance(put, Stand)
    assert (put.component, put.status, put.before) == ("w", DOWN, UP)


def test_a_component_that_stands_otherwise_is_put_after_every_word_unless_it_waits_for_a_person() -> None:
    shown = front(incident(1, "web"), api=DOWN)
    assert isinstance(step(following(ONE), shown), Tell)
    told = following(replace(ONE, told="1"))
    put = step(told, shown)
    assert isinstance(put, Stand)
    assert (put.component, put.status) == ("a1", DOWN)
    other = step(replace(told, held=(Held("a1", NOON + minutes(11)),)), shown)
    assert isinstance(other, Stand)
    assert other.component == "a2"


def test_where_each_component_is_told_by_itself_an_update_takes_as_many_calls() -> None:
    shown, known, parts = front(incident(1, "web", "api"), web=DOWN, api=DOWN), following(ONE), []
    while isinstance(found := step(known, shown, STASHBOARD), Tell):
        parts.append((found.part, dict(found.components), found.latest))
        known = done(known, found, Done(latest=f"event-{len(parts)}"))
    assert parts == [("w", {"w": DOWN}, ""), ("a1", {"a1": DOWN}, ""), ("a2", {"a2": DOWN}, "")]
    assert known.items == (replace(ONE, told="1"),)
    assert known.latest == {"w": "event-1", "a1": "event-2", "a2": "event-3"}
    assert found is None


@pytest.mark.parametrize("shown", [front(outages=(BEGUN,)), front()], ids=["it goes on", "it is called off"])
def test_an_outage_of_what_a_deployment_has_taken_from_that_page_is_left_there(shown: Front) -> None:
    renamed = replace(STASHBOARD, components={"web-eu": ("w",)})
    known = following(replace(PLANNED, told=f"scheduled {UNTIL}", outage=WORK))
    assert taken_up(known, shown, renamed, NOON + minutes(61)).items == ()
    assert step(taken_up(known, shown, renamed, NOON + minutes(61)), shown, renamed) is None


# told before, what the policy says, at (minutes after noon), the page: what is told, if anything.
OUTAGES = [
    ("", WORK, 0, STATUSPAGE, (f"scheduled {UNTIL}", "At one.")),
    (f"scheduled {UNTIL}", BEGUN, 61, STATUSPAGE, (f"in_progress {UNTIL}", SAID.planned_begun)),
    (f"in_progress {UNTIL}", OVER, 121, STATUSPAGE, (f"completed {UNTIL}", SAID.planned_over)),
    (f"scheduled {UNTIL}", BEGUN, 61, CACHET, None),
    (f"in_progress {UNTIL}", OVER, 121, CACHET, None),
    ("scheduled 2026-04-30T13:30Z", WORK, 0, STATUSPAGE, (f"scheduled {UNTIL}", "At one.")),
    ("in_progress 2026-04-30T13:30Z", BEGUN, 61, CACHET, (f"in_progress {UNTIL}", "At one.")),
    (f"scheduled {UNTIL}", None, 10, STATUSPAGE, (CALLED_OFF, SAID.planned_off)),
    (f"scheduled {UNTIL}", None, 10, CACHET, (CALLED_OFF, SAID.planned_off)),
    # What may have been announced, or was moved, is over all the same.
    ("", OVER, 121, STATUSPAGE, (f"completed {UNTIL}", SAID.planned_over)),
    ("in_progress 2026-04-30T13:30Z", OVER, 121, STATUSPAGE, (f"completed {UNTIL}", SAID.planned_over)),
    (f"in_progress {UNTIL}", None, 121, STATUSPAGE, (f"completed {UNTIL}", SAID.planned_over)),
    # What was called off before it could be told is nobody's matter there.
    ("", None, 10, STATUSPAGE, None),
]


@pytest.mark.parametrize(("told", "outage", "at", "other", "next_"), OUTAGES)
def test_of_a_planned_outage_each_turn_is_told_once_unless_its_times_say_it(
    told: str, outage: PlannedOutage | None, at: float, other: OtherPage, next_: tuple[str, str] | None
) -> None:
    known = following(replace(PLANNED, told=told, outage=WORK if told else None))
    found = step(known, front(outages=() if outage is None else (outage,)), other, at)
    assert (tell(found)[1:] if found is not None else None) == next_


def test_what_was_told_is_remembered_with_its_id_there_and_where_its_components_stand() -> None:
    found = step(following(ONE), front(incident(1, "web"), web=DOWN))
    assert found is not None
    after = done(following(ONE), found, Done(remote="p31z"))
    assert after.items == (replace(ONE, remote="p31z", told="1"),)
    assert after.components["w"] is DOWN
    later = step(after, front(incident(1, "web", updates=2), web=DOWN))
    assert later is not None
    # A later call need not repeat the id.
    assert done(after, later, Done()).items == (replace(ONE, remote="p31z", told="2"),)


def test_a_page_that_has_left_the_configuration_is_no_other_page() -> None:
    pages = PageSettings(elsewhere=(OtherPage("board", Kind.WEBHOOK, "defib/board"),))

    assert pages.other("board") == pages.elsewhere[0]
    assert pages.other("gone") is None


def test_what_somebody_has_deleted_there_is_not_made_again() -> None:
    shown = front(incident(1, "web"))
    known = taken_up(let_go(following(ONE, TWO), "incident:1"), shown, STATUSPAGE, NOON + timedelta(hours=1))
    assert "incident:1" not in [item.name for item in known.items]


def test_a_planned_outage_that_is_called_otherwise_by_now_is_the_same_one() -> None:
    told = following(replace(PLANNED, remote="x", told=f"scheduled {UNTIL}", outage=WORK))
    renamed = front(outages=(replace(WORK, name="Wartung", body="Um eins."),))
    known = taken_up(told, renamed, STATUSPAGE, NOON)

    assert known.items == told.items
    assert step(known, renamed) is None


def test_what_builds_before_told_of_under_another_id_is_neither_told_again_nor_called_off() -> None:
    old = Item(About.OUTAGE, WORK.earlier_id, "x", f"scheduled {UNTIL}", outage=WORK)
    begun = Doing(old.name, NOON + minutes(1), f"in_progress {UNTIL}")
    told = following(old, held=(Held(old.name, NOON + minutes(20)),), doing=begun)
    known = taken_up(told, front(outages=(BEGUN,)), STATUSPAGE, NOON)

    assert known.items == (replace(old, key=WORK.id),)
    assert known.held == (Held(PLANNED.name, NOON + minutes(20)),)
    assert known.doing == replace(begun, what=PLANNED.name)
    untold = following(Item(About.OUTAGE, WORK.earlier_id))
    assert taken_up(untold, front(outages=(WORK,)), STATUSPAGE, NOON).items == (PLANNED,)


def test_of_two_that_builds_before_made_of_one_the_one_is_still_taken_back() -> None:
    old = Item(About.OUTAGE, "before", "x", f"scheduled {UNTIL}", outage=replace(WORK, name="Before"))
    new = Item(About.OUTAGE, WORK.earlier_id, "y", f"scheduled {UNTIL}", outage=WORK)
    known = taken_up(following(new, old), front(outages=(WORK,)), STATUSPAGE, NOON)

    assert known.items == (replace(new, key=WORK.id), old)
    off = step(known, front(outages=(WORK,)))
    assert isinstance(off, Tell)
    assert (off.is_called_off, off.item.remote) == (True, "x")
