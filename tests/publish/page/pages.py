"""Pages in every state, made by the core from a story, for whoever looks at documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from defib.core.incident import Phase
from defib.core.maintenance import Maintenance
from defib.core.page.derive import components_of, derive
from defib.core.page.model import Component, Page, PublicIncident, Shown
from defib.core.page.planned import planned
from defib.core.page.settings import Language, Outage, PageSettings, ServiceOnPage
from defib.core.page.timeline import joined
from defib.core.page.trouble import Trouble
from defib.core.page.words import words
from defib.core.policy import Policy, Service, Tag

NOW = datetime(2026, 4, 30, 12, 5, tzinfo=UTC)
URL = "https://status.example.com"
API = "https://abc123.execute-api.us-east-1.amazonaws.com"
SUNDAYS = Maintenance(at="02:00", lasts=timedelta(hours=2), zone="Europe/Berlin", days=("sun",))
SERVICES = tuple(
    Service(name, {"service": (name,)}, page=ServiceOnPage(title, about, group, worse=Outage.MAJOR_OUTAGE))
    for name, title, about, group in (
        ("web", "Website", "Everything under www.example.com.", ""),
        ("api", "API", "What your programs talk to.", ""),
        ("linux", "Linux builds", "", "Builds"),
        ("mac", "macOS builds", "", "Builds"),
        ("db", "Data", "Saving and reading what you keep with us.", ""),
    )
)
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
"""As long as a title may be, and one word."""
SETTINGS = PageSettings(enabled=True, title="Example CI", support_url="https://www.example.com/support")
POLICY = Policy(Tag("self-heal", "true"), SERVICES, page=SETTINGS)
BORN = NOW - timedelta(days=200)


def story(
    *moments: tuple[datetime, tuple[Trouble, ...]], policy: Policy = POLICY, now: datetime = NOW, born: datetime = BORN
) -> Page:
    """The page at ``now``, after the core has looked at each of ``moments``."""
    shown = Shown(components=tuple(_aged(c, born) for c in components_of(policy, Shown(), born)))
    incidents: dict[int, PublicIncident] = {}
    for at, troubled in (*moments, *(((now, moments[-1][1]),) if moments else ((now, ()),))):
        derived = derive(shown, troubled, policy, at)
        shown = replace(derived.shown, version=shown.version + 1)
        said = words(policy.page.language)
        incidents |= {i.number: joined(incidents.get(i.number), i, said) for i in derived.changed}
    newest = sorted(incidents.values(), key=lambda incident: -incident.number)
    return Page(shown.version, now, shown.components, tuple(newest), planned(policy, now))


def _aged(component: Component, born: datetime) -> Component:
    return replace(component, created_at=born, updated_at=born)


def trouble(service: str, since: datetime, phase: Phase = Phase.REPAIRING, instances: int = 1) -> Trouble:
    return Trouble(service, since, instances, frozenset({phase}))


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def past(count: int, every: timedelta = timedelta(hours=31)) -> tuple[tuple[datetime, tuple[Trouble, ...]], ...]:
    """So many outages of the past, each ten minutes long, the oldest first; services take turns."""
    moments: list[tuple[datetime, tuple[Trouble, ...]]] = []
    for n in range(count, 0, -1):
        start = NOW - n * every
        failing = trouble(SERVICES[n % len(SERVICES)].name, start, instances=1 + n % 2)
        moments += [(start + minutes(3), (failing,)), (start + minutes(12), ())]
    return tuple(moments)


def states() -> Mapping[str, Page]:
    """Every state that customers may see, by name."""
    began = NOW - minutes(5)
    web = trouble("web", began)
    worse = trouble("web", began, instances=2)
    planned_policy = replace(POLICY, maintenance=(SUNDAYS,))
    german = replace(POLICY, page=replace(SETTINGS, language=Language.GERMAN), maintenance=(SUNDAYS,))
    web_page = ServiceOnPage(LONG, LONG * 3, worse=Outage.MAJOR_OUTAGE)
    long = replace(planned_policy, services=(replace(SERVICES[0], page=web_page), *SERVICES[1:]))
    sunday = datetime(2026, 5, 3, 0, 30, tzinfo=UTC)
    healed = ((began + minutes(2), (web,)), (began + minutes(3), (worse,)), (NOW, ()))
    watched = trouble("web", began, Phase.VERIFYING)
    return {
        "new": story(born=NOW),
        "operational": story(*past(12)),
        "investigating": story(*past(12), (began + minutes(2), (trouble("web", began, Phase.WATCHING),))),
        "identified": story(*past(4), (began + minutes(2), (web,))),
        "outage": story(*past(12), (began + minutes(2), (web,)), (began + minutes(4), (worse, trouble("mac", began)))),
        "monitoring": story(*past(4), (began + minutes(2), (web,)), (began + minutes(4), (watched,))),
        "resolved": story(*past(4), *healed),
        "planned": story(policy=planned_policy),
        "maintenance": story(policy=planned_policy, now=sunday),
        "long": story(*past(6), (began + minutes(2), (web,)), policy=long),
        "german": story(*past(6), (began + minutes(2), (web,)), policy=german),
    }


def settings_of(name: str) -> PageSettings:
    """What the page of that state was made with."""
    changed = {"german": replace(SETTINGS, language=Language.GERMAN), "long": replace(SETTINGS, title=LONG)}
    return changed.get(name, SETTINGS)
