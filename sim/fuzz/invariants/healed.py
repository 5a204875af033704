"""What is called healed has been seen to work: each of its status checks has said so since its last start."""

from __future__ import annotations

from datetime import timedelta

from defib.core.case import Case, Outcome
from defib.core.model import CheckStatus, InstanceState
from sim.fuzz.invariants.truth import Truth

SEEN_TO_WORK = frozenset({Outcome.HEALED, Outcome.RECOVERED})
A_LOOK = timedelta(minutes=1)
"""What was started within it may have been started since Defib's last look."""


def healed(case: Case, truth: Truth) -> None:
    """A case has been written; what ends well has no check that has yet to speak."""
    if case.outcome not in SEEN_TO_WORK:
        return
    machine = truth.cloud.machines[case.instance_id]
    shown, application = machine.shown, machine.application
    if shown.state is not InstanceState.RUNNING or truth.time.now - shown.launched_at < A_LOOK:
        return
    said = {"attached EBS": shown.attached_ebs.status}
    if application is not None:
        said["application"] = application.status
    for check, status in said.items():
        if status is CheckStatus.INITIALIZING:
            truth.breaks(
                "ends", f"{case.id} ended as {case.outcome}, and its {check} status check has said nothing yet"
            )
