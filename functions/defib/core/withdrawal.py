"""What nobody is asked for any more: by the case that has changed, and by what many cases asked for together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.core import in_a_row, one_by_one
from defib.core.call import HANDED_OVER, unwanted
from defib.core.frozen import replace
from defib.core.news import News

if TYPE_CHECKING:
    from defib.core.case import Case
    from defib.core.incident import Incident


def withdrawn(incident: Incident, after: Case) -> Incident:
    """Without what the case wanted people for, but no longer does; nor what it was the last to want with others."""
    if incident.resolved_at is not None:
        return replace(incident, call=None)
    over = after.closed_at is not None
    why = after.held_by if after.handed_over_at is None else HANDED_OVER
    left = unwanted(incident, after.id, "" if over else why)
    if not one_by_one.still_down(left, after):
        left = unwanted(left, News.ONE_BY_ONE.value)
    return in_a_row.without_what_is_over(left, after)
