"""What AWS does by itself, as EC2 shows it: which instances it may recover, and what it has announced."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from defib.aws.statuses import checks_in
from defib.aws.traits import described
from defib.core.model import Event

ORDINARY: dict[str, Any] = {"InstanceType": "m7g.large", "MaintenanceOptions": {"AutoRecovery": "default"}}

TABLE: list[tuple[str, dict[str, Any], bool]] = [
    ("an ordinary one", {}, True),
    ("switched off by its owner", {"MaintenanceOptions": {"AutoRecovery": "disabled"}}, False),
    ("EC2 does not say", {"MaintenanceOptions": {}}, False),
    ("metal", {"InstanceType": "m7g.metal"}, False),
    ("part of a metal size", {"InstanceType": "m7i.metal-24xl"}, False),
    ("on a Dedicated Host", {"Placement": {"Tenancy": "host"}}, False),
    ("a dedicated instance", {"Placement": {"Tenancy": "dedicated"}}, True),
    ("a member of a group", {"Tags": [{"Key": "aws:autoscaling:groupName", "Value": "web"}]}, False),
    ("with an elastic fabric adapter", {"NetworkInterfaces": [{"InterfaceType": "efa"}]}, False),
    ("spot", {"InstanceLifecycle": "spot"}, False),
]


@pytest.mark.parametrize(("story", "facts", "recovers"), TABLE, ids=[row[0] for row in TABLE])
def test_ec2_recovers_what_its_guide_says(story: str, facts: dict[str, Any], recovers: bool) -> None:
    instance: Any = {**ORDINARY, **facts}

    assert described(instance).auto_recovery is recovers


def test_announced_events_are_read_but_not_those_that_are_over() -> None:
    begins = datetime(2026, 4, 30, 13, tzinfo=UTC)
    events = [
        {"Code": "system-maintenance", "Description": "The host is being maintained", "NotBefore": begins},
        {"Code": "system-reboot", "Description": "[Completed] rebooted", "NotBefore": begins},
        {"Code": "instance-stop", "Description": "[Canceled] stop", "NotBefore": begins},
        {"Code": "instance-reboot", "Description": "of no known time"},
    ]
    entry: Any = {"InstanceId": "i-0aa1", "Events": events}

    assert checks_in(entry).events == (Event("system-maintenance", begins),)
