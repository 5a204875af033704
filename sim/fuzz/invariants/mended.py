"""What failed while the machinery was in trouble is looked at once that is over, however long it lasted."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.model import CheckStatus
from sim.fuzz.invariants.care import service_of
from sim.fuzz.invariants.crowd import FOUND_WITHIN, waits
from sim.fuzz.invariants.truth import Truth
from sim.machine import Machine

A_WHILE = 2 * FOUND_WITHIN
"""Without trouble, and with as long before as its traces last (truth.AFTERMATH)."""


class MendedJudge:
    """Knows when each was last looked at; no bound in time counts for what began to fail during trouble."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._looked: dict[str, datetime] = {}

    def looked(self, instance_id: str) -> None:
        self._looked[instance_id] = self._truth.time.now

    def at_end(self) -> None:
        truth, lately = self._truth, self._truth.time.now - A_WHILE
        # Where many fail they have their turns, which another judge knows.
        if not truth.calm(lately) or truth.struck_since(lately) or truth.store.whole.crowd is not None:
            return
        for machine in truth.cloud.troubled.values():
            if waits(machine, lately, truth) and service_of(truth.policy, machine.tags) and not self._is_known(machine):
                truth.breaks(
                    "found", f"{machine.name} fails its checks, and nobody has seen that since it was possible"
                )

    def _is_known(self, machine: Machine) -> bool:
        """Whether it has been looked at since it fails."""
        views = (machine.shown.system, machine.shown.instance, machine.shown.attached_ebs)
        since = min(
            v.impaired_since for v in views if v.status is CheckStatus.IMPAIRED and v.impaired_since is not None
        )
        return self._looked.get(machine.instance_id, since - timedelta(seconds=1)) >= since
