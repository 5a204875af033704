"""What the policy says that can't come true, or does so without a word: told and not refused, since it may be meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from defib.aws.clock import SystemClock
from defib.core.limits import ZonalShift
from defib.core.maintenance import Maintenance, is_always, windows
from defib.core.page.settings import Outage, ServiceOnPage
from defib.core.policy import ApplicationRemedy, Mode, Patience, Policy, Repair, Service

LAST = datetime.max.replace(tzinfo=UTC)


def remarks(policy: Policy, now: datetime) -> Iterator[str]:
    """One line each, for whoever has written the policy."""
    yield from _unseen_applications(policy.services)
    for service in policy.services:
        yield from _repairs(service, policy.repair)
        yield from _people(service, policy)
        if policy.page.enabled:
            yield from _page(service)
        if is_always((*policy.maintenance, *service.maintenance)):
            yield (
                f"Service {service.name} is in maintenance at every hour of the week: nothing of it is ever repaired, "
                "and nobody is told."
            )
    if policy.limits.zonal_shift is ZonalShift.START and not any(map(_may_be_shifted, policy.services)):
        yield 'limits.zonal_shift = "start" shifts nothing: no service with mode = "heal" names target_groups.'
    yield from _contacts(policy)
    yield from _over(policy, now)


def to_see_in(policy: Policy, name: str) -> Iterator[str]:
    """What there is to remark now, under a line that says in which file; nothing where there is nothing."""
    if lines := [*remarks(policy, SystemClock().now())]:
        yield f"See whether {name} means this:"
        yield from (f"  {line}" for line in lines)


def _unseen_applications(services: Sequence[Service]) -> Iterator[str]:
    """Where something is to happen to dead applications, and no load balancer is named that would show them."""
    unset = Patience().application
    wants = (s for s in services if s.application_down is not ApplicationRemedy.TELL or s.patience.application != unset)
    if unseen := [service.name for service in wants if not service.target_groups]:
        yield (
            f"{_named('Service', unseen)} {'name' if len(unseen) > 1 else 'names'} no target_groups. That an "
            "application is dead there Defib hears only from EC2's application status checks, of instances that have "
            "one: what only a load balancer sees goes unnoticed, without a message. If one stands in front, name its "
            "target groups."
        )


def _repairs(service: Service, repair: Repair) -> Iterator[str]:
    down, name = service.application_down, f"Service {service.name}"
    if down is ApplicationRemedy.REBOOT and not repair.reboots:
        yield f'{name} has application_down = "reboot", but repair.reboots = 0: people are asked at once.'
    if down is ApplicationRemedy.RESTART and not repair.restarts:
        first = "is rebooted at most" if repair.reboots else "is neither rebooted nor restarted"
        yield f'{name} has application_down = "restart", but repair.restarts = 0: it {first}.'
    if service.replicated and service.concurrent_repairs > 1:
        yield (
            f"{name} is replicated: one instance of it is repaired at a time, whatever concurrent_repairs = "
            f"{service.concurrent_repairs} says."
        )


def _people(service: Service, policy: Policy) -> Iterator[str]:
    name = f"Service {service.name}"
    if not service.tell:
        also = " Customers read of them on the status page." if policy.page.enabled and service.page.title else ""
        yield f"{name} has nobody in tell: nobody is told of its incidents.{also}"
        return
    told = [contact for contact in policy.contacts if contact.name in service.tell]
    if {severity for contact in told for severities in contact.severities for severity in severities} == {"urgent"}:
        yield f'{name} tells nobody anything that is not "urgent": people hear of it only once one is needed.'
    if service.then and set(service.then) <= set(service.tell):
        yield f"{name} names in then only whom tell names: after escalation.second_after nobody more is asked."


def _page(service: Service) -> Iterator[str]:
    page, order = service.page, list(Outage)
    if page != ServiceOnPage() and not page.title:
        yield f"Service {service.name} has a page table without a title: it is not on the status page."
    if page.title and page.worse_from > 1 and order.index(page.worse) < order.index(page.impact):
        yield (
            f'Service {service.name} is "{page.impact}" on the page with one instance in trouble, but "{page.worse}" '
            f"from {page.worse_from} on (page.worse): the more fail, the better it looks."
        )


def _may_be_shifted(service: Service) -> bool:
    return service.mode is Mode.HEAL and bool(service.target_groups)


def _contacts(policy: Policy) -> Iterator[str]:
    named = {name for service in policy.services for name in (*service.tell, *service.then)}
    if others := [contact.name for contact in policy.contacts if contact.name not in named]:
        are, hear = ("are", "they hear") if len(others) > 1 else ("is", "it hears")
        yield f"{_named('Contact', others)} {are} in no tell and no then: {hear} only what every contact hears."


def _over(policy: Policy, now: datetime) -> Iterator[str]:
    """What is planned for a day that is past: often that of another year."""
    planned: dict[str, Sequence[Maintenance]] = {"defib.maintenance": policy.maintenance}
    planned |= {f"services.{service.name}.maintenance": service.maintenance for service in policy.services}
    planned |= {f"contacts.{contact.name}.quiet": contact.quiet for contact in policy.contacts}
    for where, entries in planned.items():
        for number, entry in enumerate(entries):
            if entry.date and not any(windows(entry, now, LAST)):
                yield f'{where}[{number}] is over: its date = "{entry.date}" is past, and it does nothing any more.'


def _named(what: str, names: Sequence[str]) -> str:
    return f"{what}{'s' if len(names) > 1 else ''} {', '.join(names)}"
