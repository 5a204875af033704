"""The watchtower in a replay: what people hear of it while the Regions can't reach each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.replay import ROOT
from tests.sim.replays import replayed


def heard(scenario: str, shared: Path) -> list[str]:
    messages = replayed(ROOT / "scenarios" / f"{scenario}.toml", shared).messages
    return [" ".join(messages[name].split()) for name in sorted(messages)]


@pytest.mark.parametrize("scenario", ["primary-region-dark", "partition"])
def test_regions_that_are_cut_apart_are_told_once_and_so_is_the_end(scenario: str, shared: Path) -> None:
    of_watchtower = [text for text in heard(scenario, shared) if "Subject: Defib watchtower" in text]

    assert ["over:" in text for text in of_watchtower] == [False, True]
    assert "no answer from us-east-1: can't tell if Defib lives" in of_watchtower[0]
    assert "the status page, which comes through CloudFront, was made" in of_watchtower[0]
    assert "all is well" in of_watchtower[1]


@pytest.mark.parametrize("scenario", ["primary-region-dark", "partition"])
def test_the_watched_side_misses_the_canaries_and_says_so_itself(scenario: str, shared: Path) -> None:
    assert any("No canary of the watchtower in us-west-2 has arrived" in text for text in heard(scenario, shared))


def test_a_server_is_healed_while_the_regions_are_cut_apart(shared: Path) -> None:
    assert any("web-2 works again" in text for text in heard("partition", shared))
