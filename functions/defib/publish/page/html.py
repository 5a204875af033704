"""The page for people: static HTML that needs nothing but itself, no script and no second request."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from defib.core.page.model import Impact, MaintenanceStatus, Page
from defib.core.page.settings import Language, PageSettings
from defib.core.page.words import took, words
from defib.publish.page.build import TEMPLATES
from defib.publish.page.document import Document
from defib.publish.page.looks import LOOKS
from defib.publish.page.views import Viewer

CONTENT_TYPE = "text/html; charset=utf-8"
STALE_AFTER = 3
"""A page older than so many of its refreshes says that it is stale."""


def documents(page: Page, settings: PageSettings, subscribe_at: str = "") -> Iterator[Document]:
    """Every page; the main page is the last, so that laid out in order no link ever leads nowhere.

    ``subscribe_at`` is where the form for e-mail is sent; without it there is none.
    """
    said, render = words(settings.language), _Renderer(settings, subscribe_at)
    viewer = Viewer(page, said)
    for incident in page.incidents:
        yield render(f"incidents/{incident.id}.html", "incident", "../", incident=viewer.incident(incident, "../"))
    months = tuple(viewer.months())
    for month in months:
        yield render(month.href, "month", "../", month=month.name, days=month.days)
    listed = [{"name": m.name, "count": m.count, "href": m.href.removeprefix("history/")} for m in months]
    yield render("history/index.html", "history", "../", months=listed)
    yield render("404.html", "missing", "/")
    due = [outage for outage in page.planned if outage.status is not MaintenanceStatus.COMPLETED]
    worst_first = sorted(page.open, key=lambda incident: tuple(Impact).index(incident.impact), reverse=True)
    yield render(
        "index.html",
        "main",
        "./",
        banner=said.banner[page.worst],
        look=LOOKS[page.worst],
        favicon=Markup(LOOKS[page.worst].favicon),  # noqa: S704 - a constant of ours
        made=viewer.moment(page.generated_at),
        renewed=said.renewed.format(took=took(settings.refresh, said)),
        open=[viewer.incident(incident, "") for incident in worst_first],
        planned=[viewer.outage(outage) for outage in due],
        groups=tuple(viewer.groups()),
        days=tuple(viewer.past()),
        stale_after=round(settings.refresh.total_seconds()) * STALE_AFTER,
    )


def content_security_policy(form_action: str = "'none'") -> str:
    """What CloudFront says that the page may load: nothing from elsewhere.

    Nothing in it depends on the build: a document that an earlier one has laid out must keep its looks. Which style
    and script it may use, a document says itself; a browser enforces both (CSP Level 3, The Effect of Multiple
    Policies).
    It may fetch from its own host: one that is left open renews itself.
    ``form_action`` is the one origin that its form may be sent to.
    """
    return (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src 'self' data:; "
        f"connect-src 'self'; base-uri 'none'; form-action {form_action}; frame-ancestors 'none'"
    )


def _own_policy() -> str:
    """Of scripts and styles only those that the document brings along."""
    return f"style-src '{_digest(_style())}'; script-src '{_digest(_script())}'"


class _Renderer:
    """Puts what all pages share around each."""

    def __init__(self, settings: PageSettings, subscribe_at: str) -> None:
        self._environment = _environment(settings.language)
        # Only what does not change with time: the pages of the past must not be put anew with each renewal.
        self._shared = {
            "lang": settings.language.value,
            "title": settings.title,
            "support": settings.support_url,
            "subscribe_at": subscribe_at,
            "policy": Markup(_own_policy()),  # noqa: S704 - digests of ours
            "style": Markup(_style()),  # noqa: S704 - a file of ours
            "script": Markup(_script()),  # noqa: S704 - a file of ours
        }

    def __call__(self, path: str, template: str, root: str, **view: object) -> Document:
        text = self._environment.get_template(f"{template}.html.j2").render(**self._shared, **view, root=root)
        return Document(path, CONTENT_TYPE, text.encode())


def render_alone(template: str, settings: PageSettings, **view: object) -> str:
    """A page that stands alone: it shares no navigation with the others, and no script."""
    shared = {"lang": settings.language.value, "title": settings.title, "style": Markup(_style())}  # noqa: S704 - ours
    return _environment(settings.language).get_template(f"{template}.html.j2").render(**shared, **view)


def style_digest() -> str:
    """As a Content-Security-Policy names the style that every page brings along."""
    return _digest(_style())


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )
    environment.globals["said"] = words(language)
    return environment


@cache
def _style() -> str:
    return (TEMPLATES / "style.css").read_text(encoding="utf-8").replace("\n", "")


@cache
def _script() -> str:
    lines = (TEMPLATES / "local.js").read_text(encoding="utf-8").splitlines()
    return "\n".join(line.strip() for line in lines)


def _digest(text: str) -> str:
    """As a Content-Security-Policy names what stands within a page (CSP Level 3, hash-source)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
