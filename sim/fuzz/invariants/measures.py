"""By what judges measure. None of it is read from Defib: were a figure of Defib's to change, judges would see it."""

from __future__ import annotations

from datetime import timedelta

CLOCKS_APART = timedelta(seconds=10)
"""Of two events so little apart nobody can tell which came first, where EC2 dates one and Defib the other."""

TERMINATES_WITHIN = timedelta(hours=2)
"""A group that is terminating a member is given so long: twice the hour of a lifecycle hook that says nothing else
(Auto Scaling API, PutLifecycleHook, HeartbeatTimeout)."""

NO_ROOM = (
    "InsufficientInstanceCapacity",
    "InsufficientCapacity",
    "InsufficientReservedInstanceCapacity",
    "InstanceLimitExceeded",
    "VcpuLimitExceeded",
)
"""EC2 has no room for a start, or the account's quota leaves none (AWSEC2 API, error codes)."""

WANTS_MOST = 200
"""What is wanted beyond so many of one call people hear of once: nobody acts on so many one by one."""

SMS_MOST = 140
"""Characters of a text message, as promised (docs/notices.md)."""
SUBJECT_MOST = 99
"""Characters of the subject of an e-mail: fewer than 100 (SNS API, Publish, Subject)."""
