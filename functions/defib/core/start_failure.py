"""Why EC2 did not start an instance, in plain words, and what a person can do about it.

The codes are those of StartInstances (AWSEC2 API, Error codes) and those with which EC2 lets an instance fall back to
stopped (AWSEC2 API, StateReason; AWSEC2 UserGuide, Troubleshoot instance launch issues).
"""

from __future__ import annotations

from defib.core.frozen import dataclass

NO_ROOM = frozenset(
    {
        "InstanceLimitExceeded",
        "InsufficientCapacity",
        "InsufficientInstanceCapacity",
        "InsufficientReservedInstanceCapacity",
        "VcpuLimitExceeded",
    }
)
"""Another instance type may be startable where this one is not.

Not on a Dedicated Host, which takes one type, or those of one family (AWSEC2 API, AllocateHosts), nor in a targeted
Capacity Reservation, which is for one type (AWSEC2 API, CreateCapacityReservation).
"""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means, and what to do."""

    words: str
    remedy: str


_CAPACITY = Meaning(
    "AWS has no room for its type in its zone at present",
    "Wait, or change its type to one that AWS has room for (stopped as it is, that is one call), or start a copy of it "
    "in another zone.",
)
_HOST = Meaning("its Dedicated Host has no room for it", "Free the host, or give the instance another one.")
_STATE = Meaning(
    "EC2 says that it is in no state in which it can be started",
    "Look whether somebody else is at it, or EC2 still stops it. Start it when EC2 says that it is stopped.",
)
_LIMIT = Meaning(
    "the account may run no more instances of this kind",
    "Ask AWS to raise the limit (Service Quotas, Running On-Demand instances), or stop something else.",
)
_KEY = Meaning(
    "a volume of it could not be attached; most often its encryption key is disabled, deleted or not permitted",
    "Look at the KMS keys of its volumes: each must be enabled, and Defib's role remediate, or the key's policy, must "
    "allow kms:CreateGrant. Then start it.",
)

MEANINGS = {
    "InsufficientInstanceCapacity": _CAPACITY,
    "InsufficientCapacity": _CAPACITY,
    "InsufficientReservedInstanceCapacity": _CAPACITY,
    "InsufficientHostCapacity": _HOST,
    "InsufficientCapacityOnHost": _HOST,
    "ReservationCapacityExceeded": Meaning(
        "the Capacity Reservation that it is to run in is full",
        "Reserve more there, stop something else that runs in it, or have the instance target another one.",
    ),
    "Unsupported": Meaning(
        "AWS does not start its type in its zone, or not as it is configured",
        "Change its type to one that its zone offers and that fits it, or launch a copy of it in another zone.",
    ),
    "IncorrectInstanceState": _STATE,
    "IncorrectState": _STATE,
    "InstanceLimitExceeded": _LIMIT,
    "VcpuLimitExceeded": _LIMIT,
    "InternalError": Meaning("AWS failed for a reason of its own", "Start it again later; if that fails, ask AWS."),
    "Client.InternalError": _KEY,
    "Client.InvalidKMSKey.InvalidState": _KEY,
    "VolumeLimitExceeded": Meaning(
        "the account may have no more EBS volumes, or no more storage",
        "Ask AWS to raise the limit (Service Quotas, Amazon EBS), or delete volumes that nothing needs. Then start it.",
    ),
    "InvalidSnapshot.NotFound": Meaning(
        "the snapshot that one of its volumes is made of no longer exists",
        "Detach that volume, or replace it by one of another snapshot. Then start it.",
    ),
    "IncorrectSpotRequestState": Meaning("only EC2 may start this spot instance", "Replace it."),
    "UnauthorizedOperation": Meaning(
        "Defib's role may not start it", "Start it yourself; then see what denies ec2:StartInstances to Defib."
    ),
}


def bare(code: str) -> str:
    """The code without the side at fault, which StateReason puts before it."""
    return code.removeprefix("Server.").removeprefix("Client.")


def meaning(code: str) -> str:
    """The code in plain words; empty where it is not known."""
    known = _known(code)
    return known.words if known is not None else ""


def explained(code: str) -> str:
    """The code with its meaning; the code alone where it is not known."""
    words = meaning(code)
    return f"{words} ({code})" if words else code


def told(code: str, detail: str) -> str:
    """The code with its meaning; where that is not known, what AWS says in words of its own, from the code on."""
    return explained(code) if meaning(code) or not detail else detail[max(detail.find(code), 0) :]


def remedy(code: str, placement_group: str = "") -> str:
    """What a person should do."""
    known = _known(code)
    told = known.remedy if known is not None else "Look at the evidence, and start or replace the instance."
    if placement_group and bare(code) in NO_ROOM:
        # AWSEC2 UserGuide, Placement groups: capacity in a cluster placement group.
        told += f" If {placement_group} is a cluster placement group, AWS advises to stop and start all its instances."
    return f"{told} Defib goes on trying to start it and will say when it is well."


def _known(code: str) -> Meaning | None:
    return MEANINGS.get(code) or MEANINGS.get(bare(code))
