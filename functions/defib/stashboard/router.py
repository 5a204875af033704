"""From a request to its answer: two mounts of one API, the signature of whoever writes, and errors in its words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from urllib.parse import parse_qsl, unquote, urlsplit

from defib.core.frozen import dataclass
from defib.core.policy import Policy
from defib.shell.ports import Clock
from defib.shell.store import Conflict
from defib.stashboard import reading, rss, writing
from defib.stashboard.asked import Asked, Refused, Written
from defib.stashboard.oauth import Credentials, NotAuthorized, Signed, is_form, verify
from defib.stashboard.shapes import Addresses
from defib.stashboard.store import BoardStore

BODY_MOST = 64_000
"""Bytes of a request's body."""
INCIDENTS_MOST = 100
"""Of the page, whose updates are events; older ones are told of by the page alone."""
CONFLICTS_MAX = 5
"""How often a write starts afresh because someone else wrote first."""
JSON = "application/json"
JAVASCRIPT = "application/javascript"
KNOWN = frozenset(
    {
        "name",
        "description",
        "list",
        "start",
        "end",
        "message",
        "status",
        "informational",
        "image",
        "default",
        "services",
    }
)
"""All parameters that the API reads, besides ``callback``."""
CALLBACK = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)
CALLBACK_MAX = 100
ESCAPED = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})
"""Nothing that a browser could take for a page, whatever it believes the answer to be; JSON reads it as it was."""
MOUNT = re.compile(r"/(?P<admin>admin/)?api/(?P<version>[^/]+)/(?P<rest>.+?)/?")

Read = Callable[[Asked], object]
Write = Callable[[Asked], Written]


@dataclass(frozen=True, slots=True)
class Route:
    """One path, and what its methods do."""

    path: re.Pattern[str]
    read: Read
    writes: Mapping[str, Write]


def _route(path: str, read: Read, **writes: Write) -> Route:
    return Route(re.compile(path.replace("*", "([^/]+)")), read, writes)


