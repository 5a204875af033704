"""Everything that the page says of itself, in one language: one module beside this one each.

Placeholders: ``{names}`` the components, ``{statuses}`` how each does, ``{since}`` and ``{next}`` times of day in UTC,
``{took}`` a duration, ``{count}`` a number, ``{title}`` the page's name. Impact and time, never the cause.
"""

from __future__ import annotations

from collections.abc import Mapping

from defib.core.frozen import dataclass
from defib.core.page.model import ComponentStatus, Impact, IncidentStatus, MaintenanceStatus, Work


@dataclass(frozen=True, slots=True)
class Words:
    """A language."""

    and_: str
    component: Mapping[ComponentStatus, str]
    """After a colon, or beside an icon."""
    incident: Mapping[IncidentStatus, str]
    maintenance: Mapping[MaintenanceStatus, str]
    banner: Mapping[ComponentStatus, str]
    """The page in one sentence, by the worst of its components."""
    name: Mapping[Impact, str]
    """What an incident is called."""
    opened: str
    doing: Mapping[Work, str]
    """A sentence of its own."""
    changed: str
    still: str
    resolved: str
    ended: str
    """In the place of ``resolved``, where nobody has seen that all works again."""
    next_update: str
    left_out: str
    """In the place of the ``{count}`` updates that are not kept."""
    shortened: str
    """At the end of what is too long for the page."""
    planned: str
    planned_body: str
    planned_begun: str
    """What other pages are told when it has begun, ..."""
    planned_over: str
    """... when it is over, ..."""
    planned_off: str
    """... and when it was taken out of the plan."""
    planned_change: str
    """What heads an e-mail of one whose times, or components, are others than was told, ..."""
    planned_before: str
    """... when it was to be until then, ..."""
    planned_cancel: str
    """... and what heads one of one that was taken out of the plan."""
    minutes: str
    minute: str
    hours: str
    hour: str
    months: str
    """Twelve, separated by spaces."""
    date: str
    """Of ``{day}``, ``{month}`` (its name) and ``{year}``."""
    about_page: str
    open_heading: str
    planned_heading: str
    components_heading: str
    past_heading: str
    history_heading: str
    more: str
    none_reported: str
    all_history: str
    back: str
    days_ago: str
    today: str
    uptime: str
    """``{percent}`` with two decimals."""
    uptime_since: str
    """While the page has not known the component for all of the days that it shows: ``{date}`` is the first."""
    uptime_in: str
    """Where fewer days are shown than it counts."""
    trouble_days: str
    """``{trouble}`` of ``{count}`` days."""
    trouble_took: str
    uptime_rule: str
    affects: str
    since_heading: str
    until_heading: str
    subscribe: str
    feeds: str
    mail_label: str
    mail_button: str
    mail_note: str
    mail_why: str
    """At the end of each e-mail."""
    mail_sent: str
    mail_sent_body: str
    mail_wrong: str
    mail_wrong_body: str
    mail_full: str
    mail_full_body: str
    mail_later: str
    mail_later_body: str
    support: str
    generated: str
    renewed: str
    stale: str
    skip: str
    not_found: str
    not_found_body: str
