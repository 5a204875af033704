"""From a request to a page. Only a POST changes anything, and only once for each link."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from defib.answer.answered import Answered, detail_of
from defib.answer.asked import Unusable, form
from defib.answer.many import answer_many
from defib.answer.once import noted, used_up
from defib.answer.token import Forged, key_id_in, link_in, many_id
from defib.core.answer import page
from defib.core.answer.link import Link, Use
from defib.core.answer.name import name_in
from defib.core.answer.standing import Standing, standing
from defib.core.asking import DETAIL_TYPE
from defib.core.frozen import dataclass
from defib.shell.ports import CallFailed

if TYPE_CHECKING:
    from defib.answer.asked import Asked
    from defib.answer.ports import Answering
    from defib.core.answer.link import Say
    from defib.core.answer.page import Page
    from defib.core.case import Case
    from defib.core.incident import Incident
    from defib.core.policy import Policy

READS = ("GET", "HEAD")
METHODS = (*READS, "POST")


@dataclass(frozen=True, slots=True)
class _Opened:
    """A genuine link that has not expired, with all that stands behind it at this moment."""

    link: Link
    incident: Incident
    case: Case | None
    stands: Standing
    use: Use | None


def answer(request: Asked, edges: Answering, policy: Policy) -> Answered:
    """The page for ``request``. Raises Transient or Rejected when it can't be told how the question stands."""
    if request.method not in METHODS:
        return Answered(page.refused(405, "A link is opened, or answered by the form on its page."), problem="method")
    if many_id(request.token):
        return answer_many(request, edges, policy, reads=request.method in READS)
    now = edges.clock.now()
    try:
        link = link_in(request.token, edges.keys.counting(key_id_in(request.token)) if request.token else {})
    except Forged as error:
        return Answered(page.INVALID, problem=str(error))
    if now >= link.expires_at:
        return Answered(page.expired(link.expires_at, link.incident_id), link, problem="expired")
    incident = edges.links.incident(link.incident_id)
    case = edges.links.case(link.case_id) if link.case_id else None
    stands = standing(link, incident, case, now)
    if incident is None or not stands.known:
        return Answered(page.UNKNOWN, link, problem="of no question")
    opened = _Opened(link, incident, case, stands, edges.links.use(link.id))
    if request.method in READS:
        return Answered(_shown(opened, policy, now), link)
    return _posted(request, opened, edges, policy, now)


def _shown(opened: _Opened, policy: Policy, now: datetime) -> Page:
    """The page that a GET gets: whatever it says, it has changed nothing."""
    link, incident, case, use = opened.link, opened.incident, opened.case, opened.use
    asked = page.question(link, incident, case, opened.stands, policy, now)
    if use is None:
        return asked
    if use.passed_on_at is None and opened.stands.offers:
        return page.unfinished(asked, use, policy.answers.snooze)
    return page.used(use, incident, case, policy.answers.snooze, now, tried=False)


def _posted(request: Asked, opened: _Opened, edges: Answering, policy: Policy, now: datetime) -> Answered:
    link = opened.link
    try:
        say, given = form(request)
    except Unusable as error:
        return Answered(page.refused(error.code, str(error)), link, problem=str(error))
    if say not in link.offers:
        return Answered(page.refused(403, "This link does not offer that answer."), link, problem="not offered")
    if opened.use is not None:
        return _again(say, opened, opened.use, edges, policy, now)
    if say not in opened.stands.offers:
        shut = page.over(link, opened.incident, opened.case, opened.stands, now, tried=True)
        return Answered(shut, link, problem=opened.stands.why)
    try:
        by = name_in(given)
    except ValueError as error:
        asked = page.question(link, opened.incident, opened.case, opened.stands, policy, now)
        return Answered(page.mistaken(asked, str(error), given), link, problem="name")
    use = Use(link.id, link.incident_id, link.case_id, say, by, now)
    first = used_up(use, link.expires_at, edges)
    if first is not use:
        return _again(say, opened, first, edges, policy, now)
    return _pass_on(use, opened, edges, policy, now)


def _again(say: Say, opened: _Opened, use: Use, edges: Answering, policy: Policy, now: datetime) -> Answered:
    """The link has been used: only the same answer, not known to have been passed on, still does anything."""
    incident, case, snooze = opened.incident, opened.case, policy.answers.snooze
    if say is not use.say:
        return Answered(page.used(use, incident, case, snooze, now, tried=True), opened.link, problem="used")
    if use.passed_on_at is not None:
        return Answered(page.repeated(use, incident, case, snooze, now), opened.link, problem="said already")
    return _pass_on(use, opened, edges, policy, now)


def _pass_on(use: Use, opened: _Opened, edges: Answering, policy: Policy, now: datetime) -> Answered:
    """Put the answer on the bus. Twice does no harm: who reads it takes an answer once."""
    try:
        edges.bus.say(DETAIL_TYPE, detail_of(use, policy))
    except CallFailed as error:
        asked = page.question(opened.link, opened.incident, opened.case, opened.stands, policy, now)
        return Answered(page.unfinished(asked, use, policy.answers.snooze), opened.link, problem=str(error))
    problem = noted(use, edges)
    done = page.taken(use, opened.incident, opened.case, policy.answers.snooze, now)
    return Answered(done, opened.link, use, problem)
