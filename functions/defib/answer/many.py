"""From a request by the link to all the incidents of a digest to a page. Only a POST changes anything, and once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from defib.answer.answered import Answered, detail_of
from defib.answer.asked import Unusable, form
from defib.answer.once import noted, used_up
from defib.answer.token import Forged, check_many, many_id
from defib.core.answer import many_page, page
from defib.core.answer.link import Use
from defib.core.answer.many import OFFERS, SEVERAL, Many, asking
from defib.core.answer.name import name_in
from defib.core.asking import DETAIL_TYPE
from defib.core.frozen import dataclass, replace
from defib.shell.ports import CallFailed

if TYPE_CHECKING:
    from defib.answer.asked import Asked
    from defib.answer.ports import Answering
    from defib.core.answer.link import Say
    from defib.core.answer.page import Page
    from defib.core.incident import Incident
    from defib.core.policy import Policy


@dataclass(frozen=True, slots=True)
class _Opened:
    """A genuine link that has not expired, with all that stands behind it at this moment."""

    link: Many
    incidents: Mapping[str, Incident]
    use: Use | None


def answer_many(request: Asked, edges: Answering, policy: Policy, *, reads: bool) -> Answered:
    """The page for ``request``, whose token has the form of such a link; ``reads`` is whether it may change nothing.

    Raises Transient or Rejected when it can't be told how things stand.
    """
    now = edges.clock.now()
    link = edges.links.many(many_id(request.token))
    if link is None:
        return Answered(page.INVALID, problem="nothing is kept of it")
    try:
        check_many(request.token, link, edges.keys.counting(link.key_id))
    except Forged as error:
        return Answered(page.INVALID, problem=str(error))
    if now >= link.expires_at:
        return Answered(page.expired(link.expires_at), link, problem="expired")
    opened = _Opened(link, edges.links.incidents(link.incident_ids), edges.links.use(link.id))
    if reads:
        return Answered(_shown(opened, policy), link)
    return _posted(request, opened, edges, policy)


def _shown(opened: _Opened, policy: Policy) -> Page:
    """The page that a GET gets: whatever it says, it has changed nothing."""
    link, incidents, use, snooze = opened.link, opened.incidents, opened.use, policy.answers.snooze
    asked = many_page.listed(link, incidents, policy)
    if use is None:
        return asked
    if use.passed_on_at is None and asking(link, incidents, use.say):
        return page.unfinished(asked, use, snooze)
    return many_page.used(use, link, incidents, snooze, tried=False)


def _posted(request: Asked, opened: _Opened, edges: Answering, policy: Policy) -> Answered:
    link = opened.link
    try:
        say, given = form(request)
    except Unusable as error:
        return Answered(page.refused(error.code, str(error)), link, problem=str(error))
    if say not in OFFERS:
        return Answered(page.refused(403, "This link does not offer that answer."), link, problem="not offered")
    if opened.use is not None:
        return _again(say, opened, opened.use, edges, policy)
    if not asking(link, opened.incidents, say):
        return Answered(many_page.over(link, opened.incidents, tried=True), link, problem="nobody is asked for")
    try:
        by = name_in(given)
    except ValueError as error:
        asked = many_page.listed(link, opened.incidents, policy)
        return Answered(page.mistaken(asked, str(error), given), link, problem="name")
    use = Use(link.id, SEVERAL, "", say, by, edges.clock.now())
    first = used_up(use, link.expires_at, edges)
    if first is not use:
        return _again(say, opened, first, edges, policy)
    return _pass_on(use, opened, edges, policy)


def _again(say: Say, opened: _Opened, use: Use, edges: Answering, policy: Policy) -> Answered:
    """The link has been used: only the same answer, not known to have been passed on, still does anything."""
    if say is not use.say or use.passed_on_at is not None:
        same = say is use.say
        shown = many_page.used(use, opened.link, opened.incidents, policy.answers.snooze, tried=True, same=same)
        return Answered(shown, opened.link, problem="said already" if same else "used")
    return _pass_on(use, opened, edges, policy)


def _pass_on(use: Use, opened: _Opened, edges: Answering, policy: Policy) -> Answered:
    """Put one answer for each incident on the bus. Twice does no harm: who reads it takes an answer once."""
    link, incidents, snooze = opened.link, opened.incidents, policy.answers.snooze
    about = asking(link, incidents, use.say)
    try:
        edges.bus.say(DETAIL_TYPE, *(detail_of(replace(use, incident_id=one), policy) for one in about))
    except CallFailed as error:
        asked = many_page.listed(link, incidents, policy)
        return Answered(page.unfinished(asked, use, snooze), link, problem=str(error))
    problem = noted(use, edges)
    return Answered(many_page.taken(use, link, len(about), incidents, snooze), link, use, problem)
