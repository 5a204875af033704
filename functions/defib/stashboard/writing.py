"""What Stashboard's API changes, for whoever has signed; a posted event changes the page with it, in one write."""

from __future__ import annotations

from defib.core.frozen import replace
from defib.core.page.derive import Derived
from defib.core.page.posted import BODY_MAX, OPEN_MOST, Posted, added, by_people, posted, removed
from defib.shell.page import Repaged
from defib.shell.timelines import timelines
from defib.stashboard.asked import Asked, Refused, Written
from defib.stashboard.icons import ICONS
from defib.stashboard.model import BoardService, Event, ServiceList, Status, services, slugify
from defib.stashboard.shapes import event_shape, list_shape, service_shape, status_shape
from defib.stashboard.store import Change
from defib.stashboard.told import was_posted

NAME_MAX = 80
ABOUT_MAX = 300
KEPT_MOST = 200
"""Services, statuses or lists: what DynamoDB holds in one item is 400 kB."""


def add_service(asked: Asked) -> Written:
    name, description, slug = _named(asked, "Bad name: {}", "Bad description: {}")
    listed = asked.parameters.get("list") or ""
    if listed and asked.board.list_of(listed) is None:
        raise Refused(400, f"Bad list slug: {listed}")
    if any(service.slug == slug for service in services(asked.board, asked.policy)):
        # The spelling is Stashboard's.
        raise Refused(404, "A sevice with this name already exists")
    _room(len(asked.board.services))
    board = asked.board.numbered()
    service = BoardService(slug, name, description, listed, board.last_number)
    board = board.with_service(service)
    page = Repaged(added(asked.store.shown(), slug, name, description, asked.policy, asked.now))
    return Written(service_shape(service, board, None, asked.at), Change(board, page=page), 201)


def change_service(asked: Asked) -> Written:
    service = asked.service("Service {} does not exist")
    name, description = asked.parameters.get("name") or "", asked.parameters.get("description") or ""
    listed = asked.parameters.get("list")
    if (name or description) and not service.added:
        raise Refused(400, f"Service {service.slug} is named in Defib's policy: change it there")
    if listed and asked.board.list_of(listed) is None:
        raise Refused(400, f"Can't find list with slug {listed}")
    changed = replace(
        service,
        name=_short(name, NAME_MAX) or service.name,
        description=_short(description, ABOUT_MAX) or service.description,
        list=service.list if listed is None else listed,
    )
    answer = service_shape(changed, asked.board, asked.current(service), asked.at)
    if changed == service:
        return Written(answer)
    page = None
    if changed.added and (name or description):
        shown = added(asked.store.shown(), changed.slug, changed.name, changed.description, asked.policy, asked.now)
        page = Repaged(shown)
    return Written(answer, Change(asked.board.with_service(changed), page=page))


def delete_service(asked: Asked) -> Written:
    """Its events are gone with it: the next of its name is another."""
    service = asked.service()
    if not service.added:
        raise Refused(400, f"Service {service.slug} is named in Defib's policy: remove it there")
    left = tuple(s for s in asked.board.services if s.slug != service.slug)
    derived = removed(asked.store.shown(), service.slug, asked.policy, asked.now)
    answer = service_shape(service, asked.board, None, asked.at)
    page = _paged(derived, asked)
    return Written(answer, Change(replace(asked.board, services=left), page=page))


def post_event(asked: Asked) -> Written:
    message = asked.parameters.get("message")
    if not message:
        raise Refused(400, "Event message is required")
    _short(message, BODY_MAX)
    service = asked.service()
    slug, current = asked.parameters.get("status"), None
    if slug:
        status = asked.board.status(slug)
    else:
        current = asked.current(service)
        status = asked.board.default if current is None else current[1]
    if status is None:
        raise Refused(404, f"Status {slug} not found")
    informational = asked.parameters.get("informational") == "true"
    # What Defib has found is not the client's word: it ends by itself, and a message beside it must not keep it open.
    only_says = informational or (not slug and current is not None and not was_posted(current[0]))
    board = asked.board.numbered()
    event = Event(
        board.last_number, service.slug, service.born, status.slug, status.born, message, asked.now, informational
    )
    post = Posted(service.slug, status.means, message, only_says)
    shown = asked.store.shown()
    derived = posted(shown, post, asked.policy, asked.now)
    if OPEN_MOST < by_people(derived.shown) > by_people(shown):
        raise Refused(
            400, f"Bad Data: {OPEN_MOST} services are said to be in trouble already; say of one that it is up"
        )
    page = _paged(derived, asked) if derived.shown != shown else None
    return Written(event_shape(event, status, asked.at), Change(board, event, page))


