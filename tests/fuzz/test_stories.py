"""Stories that nobody told: every invariant holds in each, and what once broke one never does again."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.fuzz.draw import draw
from sim.fuzz.run import REGRESSIONS, lived
from sim.fuzz.story_file import load

BUDGET = 160
"""Seeds of every run; ``make fuzz`` takes more."""
SHARDS = 8


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_invariant_holds_in_the_stories_of_the_first_seeds(shard: int) -> None:
    broken = {seed: found for seed in range(shard, BUDGET, SHARDS) if (found := lived(draw(seed))[1])}
    assert broken == {}, f"repeat it: python -m sim fuzz --seeds 1 --from {min(broken)}"


def test_a_seed_always_tells_the_same_story() -> None:
    first, second = lived(draw(7))[0], lived(draw(7))[0]
    assert first.store.audit == second.store.audit
    assert first.outside.calls == second.outside.calls


def test_the_stories_are_worth_living_through() -> None:
    worlds = [lived(draw(seed))[0] for seed in range(20, 120)]
    struck = {line.partition(" on ")[0] for world in worlds for line in world.outside.struck}
    outcomes = {case.outcome for world in worlds for case in world.store.cases.values()}
    assert {"dies_before", "dies_after", "race", "hangs", "answer_lost"} <= struck
    assert len(outcomes) >= 4


@pytest.mark.parametrize("file", sorted(REGRESSIONS.glob("*.toml")), ids=lambda file: file.stem)
def test_what_once_broke_an_invariant_does_so_no_more(file: Path) -> None:
    told = load(file)
    assert lived(told.story, told.nth)[1] == []
