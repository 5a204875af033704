"""A link counts once: who was the first to use it, and whether what they said has been passed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.shell.ports import CallFailed
from defib.shell.store import Conflict

if TYPE_CHECKING:
    from datetime import datetime

    from defib.answer.ports import Answering
    from defib.core.answer.link import Use


def used_up(use: Use, link_expires_at: datetime, edges: Answering) -> Use:
    """``use``, now that it is remembered, or the one that was before it.

    Raises Transient or Rejected, and Conflict where neither can be read.
    """
    try:
        edges.links.remember(use, link_expires_at)
    except Conflict:
        first = edges.links.use(use.link_id)
        if first is None:
            raise
        return first
    return use


def noted(use: Use, edges: Answering) -> str:
    """Note that the answer has been passed on; what went wrong with that, which undoes nothing that was said."""
    try:
        edges.links.passed_on(use.link_id, edges.clock.now())
    except CallFailed as error:
        # It has been said all the same; a repeat would say it again.
        return str(error)
    return ""
