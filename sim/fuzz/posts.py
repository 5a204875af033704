"""Programs that post on the page by the Stashboard API: they sign as Defib's own client does, and Defib answers."""

from __future__ import annotations

from contextlib import suppress

from defib.core.page.elsewhere import Kind, OtherPage
from defib.core.page.followed import About, Item
from defib.core.page.model import IMPACT_OF, ComponentStatus, IncidentStatus
from defib.core.page.steps import Tell
from defib.core.page.words import words
from defib.core.policy import Policy
from defib.publish.channels.stashboard import Stashboard
from defib.shell.ports import CallFailed, Clock
from sim.elsewhere.direct import Direct
from sim.fuzz.api import CREDENTIALS, HERE, Api
from sim.fuzz.story import Posted
from sim.fuzz.trouble import Killed


class Posters:
    """Whoever posts."""

    def __init__(self, policy: Policy, clock: Clock, api: Api) -> None:
        self._clock = clock
        http = Direct(HERE, policy.calls, clock, api.answer)
        other = OtherPage("page", Kind.STASHBOARD, "defib/page", HERE)
        self._client = Stashboard(http, other, lambda: CREDENTIALS, clock, words(policy.page.language))

    def post(self, posted: Posted) -> None:
        """Say how a service stands, once: such a program does not ask before, and tries nothing again."""
        with suppress(CallFailed, Killed):
            self._client.tell(self._told(posted))

    def _told(self, posted: Posted) -> Tell:
        now, well = self._clock.now(), posted.status is ComponentStatus.OPERATIONAL
        return Tell(
            item=Item(About.INCIDENT, ""),
            mark="",
            name="",
            status=IncidentStatus.RESOLVED if well else IncidentStatus.INVESTIGATING,
            impact=IMPACT_OF[posted.status],
            body=f"{posted.on}: {posted.status}",
            at=now,
            began_at=now,
            concerned=(posted.on,),
            components={posted.on: posted.status},
            part=posted.on,
        )
