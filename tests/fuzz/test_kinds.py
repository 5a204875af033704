"""Whatever an instance may be is drawn, EC2 says the same of it in memory and on moto, and what is others' is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, cast

import pytest

from defib.aws.instances import observed
from defib.core.case import Action, Case
from defib.core.guards.ownership import INTERRUPTED
from sim.described import _description
from sim.faults import FaultKind
from sim.fuzz.draw import draw
from sim.fuzz.kinds import described_of, kind_of
from sim.fuzz.nth import scenario_story
from sim.fuzz.on_moto import lived_on_moto
from sim.fuzz.run import lived
from sim.fuzz.story import Story
from sim.fuzz.story_file import read, write
from sim.fuzz.trouble import OF_SCENARIOS, Trouble
from sim.fuzz.world import World
from sim.scenario import TargetGroup
from sim.scenario_file import ScenarioError
from sim.scenario_value import Trait
from tests.fuzz.test_judges_of_acts import attempt, case_of
from tests.fuzz.worlds import broken

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import InstanceTypeDef

SEEDS = range(160)
"""As many as CI lives through."""


@cache
def stories() -> list[Story]:
    return [draw(seed) for seed in SEEDS]


def test_no_trait_of_a_fleet_and_no_trouble_is_forgotten() -> None:
    assert {trait for story in stories() for fleet in story.scenario.fleet for trait in fleet.traits} == {*Trait}
    drawn = {spell.trouble for story in stories() for spell in story.spells}
    # Races double messages, too.
    assert drawn == {*Trouble} - OF_SCENARIOS | {Trouble.QUEUE_DOUBLES}


def test_every_kind_of_fault_strikes_and_some_spot_instances_are_interrupted() -> None:
    faults = [fault for story in map(draw, range(300)) for fault in story.scenario.faults]
    assert {fault.kind for fault in faults} == {*FaultKind}
    assert INTERRUPTED & {fault.reason for fault in faults}


def test_some_target_groups_that_a_service_names_have_its_instances_by_address() -> None:
    found = 0
    for story in stories():
        by_address = {group.name for group in story.scenario.target_groups if group.by_address}
        named = {group.name for service in story.policy.services for group in service.target_groups}
        found += bool(by_address & named)
    assert found > 3


def test_they_are_kept_in_a_file() -> None:
    for story in stories():
        told = read(write(story)).story.scenario
        assert (told.fleet, told.target_groups) == (story.scenario.fleet, story.scenario.target_groups)


@pytest.mark.parametrize("trait", Trait)
def test_memory_says_of_an_instance_what_ec2s_own_answer_says(trait: Trait) -> None:
    world = World(_with("april-30", Trait.PUBLIC_IP, trait))
    machine = next(iter(world.cloud.machines.values()))
    told = observed(cast("InstanceTypeDef", _description(machine)), world.time.now)
    seen = world.seen.observe(machine.instance_id, (), act_is_near=False)
    assert seen.lifecycle == told.lifecycle
    assert described_of(*kind_of(machine)) == replace(told.traits, addresses=())


@pytest.mark.parametrize(
    ("traits", "action", "breaks"),
    [
        ((Trait.MANAGED,), Action.REBOOT, "is another's"),
        ((Trait.MANAGED,), Action.START, "is another's"),
        ((Trait.SPOT,), Action.DRAIN, "EC2's to stop and start"),
        ((Trait.SPOT,), Action.STOP, "EC2's to stop and start"),
        ((Trait.SPOT,), Action.START, "EC2's to stop and start"),
        ((Trait.PUBLIC_IP, Trait.SECOND_INTERFACE), Action.STOP, "for good"),
    ],
)
def test_an_act_on_what_is_others_or_would_lose_its_address_is_found(
    traits: tuple[Trait, ...], action: Action, breaks: str
) -> None:
    world = World(_with("april-30", *traits))
    _act(world, action)
    assert any(breaks in line for line in world.judge.broken)


def test_an_act_on_a_target_by_address_is_found() -> None:
    world = World(_by_address())
    _act(world, Action.REBOOT)
    assert any("by its address" in line for line in world.judge.broken)


def test_what_a_target_group_has_by_its_address_is_left_to_people_in_memory_and_by_the_deployed_functions() -> None:
    story = _by_address()
    world, found = lived(story)
    assert found == []
    assert {name for case in world.cases() for name in case.told_of} == {"target_by_address"}
    _lets_it_be(story)


@pytest.mark.parametrize(("trait", "guard"), [(Trait.MANAGED, "owned_by_others"), (Trait.SPOT, "spot")])
def test_what_is_others_is_left_to_them_in_memory_and_by_the_deployed_functions(trait: Trait, guard: str) -> None:
    story = _with("april-30", trait)
    world, found = lived(story)
    assert found == []
    assert guard in {name for case in world.cases() for name in case.told_of}
    if trait is Trait.MANAGED:
        _lets_it_be(story)
    else:
        assert lived_on_moto(story)[1] == []


def test_a_story_of_a_group_that_would_register_its_members_by_address_can_t_be_told() -> None:
    story = scenario_story("group-member")
    behind = next(fleet for fleet in story.scenario.fleet if fleet.group)
    groups = (TargetGroup("by-ip", by_address=True),)
    scenario = replace(story.scenario, fleet=(replace(behind, target_group="by-ip"),), target_groups=groups)
    with pytest.raises(ScenarioError, match="by instance id"):
        read(write(replace(story, scenario=scenario)))


def _lets_it_be(story: Story) -> None:
    """The deployed functions neither reboot nor stop and start anything in it."""
    on_moto, found = lived_on_moto(story)
    assert found == []
    assert all(machine.last_boot is None for machine in on_moto.machines.values())


def _act(world: World, action: Action) -> None:
    machine = next(iter(world.cloud.machines.values()))
    now = attempt(world.time.now, action=action)
    case: Case = case_of(machine, world.time.now, now)
    world.judge.act(now, case)
    assert broken(world)


def _with(name: str, *traits: Trait) -> Story:
    story = scenario_story(name)
    fleet = tuple(replace(one, traits=traits) for one in story.scenario.fleet)
    return replace(story, scenario=replace(story.scenario, fleet=fleet))


def _by_address() -> Story:
    """A failing instance of a service that names its target groups, of which one has it by its address."""
    story = scenario_story("zonal-shift")
    scenario = story.scenario
    fleet = scenario.fleet[0]
    groups = tuple(replace(group, by_address=True) for group in scenario.target_groups)
    wrong = replace(scenario.faults[0], at=timedelta(minutes=1), on=(fleet.names[0],), kind=FaultKind.HUNG_KERNEL)
    return replace(
        story, scenario=replace(scenario, fleet=(fleet,), target_groups=groups, faults=(wrong,), aws_shifts=())
    )
