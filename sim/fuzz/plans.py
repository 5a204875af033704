"""What people do in a story, and AWS by itself, each at its time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sim.fuzz.cloud import ZONE_IDS

if TYPE_CHECKING:
    from sim.fuzz.world import World


def plan_people(world: World) -> None:
    """Have each happen in ``world`` when the story says."""
    story, time = world.story, world.time
    for pull in story.scenario.kill_switch:
        time.after(pull.at, partial(world.pull, pull))
    for reply in story.scenario.answers:
        time.after(reply.at, partial(world.people.reply, reply))
    for entry in story.meddling:
        time.after(entry.at, partial(world.people.meddle, entry))
    for drilled in story.drills:
        time.after(drilled.at, partial(world.reaching.wants, drilled.contact, world.bus.put))
    for asked in story.asked:
        time.after(asked.at, partial(world.customers.ask, asked.address))
    for drill_reply in story.scenario.drill_answers:
        time.after(drill_reply.at, partial(world.reaching.answers, drill_reply.contact, world.bus.put))
    for moved in story.moved:
        time.after(moved.at, partial(world.hands.move, moved))
    for posted in story.posted:
        time.after(posted.at, partial(world.programs.post, posted))
    for edited in story.edited:
        time.after(edited.at, partial(world.programs.edit, edited))
    for deployed in story.redeployed:
        time.after(deployed.at, partial(world.redeploy, deployed.policy))
    for at in story.published:
        time.after(at, partial(world.people.publish, world.judge.published))


def plan_aws(world: World) -> None:
    """Have AWS shift traffic in ``world``, and tell of issues of its own, when the story says."""
    scenario, time = world.story.scenario, world.time
    for by_aws in scenario.aws_shifts:
        shifted = partial(world.cloud.shifts.begin, ZONE_IDS[by_aws.zone], by_aws.lasts, by_aws.practice)
        time.after(by_aws.at, shifted)
    for number, issue in enumerate(scenario.health_issues, 1):
        tell = partial(world.bus.issue_told, number, issue, ZONE_IDS.get(issue.zone, ""))
        time.after(issue.at, partial(tell, over=False))
        if issue.lasts is not None:
            time.after(issue.at + issue.lasts, partial(tell, over=True))
