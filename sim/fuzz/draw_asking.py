"""Policies under which load balancers are asked between sweeps, for services that heal a dead application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

PATIENCE = ("0s", "0s", "20s", "1m")


def asking(table: Mapping[str, Any], random: Random) -> Iterator[tuple[tuple[str, ...], object]]:
    """What is set so, in some of the policies with a target group; drawn apart, so that all else stays as it is."""
    grouped = [name for name, service in table["services"].items() if "target_groups" in service]
    if not grouped or random.random() > 0.4:
        return
    name = random.choice(grouped)
    yield ("services", name, "application_down"), random.choice(("reboot", "restart"))
    yield ("services", name, "patience", "application"), random.choice(PATIENCE)
    yield ("detection", "targets_every"), f"{random.randint(5, 45)}s"