ROUTES = (
    _route("services", reading.all_services, POST=writing.add_service),
    _route("services/*", reading.one_service, POST=writing.change_service, DELETE=writing.delete_service),
    _route("services/*/events", reading.all_events, POST=writing.post_event),
    _route("services/*/events/current", reading.current_event),
    _route("services/*/events/*", reading.one_event, DELETE=writing.delete_event),
    _route("statuses", reading.all_statuses, POST=writing.add_status),
    _route("statuses/*", reading.one_status, POST=writing.change_status, DELETE=writing.delete_status),
    _route("service-lists", reading.all_lists, POST=writing.add_list),
    _route("service-lists/*", reading.one_list, POST=writing.change_list, DELETE=writing.delete_list),
    _route("levels", reading.levels),
    _route("status-images", reading.images),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What HTTP sends back."""

    code: int
    body: str
    content_type: str = JSON
    wrote: bool = False
    """Something has changed: the page must follow."""


@dataclass(frozen=True, slots=True)
class Answering:
    """What the API needs of the outside world."""

    clock: Clock
    store: BoardStore
    credentials: Callable[[], Credentials]
    page: str
    """The status page's own address, without a slash at its end."""


def answer(request: Signed, edges: Answering, policy: Policy) -> Answer:
    """Raises Conflict when others wrote first too often, Transient or Rejected when AWS fails."""
    parameters: dict[str, str] = {}
    try:
        _readable(request)
        parameters = _parameters(request)
        if request.method == "GET" and urlsplit(request.url).path == "/rss":
            return _feed(request, parameters, edges, policy)
        said, code, wrote = _said(request, parameters, edges, policy)
    except Refused as error:
        told = {"message": error.message} if error.message else {}
        said, code, wrote = {"error": True, "code": error.code, **told}, error.code, False
    return _rendered(said, code, wrote, parameters.get("callback") if request.method == "GET" else None)


def _said(request: Signed, parameters: dict[str, str], edges: Answering, policy: Policy) -> tuple[object, int, bool]:
    mount = MOUNT.fullmatch(urlsplit(request.url).path)
    found = _found(mount["rest"]) if mount is not None else None
    if mount is None or found is None:
        raise Refused(404, "Can't find resource")
    route, slugs = found
    writable = bool(mount["admin"]) or policy.page.legacy_writes
    write = None if request.method in ("GET", "HEAD") else _write(route, request, writable)
    now = edges.clock.now()
    if write is not None:
        _authorize(request, edges, now)
    if mount["version"] != "v1":
        raise Refused(404, f"API Version {mount['version']} not supported")
    parts = urlsplit(request.url)
    base = f"{parts.scheme}://{parts.netloc}/{mount['admin'] or ''}api/v1"

    def asked() -> Asked:
        return _asked(parameters, slugs, Addresses(base, edges.page), edges, policy, now)

    return (route.read(asked()), 200, False) if write is None else _written(write, asked, edges.store)


def _asked(
    parameters: dict[str, str],
    slugs: tuple[str, ...],
    at: Addresses,
    edges: Answering,
    policy: Policy,
    now: datetime,
) -> Asked:
    public = cache(partial(edges.store.incidents, INCIDENTS_MOST))
    return Asked(parameters, slugs, at, edges.store.board(), edges.store, public, policy, now)


def _feed(request: Signed, parameters: dict[str, str], edges: Answering, policy: Policy) -> Answer:
    parts = urlsplit(request.url)
    at = Addresses(f"{parts.scheme}://{parts.netloc}{rss.MOUNT}", edges.page)
    asked = _asked(parameters, (), at, edges, policy, edges.clock.now())
    return Answer(200, rss.feed(asked), rss.CONTENT_TYPE)


def _written(write: Write, asked: Callable[[], Asked], store: BoardStore) -> tuple[object, int, bool]:
    for _ in range(CONFLICTS_MAX):
        written = write(asked())
        try:
            if written.change is not None:
                store.remember_board(written.change)
        except Conflict:
            continue
        return written.answer, written.code, written.change is not None
    raise Conflict(f"the Stashboard API: others wrote first {CONFLICTS_MAX} times; the client may try again")


def _found(rest: str) -> tuple[Route, tuple[str, ...]] | None:
    for route in ROUTES:
        match = route.path.fullmatch(rest)
        if match is not None:
            return route, tuple(unquote(slug) for slug in match.groups())
    return None


def _write(route: Route, request: Signed, writable: bool) -> Write:
    if not writable:
        raise Refused(405, "Method not supported")
    if request.method not in route.writes:
        raise Refused(405)
    return route.writes[request.method]


def _authorize(request: Signed, edges: Answering, now: datetime) -> None:
    """Which check failed is nobody's business: so answered Stashboard too."""
    try:
        nonce = verify(request, edges.credentials(), now)
    except NotAuthorized as error:
        raise Refused(403, "Authorization Failure") from error
    if not edges.store.first_use(nonce):
        raise Refused(403, "Authorization Failure")


def _readable(request: Signed) -> None:
    """Raises Refused for an address that is none, or has characters that no answer could repeat."""
    try:
        request.url.encode()
        urlsplit(request.url)
    except ValueError:
        raise Refused(400, "Bad Data: the address can't be read") from None


def _parameters(request: Signed) -> dict[str, str]:
    """Only what the API knows: clients send secrets of their own along, which are not ours to hold."""
    if len(request.body) > BODY_MOST:
        raise Refused(413, f"The body is longer than {BODY_MOST} bytes")
    texts = [urlsplit(request.url).query]
    if is_form(request):
        texts.append(request.body.decode("utf-8", "replace"))
    found: dict[str, str] = {}
    for text in texts:
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=100)
        except ValueError as error:
            raise Refused(400, "Bad Data: more than 100 parameters") from error
        for name, value in pairs:
            if name in KNOWN or name == "callback":
                found.setdefault(name, value)
    return found


def _rendered(said: object, code: int, wrote: bool, callback: str | None) -> Answer:
    text = json.dumps(said, ensure_ascii=False).translate(ESCAPED)
    if callback is None:
        return Answer(code, text, JSON, wrote)
    if len(callback) > CALLBACK_MAX or CALLBACK.fullmatch(callback) is None:
        return Answer(400, '{"error": true, "code": 400, "message": "Bad callback"}')
    return Answer(code, f"{callback}({text});", JAVASCRIPT, wrote)
