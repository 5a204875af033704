"""What every function that a queue feeds does with a canary of the watchtower."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.shell.canary import let_through
from defib.shell.ports import CallFailed

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

    from defib.core.canary import Canary
    from defib.core.policy import Policy
    from defib.shell.canary import Ways


def take_canary(canary: Canary, ways: Ways, policy: Policy, logger: Logger) -> bool:
    """Whether it was fresh. One that is lost is never tried again: who sent it misses it, and nobody is to be alarmed
    by a dead letter besides.
    """
    try:
        return let_through(canary, ways, policy.watchtower.canary_within)
    except CallFailed as error:
        logger.warning("a canary is lost", extra={"by": canary.by, "problem": str(error), "code": error.code})
        return True
