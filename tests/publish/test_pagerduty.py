"""The script that docs/notices.md gives to PagerDuty makes of Defib's messages what PagerDuty should do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from defib.core.contact import Contact
from defib.core.incident import NoticeKind
from defib.core.medium import Medium
from defib.core.post import Places, post_of
from tests.shell.office import POLICY, notice

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = re.compile(r"<!-- pagerduty -->\n```js\n(.*?)```\n<!-- end -->", re.DOTALL)
PAGERDUTY = """
const PD = {Trigger: "trigger", Acknowledge: "acknowledge", Resolve: "resolve", inputRequest: {rawBody: %s},
            emitGenericEvents: events => console.log(JSON.stringify(events))};
"""
"""What such a script finds there (PagerDuty developer documentation, Custom Event Transformer)."""
MACHINE = Contact("ann", https=("https://events.example.com/x",))
KEY = "arn:topic:web-1"


def made_of(envelope: dict[str, str]) -> dict[str, Any]:
    """The event that the script of the document makes of what SNS posts."""
    found = SCRIPT.search((ROOT / "docs/notices.md").read_text(encoding="utf-8"))
    node = shutil.which("node")
    assert found is not None
    assert node is not None
    script = PAGERDUTY % json.dumps(json.dumps(envelope)) + found[1]
    done = subprocess.run([node, "-"], input=script, capture_output=True, text=True, check=True, timeout=60)
    (event,) = json.loads(done.stdout)
    assert isinstance(event, dict)
    return event


@pytest.mark.parametrize(
    ("kind", "does"),
    [
        (NoticeKind.OPENED, "trigger"),
        (NoticeKind.ESCALATED, "trigger"),
        (NoticeKind.ACKNOWLEDGED, "acknowledge"),
        (NoticeKind.RESOLVED, "resolve"),
    ],
)
def test_a_notice_opens_takes_or_ends_the_incident_of_its_own(kind: NoticeKind, does: str) -> None:
    post = post_of(notice(kind=kind), MACHINE, (Medium.HTTPS,), POLICY, Places("arn:topic", ""), None)

    event = made_of({"Type": "Notification", "Subject": post.subject, "Message": post.https})

    assert (event["event_type"], event["incident_key"], event["description"]) == (does, KEY, "subject 1;")


@pytest.mark.parametrize(("state", "does"), [("ALARM", "trigger"), ("OK", "resolve")])
def test_an_alarm_of_defibs_own_opens_and_ends_one_of_its_own(state: str, does: str) -> None:
    alarm = {"AlarmName": "Defib-Silent", "AlarmArn": "arn:alarm", "NewStateValue": state}

    event = made_of({"Type": "Notification", "Subject": f"{state}: Defib-Silent", "Message": json.dumps(alarm)})

    assert (event["event_type"], event["incident_key"]) == (does, "arn:alarm")


@pytest.mark.parametrize(
    "envelope",
    [
        {"Type": "SubscriptionConfirmation", "Message": "You have chosen to subscribe", "SubscribeURL": "https://x"},
        {"Type": "Notification", "Subject": "[Defib] the watchtower", "Message": "words for people"},
    ],
    ids=["SNS wants a confirmation", "words for people"],
)
def test_whatever_else_comes_is_shown_to_people(envelope: dict[str, str]) -> None:
    event = made_of(envelope)

    assert (event["event_type"], event["details"]) == ("trigger", envelope)
    assert event["description"] in envelope.values()
