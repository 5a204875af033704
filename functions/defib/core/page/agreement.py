"""What no key of the page can say alone: that it has something to show, and what each page that follows it needs."""

from __future__ import annotations

from defib.core.mistake import Mistakes, Path, closest
from defib.core.page.elsewhere import Kind, OtherPage
from defib.core.policy import Policy
from defib.core.setting import NAME

EXAMPLES = {
    "domain": "status.example.com",
    "certificate": "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
}


def check_page(policy: Policy, mistakes: Mistakes) -> None:
    """Report every disagreement, except where a value in question is wrong by itself."""
    page = policy.page
    if page.enabled and not any(service.page.title for service in policy.services):
        must = "needs a service to show: none has a title"
        mistakes.add(("page", "enabled"), True, must, '[services.web.page] title = "Website"')
    for given, needed in (("domain", "certificate"), ("certificate", "domain")):
        if getattr(page, given) and not getattr(page, needed) and not mistakes.spoil(("page", needed)):
            example = f'{needed} = "{EXAMPLES[needed]}"'
            mistakes.add(("page", given), getattr(page, given), f"must come with a {needed}", example)
    if page.legacy_writes and not page.api and not mistakes.spoil(("page", "api")):
        mistakes.add(("page", "legacy_writes"), True, "needs the Stashboard API: page.api is false", "api = true")
    tower = policy.watchtower
    regions = (("page", "failover_region"), ("watchtower", "region"), ("watchtower", "primary_region"))
    same = bool(page.failover_region) and page.failover_region == tower.primary_region
    if same and tower.stands and not mistakes.spoil(*regions):
        must = "must be another Region than watchtower.primary_region: the copy would fail with the page"
        mistakes.add(regions[0], page.failover_region, must, f'failover_region = "{tower.region}"')
    _check_elsewhere(policy, mistakes)


def _check_elsewhere(policy: Policy, mistakes: Mistakes) -> None:
    known = [service.name for service in policy.services if service.page.title]
    for other in (o for o in policy.page.elsewhere if NAME.fits(o.name)):
        at: Path = ("page", "elsewhere", other.name)
        if not policy.page.enabled and not mistakes.spoil(("page", "enabled")):
            must = "needs a page to follow: page.enabled is false"
            mistakes.add(at, {"kind": other.kind}, must, "[page] enabled = true")
        if not mistakes.spoil((*at, "kind")):
            _check_place(other, at, mistakes)
            _check_components(other, known, at, mistakes)


def _check_place(other: OtherPage, at: Path, mistakes: Mistakes) -> None:
    if not other.address and not mistakes.spoil((*at, "url")):
        must = f"must be the address of its API: a {other.kind} page can be anywhere"
        mistakes.add((*at, "url"), other.url, must, 'url = "https://status.example.com/api"')
    needs, path = other.manner.needs_page, (*at, "page_id")
    if needs and not other.page_id and not mistakes.spoil(path):
        must = f"must say which page: {other.kind} serves many from one address"
        mistakes.add(path, other.page_id, must, 'page_id = "kctbh9vrtdwd"')
    if not needs and other.page_id and not mistakes.spoil(path):
        mistakes.add(path, other.page_id, f"must be left out: a {other.kind} page is known by its url", "")


def _check_components(other: OtherPage, known: list[str], at: Path, mistakes: Mistakes) -> None:
    path = (*at, "components")
    if mistakes.spoil(path):
        return
    if other.manner.takes_all:
        if other.components:
            must = f"must be left out: a {other.kind} is told of every component"
            mistakes.add(path, dict(other.components), must, "")
        return
    if not other.components:
        must = "must name the services that are shown there"
        mistakes.add(path, {}, must, f'components = {{ {known[0] if known else "web"} = "8kbf7d35c070" }}')
    for name, ids in other.components.items():
        if name not in known:
            must = f"must be a service with a title: {', '.join(known) or 'none has one'}"
            mistakes.add((*path, name), ids, must, "", closest(name, known))
        if other.kind is Kind.CACHET and not all(each.isdecimal() for each in ids):
            mistakes.add((*path, name), ids, "must be a number: Cachet's components have no other ids", f'{name} = "3"')
