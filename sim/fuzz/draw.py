"""From one seed a whole story: a fleet, the policy that governs it, what breaks, and what goes wrong besides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from defib.core.answer.link import Say
from defib.core.policy import Policy
from sim.fuzz.draw_alone import ALONE_EVERY, with_one_alone
from sim.fuzz.draw_announced import with_an_announced_one
from sim.fuzz.draw_board import with_board
from sim.fuzz.draw_checks import with_draining_targets, with_slow_checks
from sim.fuzz.draw_crowd import CROWDS_EVERY, with_crowd
from sim.fuzz.draw_drafts import with_drafts
from sim.fuzz.draw_edits import with_edits
from sim.fuzz.draw_elsewhere import with_doubts
from sim.fuzz.draw_faults import faults_of
from sim.fuzz.draw_fleet import ZONES, durations_of, fleets_of, scaling_groups_of, target_groups_of
from sim.fuzz.draw_hands import with_hands
from sim.fuzz.draw_hooks import with_hooks
from sim.fuzz.draw_keys import with_calls, with_fleet_alarm
from sim.fuzz.draw_kinds import with_kinds
from sim.fuzz.draw_local import at_change
from sim.fuzz.draw_once import with_what_comes_once, with_what_strikes
from sim.fuzz.draw_parameters import ROOM_EVERY, with_parameters, without_room
from sim.fuzz.draw_policy import policy_of
from sim.fuzz.draw_posts import with_posts
from sim.fuzz.draw_races import with_races
from sim.fuzz.draw_reach import with_addresses
from sim.fuzz.draw_recovery import with_recovery
from sim.fuzz.draw_redeployed import with_a_deployment, with_a_renamed_service
from sim.fuzz.draw_refusals import with_refusals
from sim.fuzz.draw_replanned import with_outages_replanned
from sim.fuzz.draw_retagged import with_retagging
from sim.fuzz.draw_shared import SHARED_EVERY, with_shared_target_group
from sim.fuzz.draw_shifts import with_shifts
from sim.fuzz.draw_subscribers import with_subscribers
from sim.fuzz.story import Interference, Story, names
from sim.fuzz.trouble import CARRIED, DRAWN, OF_MESSAGES, OUTSIDE, RACED, REGION, Spell, Trouble
from sim.issue import HealthIssue
from sim.replies import Pull, Reply, Through
from sim.scenario import Scenario

START = datetime(2026, 4, 30, 12, 0, tzinfo=UTC)


def draw(seed: int) -> Story:
    """The story of that seed; the same for as long as drawing and the config's keys are. One to keep is a file."""
    story = with_kinds(of_first_kinds(seed), Random(f"kinds {seed}"))
    story = with_what_comes_once(story, Random(f"once {seed}"))
    story = with_races(story, Random(f"races {seed}"))
    story = with_a_renamed_service(story, Random(f"renamed {seed}"))
    story = with_what_strikes(story, Random(f"strikes {seed}"))
    story = with_calls(story, Random(f"calls {seed}"))
    story = with_fleet_alarm(story, Random(f"fleet alarm {seed}"))
    story = with_hooks(story, Random(f"hooks {seed}"))
    story = with_slow_checks(story, Random(f"slow checks {seed}"))
    story = with_retagging(story, Random(f"retagged {seed}"))
    story = with_an_announced_one(story, Random(f"announced {seed}"))
    return with_draining_targets(story, Random(f"draining {seed}"))


def of_first_kinds(seed: int) -> Story:
    """The same without races and what comes once, of instances of those kinds only that there were first."""
    random = Random(seed)
    text, policy = policy_of(seed)
    fleets = fleets_of(policy, random)
    until = timedelta(minutes=random.randint(15, 45))
    scenario = Scenario(
        title=f"Seed {seed}",
        story="Drawn.",
        start=START + timedelta(minutes=random.randint(0, 7 * 24 * 60)),
        until=until,
        fleet=fleets,
        seed=seed % 2**31,
        target_groups=target_groups_of(fleets, random),
        groups=scaling_groups_of(fleets, random),
        faults=faults_of(fleets, until, random),
        durations=durations_of(random),
        health_issues=_issues(until, random),
    )
    scenario = replace(scenario, kill_switch=_pulls(scenario, random))
    scenario = replace(scenario, answers=tuple(_replies(scenario, policy, random)))
    spells, meddling = _spells(scenario, random), _meddling(scenario, random)
    if seed % ALONE_EVERY == ALONE_EVERY - 1:
        scenario = with_one_alone(scenario, policy, Random(f"alone {seed}"))
    if seed % SHARED_EVERY == 0:
        scenario = with_shared_target_group(scenario, policy, Random(f"shared {seed}"))
    if seed % CROWDS_EVERY == CROWDS_EVERY - 1:
        scenario = with_crowd(scenario, policy, Random(f"crowd {seed}"))
    scenario = with_shifts(scenario, policy, Random(f"shifts {seed}"))
    scenario = with_parameters(at_change(scenario, seed), Random(f"parameters {seed}"))
    if seed % ROOM_EVERY == ROOM_EVERY - 2:
        scenario = without_room(scenario, policy, Random(f"room {seed}"))
    story = with_addresses(Story(seed, scenario, text, policy, spells, meddling), Random(f"reach {seed}"))
    story = with_doubts(story, Random(f"doubts {seed}"))
    story = with_drafts(story, Random(f"drafts {seed}"))
    story = with_posts(story, Random(f"posts {seed}"))
    story = with_edits(story, Random(f"edits {seed}"))
    story = with_board(story, Random(f"board {seed}"))
    story = with_hands(story, Random(f"hands {seed}"))
    story = with_recovery(story, Random(f"recovery {seed}"))
    story = with_subscribers(story, Random(f"asked {seed}"))
    story = with_refusals(story, Random(f"refusals {seed}"))
    story = with_a_deployment(story, Random(f"redeployed {seed}"))
    return with_outages_replanned(story, Random(f"replanned {seed}"))


