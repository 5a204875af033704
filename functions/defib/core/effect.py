"""What a step asks for besides that its case is remembered; the shell sends it (``shell/reconcile.py``)."""

from __future__ import annotations

from datetime import datetime

from defib.core.case import Action
from defib.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Perform:
    """Ask ``remediate`` (or, for evidence, ``evidence``) to carry out an intent."""

    case_id: str
    instance_id: str
    attempt: int
    action: Action


@dataclass(frozen=True, slots=True)
class Wake:
    """Ask to look at the instance again at ``at``."""

    instance_id: str
    at: datetime


Effect = Perform | Wake
