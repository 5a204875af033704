"""Judges say that an invariant is broken where it is, and only there: of each, one thing that Defib never does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.case import Action, Attempt
from defib.core.escalation import Tier
from defib.core.page.mail import Letter
from defib.core.reach_news import INCIDENT_SERVICE
from sim.fuzz.nth import scenario_story
from sim.fuzz.world import World
from tests.fuzz.test_judges_of_acts import case_of
from tests.fuzz.worlds import MINUTE, broken, later, told

breaks = pytest.mark.breaks

ENOUGH = 12 * MINUTE
"""By then the failure of April 30th has been told of, and its repair has begun."""


def stop(world: World) -> None:
    machine = next(iter(world.cloud.machines.values()))
    attempt = Attempt(1, Action.STOP, "because", world.time.now)
    world.judge.act(attempt, case_of(machine, world.time.now, attempt))


@pytest.mark.parametrize("wanted", [True, pytest.param(False, marks=breaks("consent"))])
def test_an_act_on_what_nobody_gave_into_defibs_care_is_found(wanted: bool) -> None:
    world = told("april-30")
    if not wanted:
        machine = next(iter(world.cloud.machines.values()))
        world.cloud.retag(machine.name, {})
    stop(world)
    assert ("consent" in broken(world)) is not wanted


@pytest.mark.parametrize("of_it", [True, False])
def test_an_act_on_what_is_of_no_such_service_is_found(of_it: bool) -> None:
    world = told("april-30")
    machine = next(iter(world.cloud.machines.values()))
    if not of_it:
        world.cloud.retag(machine.name, {**machine.tags, "service": "another"})
    stop(world)
    assert any("which it is not" in line for line in world.judge.broken) is not of_it


@pytest.mark.parametrize(
    ("scenario", "found"),
    [
        pytest.param("stop-protection", True, marks=breaks("hazards")),
        pytest.param("instance-store", True, marks=breaks("hazards")),
        ("april-30", False),
    ],
)
def test_a_stop_of_what_is_protected_or_loses_its_disks_is_found(scenario: str, found: bool) -> None:
    world = told(scenario)
    stop(world)
    assert ("hazards" in broken(world)) is found


@pytest.mark.parametrize("went_out", [True, pytest.param(False, marks=breaks("told"))])
def test_a_notice_that_never_goes_out_is_found(went_out: bool) -> None:
    world = told("april-30", ENOUGH)
    if not went_out:
        world.store.published.popitem()
    world.judge.at_end(world.lanes)
    assert ("told" in broken(world)) is not went_out


@pytest.mark.parametrize("tier", [pytest.param(Tier.FIRST, marks=breaks("called")), Tier.EVERYBODY])
def test_a_call_that_gets_no_louder_while_nobody_answers_is_found(tier: Tier) -> None:
    world = told("nobody-answers", 10 * MINUTE)
    long_ago = world.time.now - timedelta(hours=2)
    for key, incident in list(world.store.incidents.items()):
        if incident.call is not None:
            asked = (replace(incident.call.asked[-1], tier=tier),)
            call = replace(incident.call, asked=asked, round_at=long_ago, pause=None)
            world.store.incidents[key] = replace(incident, call=call)
    world.judge.tick()
    assert ("called" in broken(world)) is (tier is Tier.FIRST)


@pytest.mark.parametrize("struck", [pytest.param(7, marks=breaks("subscribed")), 8])
def test_a_letter_that_subscribers_read_twice_for_no_reason_is_found(struck: int) -> None:
    world = told("page-subscribers", 20 * MINUTE)
    incident = world.site.pages[-1].incidents[0]
    update = max(incident.updates, key=lambda update: update.sequence)
    letter = Letter(incident.id, update.sequence, update.at, "subject", "body")
    world.judge.letter(letter, 7)
    world.judge.letter(letter, struck)
    assert any("again, for no reason" in line for line in world.judge.broken) is (struck == 7)
    assert broken(world) <= {"subscribed"}


@pytest.mark.parametrize("said", [pytest.param(True, marks=breaks("reached")), False])
def test_a_word_of_addresses_that_get_nothing_though_each_does_is_found(said: bool) -> None:
    world = told("drill-answered")
    if said:
        notice = next(iter(told("april-30", ENOUGH).store.notices.values()))
        notice = replace(notice, incident_id=f"{INCIDENT_SERVICE}-1")
        world.store.notices[notice.incident_id, notice.sequence] = notice
    world.judge.at_end(world.lanes)
    assert ("reached" in broken(world)) is said


@pytest.mark.parametrize("lost", [pytest.param(True, marks=breaks("audit")), False])
def test_a_line_that_the_trail_has_lost_is_found(lost: bool) -> None:
    world = told("april-30", ENOUGH)
    if lost:
        del world.store.audit[0]
    world.judge.at_end(world.lanes)
    assert ("audit" in broken(world)) is lost


@pytest.mark.parametrize("heard", [True, pytest.param(False, marks=breaks("elsewhere"))])
def test_another_page_that_never_hears_of_an_incident_is_found(heard: bool) -> None:
    world = World(replace(scenario_story("other-page-fails"), spells=()))
    assert world.run() == []
    later(world, 20 * MINUTE)
    if not heard:
        for other in world.others.values():
            other.told.clear()
    world.judge.at_end(world.lanes)
    assert ("elsewhere" in broken(world)) is not heard