def _at_work(scenario: Scenario, random: Random) -> timedelta:
    """A moment at which Defib is likely to be at work: soon after something has broken."""
    struck = random.choice(scenario.faults).at if scenario.faults else timedelta(0)
    return struck + timedelta(seconds=random.randint(60, 420))


def _pulls(scenario: Scenario, random: Random) -> tuple[Pull, ...]:
    if random.random() > 0.15:
        return ()
    off = _at_work(scenario, random)
    on = off + timedelta(seconds=random.randint(30, 900))
    return (Pull(off, random.choice(("off", "maybe"))), Pull(on, "on"))


def _issues(until: timedelta, random: Random) -> tuple[HealthIssue, ...]:
    if random.random() > 0.08:
        return ()
    at = timedelta(seconds=random.randint(0, int(until.total_seconds() * 0.6)))
    lasts = timedelta(minutes=random.randint(3, 20)) if random.random() < 0.8 else None
    return (HealthIssue(at, lasts, zone=random.choice(("", *ZONES))),)


def _replies(scenario: Scenario, policy: Policy, random: Random) -> Iterator[Reply]:
    """Yes or no to a repair where people are asked, and that somebody is on it, or wants to be left alone."""
    asked = {f.name for f in scenario.fleet if (s := policy.service(f.service)) and s.mode.value == "approve"}
    for fault in scenario.faults:
        through = Through.LINK if policy.answers.enabled and random.random() < 0.6 else Through.COMMAND
        if fault.on[0].rpartition("-")[0] in asked and random.random() < 0.7:
            at = fault.at + timedelta(seconds=random.randint(60, 900))
            yield Reply(at, fault.on, Say.APPROVE if random.random() < 0.7 else Say.REJECT, through=through)
        if random.random() < 0.2:
            at = fault.at + timedelta(seconds=random.randint(120, 1800))
            say = Say.ACKNOWLEDGE if random.random() < 0.6 else Say.SNOOZE
            lasts = timedelta(minutes=random.randint(1, 30))
            yield Reply(at, fault.on, say, lasts, through)


def _spells(scenario: Scenario, random: Random) -> tuple[Spell, ...]:
    if random.random() < 0.3:
        return ()
    if random.random() < 0.08:
        # An order that lies for so long that nobody knows any more, while its end is not noticed either.
        at = _at_work(scenario, random) - timedelta(seconds=60)
        late = (Spell(at, timedelta(minutes=5), Trouble.MESSAGE_LATE, on) for on in ("orders", "signals"))
        return tuple(late)
    return tuple(_spell(scenario, random) for _ in range(random.randint(1, 5)))


def _spell(scenario: Scenario, random: Random) -> Spell:
    trouble = random.choice(DRAWN)
    if trouble is Trouble.NO_SWEEP:
        on = "sweep"
    elif trouble is Trouble.REGION_DARK:
        on = REGION
    elif trouble in OF_MESSAGES:
        on = "events" if trouble is Trouble.MESSAGE_LOST else random.choice((*CARRIED, *("orders",) * 3, "signals"))
    elif trouble is Trouble.RACE:
        on = random.choice(RACED)
    elif trouble is Trouble.WORLD_MOVES:
        on = "queue.orders"
    else:
        on = random.choice(OUTSIDE)
    # Mostly while Defib is at work: in the ten minutes after something has broken.
    struck = random.choice(scenario.faults).at if scenario.faults and random.random() < 0.8 else timedelta(0)
    most = 600 if struck else int(scenario.until.total_seconds() * 0.8)
    longest = 1800 if on.startswith(("channel", "site", "elsewhere")) else 600
    return Spell(
        at=struck + timedelta(seconds=random.randint(0, most)),
        lasts=timedelta(seconds=random.choice((5, 30, 120, longest))),
        trouble=trouble,
        on=on,
        chance=1.0 if trouble is Trouble.REGION_DARK else random.choice((0.1, 0.5, 1.0)),
    )


def _meddling(scenario: Scenario, random: Random) -> tuple[Interference, ...]:
    if random.random() > 0.3:
        return ()
    fault = random.choice(scenario.faults) if scenario.faults and random.random() < 0.7 else None
    on = fault.on[0] if fault is not None else random.choice(names(scenario))
    at = fault.at + timedelta(seconds=random.randint(60, 700)) if fault is not None else _at_work(scenario, random)
    if random.random() < 0.35:
        lasting = [fault for fault in scenario.faults if fault.cured_by == () or fault.after > 1]
        struck = random.choice(lasting or scenario.faults or [None])
        return (Interference(struck.at, struck.on[0], starts=True),) if struck is not None else ()
    if random.random() < 0.5:
        return (Interference(at, on, untag=True),)
    return (Interference(at, on, maintenance=timedelta(minutes=random.randint(5, 20))),)
