"""What somebody has to do to say yes or no: one command each, complete, to be copied from an e-mail."""

from __future__ import annotations

import json
import re

from defib.core.approval import Approval, Choice
from defib.core.case import Case

EVENT_SOURCE = "defib.operator"
DETAIL_TYPE = "Approval"
"""By which EventBridge knows an answer."""
DRILL_TYPE = "Drill"
"""By which EventBridge knows that somebody wants a contact drilled now."""

REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d+")
"""What the name of every zone begins with, a Local Zone's too."""


def duty(case: Case, asked: Approval) -> str:
    """What people must do, with the commands."""
    lines = (
        f"Say yes or no by {asked.until:%d %B %H:%M:%S} UTC. By command, with your name in it:",
        f"Yes:  {command(case, Choice.APPROVE)}",
        f"No:   {command(case, Choice.REJECT)}",
        "A yes is for the whole repair. A no counts until the repair is over.",
    )
    return "\n".join(lines)


def command(case: Case, choice: Choice) -> str:
    """The command that puts the answer on the default event bus of the instance's Region."""
    region = REGION.match(case.zone)
    detail = json.dumps({"case": case.id, "answer": choice.value, "by": "YOUR NAME"})
    entry = {"Source": EVENT_SOURCE, "DetailType": DETAIL_TYPE, "Detail": detail}
    where = f" --region {region[0]}" if region else ""
    return f"aws events put-events{where} --entries '{json.dumps([entry])}'"
