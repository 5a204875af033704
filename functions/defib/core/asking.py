"""What somebody has to do to say yes or no: one command each, complete, to be copied from an e-mail."""

from __future__ import annotations

import json
from collections.abc import Mapping

from defib.core.approval import Approval, Choice
from defib.core.case import Case

EVENT_SOURCE = "defib.operator"
DETAIL_TYPE = "Approval"
"""By which EventBridge knows an answer."""
DRILL_TYPE = "Drill"
"""By which EventBridge knows that somebody wants a contact drilled now."""
PUBLISH_TYPE = "Publish"
"""By which EventBridge knows that somebody publishes a draft of the status page."""


def duty(case: Case, asked: Approval, region: str) -> str:
    """What people must do, with the commands."""
    lines = (
        f"Say yes or no by {asked.until:%d %B %H:%M:%S} UTC. By command, with your name in it:",
        f"Yes:  {command(case, Choice.APPROVE, region)}",
        f"No:   {command(case, Choice.REJECT, region)}",
        "A yes is for the whole repair. A no counts until the repair is over.",
    )
    return "\n".join(lines)


def command(case: Case, choice: Choice, region: str) -> str:
    """The command that says it."""
    return saying(DETAIL_TYPE, {"case": case.id, "answer": choice.value, "by": "YOUR NAME"}, region)


def saying(detail_type: str, detail: Mapping[str, object], region: str) -> str:
    """The command that puts what a person says on the default event bus of ``region``, Defib's own.

    Without one it goes to the Region of whoever runs it.
    """
    entry = {"Source": EVENT_SOURCE, "DetailType": detail_type, "Detail": json.dumps(detail)}
    return f"aws events put-events{in_region(region)} --entries '{json.dumps([entry])}'"


def in_region(region: str) -> str:
    """The option that has a command of the AWS CLI ask there; empty where nobody knows the Region."""
    return f" --region {region}" if region else ""