def delete_event(asked: Asked) -> Written:
    """What the page said because of it stays said."""
    event, status = asked.event(asked.service())
    if not was_posted(event):
        raise Refused(400, f"Event {event.sid} is Defib's own: nobody has posted it")
    answer = {"error": False, "code": 200, "message": event_shape(event, status, asked.at)}
    return Written(answer, Change(asked.board, replace(event, deleted=True)))


def add_status(asked: Asked) -> Written:
    default = asked.parameters.get("default", "false")
    if default not in ("true", "false"):
        raise Refused(400, "Default must be true or false")
    image = asked.parameters.get("image")
    if not image:
        raise Refused(400, "Bad Data")
    name, description, slug = _named(asked, "Bad Data", "Bad Data")
    if asked.board.status(slug) is not None:
        raise Refused(400, f"A Status with the slug {slug} already exists")
    _known_image(image)
    _room(len(asked.board.statuses))
    board = asked.board.numbered()
    status = Status(slug, name, description, image, default == "true", born=board.last_number)
    return Written(status_shape(status, asked.at), Change(board.with_status(status)), 201)


def change_status(asked: Asked) -> Written:
    status = asked.status()
    given = asked.parameters
    if "image" in given:
        _known_image(given["image"])
    default = {"true": True, "false": False}.get(given.get("default", ""), status.default)
    changed = replace(
        status,
        name=_short(given.get("name", ""), NAME_MAX) or status.name,
        description=_short(given.get("description", ""), ABOUT_MAX) or status.description,
        image=given.get("image", status.image),
        default=default,
    )
    change = Change(asked.board.with_status(changed)) if changed != status else None
    return Written(status_shape(changed, asked.at), change)


def delete_status(asked: Asked) -> Written:
    """Events that have it are gone with it."""
    status = asked.status("Status {} not found")
    left = tuple(s for s in asked.board.statuses if s.slug != status.slug)
    return Written(status_shape(status, asked.at), Change(replace(asked.board, statuses=left)))


def add_list(asked: Asked) -> Written:
    given = asked.parameters
    bad = f"Bad Data: Name: {given.get('name')}, Description: {given.get('description')}"
    name, description, slug = _named(asked, bad, bad)
    if asked.board.list_of(slug) is not None:
        raise Refused(404, "A list with this name already exists")
    _room(len(asked.board.lists))
    fresh = ServiceList(slug, name, description)
    board = replace(asked.board, lists=(*asked.board.lists, fresh))
    return Written(list_shape(fresh, asked.at), Change(board), 201)


def change_list(asked: Asked) -> Written:
    found = asked.service_list("Service {} does not exist")
    changed = replace(
        found,
        name=_short(asked.parameters.get("name", ""), NAME_MAX) or found.name,
        description=_short(asked.parameters.get("description", ""), ABOUT_MAX) or found.description,
    )
    lists = tuple(changed if entry == found else entry for entry in asked.board.lists)
    change = Change(replace(asked.board, lists=lists)) if changed != found else None
    return Written(list_shape(changed, asked.at), change)


def delete_list(asked: Asked) -> Written:
    found = asked.service_list("List {} not found")
    return Written(list_shape(found, asked.at), Change(asked.board.without_list(found.slug)))


def _paged(derived: Derived, asked: Asked) -> Repaged:
    return Repaged(derived.shown, timelines(derived.changed, asked.store, asked.policy))


def _named(asked: Asked, bad_name: str, bad_description: str) -> tuple[str, str, str]:
    """Name, description and slug of something new. Raises Refused."""
    name, description = asked.parameters.get("name"), asked.parameters.get("description")
    slug = slugify(name or "")
    if not name or not slug:
        raise Refused(400, bad_name.replace("{}", str(name)))
    if not description:
        raise Refused(400, bad_description.replace("{}", str(description)))
    return _short(name, NAME_MAX), _short(description, ABOUT_MAX), slug


def _short(text: str, most: int) -> str:
    if len(text) > most:
        raise Refused(400, f"Bad Data: longer than {most} characters")
    return text


def _room(kept: int) -> None:
    if kept >= KEPT_MOST:
        raise Refused(400, f"Bad Data: there are {KEPT_MOST} already; delete one first")


def _known_image(slug: str) -> None:
    if slug not in ICONS:
        raise Refused(400, f"An Image with the slug {slug} doesn't exist")
