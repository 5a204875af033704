"""The clients that still run, each with its own calls in its own order, over real HTTP.

Read in their repositories: shatsar/stashboard-client, dnelson/cabot-alert-stashboard, smulube/stashboard-ruby,
rsalmond/hubot-stashboard, AlexandreNo/sensu_to_stashboard, MelvinTo/stashboard_notifier, Rod Cordova's
notify-by-stashboard.pl, and the three examples of twilio/stashboard's own documentation. cabot's alert runs with the
library that it imports; the others' requests are signed by oauthlib, with the parameters where their own put them.
"""

from __future__ import annotations

import json
import random
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha1
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import requests
from oauthlib.oauth1 import Client  # type: ignore[import-untyped]  # comes without types
from requests_oauthlib import OAuth1  # type: ignore[import-untyped]  # comes without types

from defib.stashboard.icons import ICONS
from defib.stashboard.oauth import FORM
from tests.core.page.shown import POLICY
from tests.stashboard.served import Served, serving
from tests.stashboard.signing import KEYS, PAGE

OK = 200


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as found:
        yield found


@pytest.fixture
def legacy() -> Iterator[Served]:
    """With writes under /api/v1."""
    with serving(replace(POLICY, page=replace(POLICY.page, legacy_writes=True))) as found:
        yield found


def signed(served: Served, method: str, path: str, where: str = "AUTH_HEADER", **fields: str) -> tuple[int, Any]:
    """Sent as Ruby's, Perl's or PHP's library would; where nothing is said the signature stands in the header."""
    client = Client(KEYS.consumer_key, KEYS.consumer_secret, KEYS.token, KEYS.token_secret, signature_type=where)
    form = {"Content-Type": FORM} if fields else {}
    uri, headers, body = client.sign(served.address + path, method, urlencode(fields) if fields else None, form)
    return sent(Request(uri, (body or "").encode() or None, headers, method=method))


def sent(request: Request | str) -> tuple[int, Any]:
    """The code and the JSON of an answer."""
    try:
        with urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def python_oauth2(served: Served, method: str, path: str, **fields: str) -> tuple[int, Any]:
    """As python-oauth2 signs (its ``Client.request``): a GET's parameters go into the query with the digest of its
    empty body, a POST's into the form, a DELETE's into the header, with that digest and a realm.
    """
    if method == "POST":
        return signed(served, method, path, "BODY", **fields)
    where, realm = ("QUERY", None) if method == "GET" else ("AUTH_HEADER", served.address)
    client = BodyHash(
        KEYS.consumer_key, KEYS.consumer_secret, KEYS.token, KEYS.token_secret, signature_type=where, realm=realm
    )
    uri, headers, _ = client.sign(served.address + path, method)
    return sent(Request(uri, None, headers, method=method))


class BodyHash(Client):  # type: ignore[misc]  # comes without types
    """Adds what python-oauth2 adds to every request that is no form."""

    def get_oauth_params(self, request: Any) -> Any:
        digest = b64encode(sha1(b"", usedforsecurity=False).digest()).decode()
        others = [pair for pair in super().get_oauth_params(request) if pair[0] != "oauth_body_hash"]
        return [*others, ("oauth_body_hash", digest)]


def test_stashboard_clients_up_down_and_warn_see_nothing_but_200(served: Served) -> None:
    """Its HTTP check reads the current event first; any other code than 200 is a failure to it."""
    path = "/admin/api/v1/services/web/events"
    for status, message in (("up", "Hello."), ("down", "R&D is dark: 100 %."), ("warning", "Hm."), ("up", "Light.")):
        code, event = python_oauth2(served, "POST", path, status=status, message=message)
        assert (code, event["message"]) == (OK, message)
        code, event = python_oauth2(served, "GET", f"{path}/current")
        assert (code, event["status"]["id"]) == (OK, status)


def test_python_oauth2_deletes_by_a_header_with_a_realm(served: Served) -> None:
    path = "/admin/api/v1/services/web/events"
    _, event = python_oauth2(served, "POST", path, message="Hello.")
    code, said = python_oauth2(served, "DELETE", f"{path}/{event['sid']}")

    assert (code, said["error"], said["message"]) == (OK, False, event)


def cabot(served: Served, name: str, key: str, priority: str, pushover: str) -> None:
    """cabot-alert-stashboard's ``_send_stashboard_alert``, call by call, with the headers that it takes away."""
    session, base = requests.Session(), f"{served.address}/admin/api/v1"
    session.auth = OAuth1("anonymous", "anonymous", KEYS.token, KEYS.token_secret)
    none: Any = {"Content-Type": None}
    found = session.get(f"{base}/services/{key}", timeout=5)
    if found.status_code == 404:
        about = "https://cabot.example.com/service/7/"
        session.post(f"{base}/services", data={"name": key, "description": about}, headers=none, timeout=5)
        session.post(f"{base}/services/{key}", data={"name": name, "description": about}, headers=none, timeout=5)
    payload = {"token": pushover, "user": key, "status": priority, "message": f"Service {name} reporting it."}
    session.post(f"{base}/services/{key}/events", data=payload, headers=none, timeout=5)


def test_cabot_creates_by_number_renames_and_posts_to_the_number(served: Served) -> None:
    secret = "azGDORePK8gMaC0QOYAMyEEuzJnyUi"
    cabot(served, "Shop", "7", "down", secret)
    cabot(served, "Shop", "7", "up", secret)

    assert [code for _, _, code in served.codes] == [404, 201, OK, OK, OK, OK]
    _, service = sent(f"{served.address}/api/v1/services/7")
    assert (service["name"], service["id"], service["current-event"]["status"]["id"]) == ("Shop", "7", "up")
    assert secret not in repr(served.store)


def test_the_ruby_gem_works_where_the_operator_allows_its_old_paths(legacy: Served) -> None:
    """smulube/stashboard-ruby writes under /api/v1, by the header, and reads signed as well."""
    code, service = signed(legacy, "POST", "/api/v1/services", name="Shop", description="All of it.")
    assert (code, service["url"]) == (201, f"{legacy.address}/api/v1/services/shop")
    _, levels = signed(legacy, "GET", "/api/v1/levels")
    _, images = signed(legacy, "GET", "/api/v1/status-images")
    made = {"name": "Slow", "description": "Takes long.", "level": levels["levels"][1]}
    code, status = signed(legacy, "POST", "/api/v1/statuses", **made, image=images["images"][0]["name"])
    assert (code, status["id"]) == (201, "slow")
    code, event = signed(legacy, "POST", "/api/v1/services/shop/events", status="slow", message="It takes long.")
    assert (code, event["status"]["id"]) == (OK, "slow")
    for path in ("services", "services/shop", "services/shop/events", "services/shop/events/current", "statuses"):
        assert signed(legacy, "GET", f"/api/v1/{path}")[0] == OK
    assert signed(legacy, "GET", f"/api/v1/services/shop/events/{event['sid']}")[1] == event
    assert signed(legacy, "POST", "/api/v1/services/shop", name="Store", description="It.")[1]["name"] == "Store"
    assert signed(legacy, "DELETE", f"/api/v1/services/shop/events/{event['sid']}")[0] == OK
    assert signed(legacy, "DELETE", "/api/v1/services/shop")[0] == OK


def test_the_old_paths_take_nothing_unsigned_and_nothing_at_all_unless_allowed(served: Served, legacy: Served) -> None:
    form = urlencode({"name": "Shop", "description": "All of it."}).encode()

    assert sent(Request(f"{legacy.address}/api/v1/services", form))[0] == 403
    code, said = signed(served, "POST", "/api/v1/services", name="Shop", description="All of it.")
    assert (code, said["message"]) == (405, "Method not supported")


def test_hubot_is_refused_because_it_signs_nothing_of_what_it_posts(served: Served) -> None:
    """rsalmond/hubot-stashboard's oauth-lite leaves the form out: whoever reads such a request could send any other."""
    client = Client(KEYS.consumer_key, KEYS.consumer_secret, KEYS.token, KEYS.token_secret)
    url = f"{served.address}/admin/api/v1/services/web/events"
    _, headers, _ = client.sign(url, "POST")
    form = urlencode({"status": "down", "message": "Dark."}).encode()

    code, said = sent(Request(url, form, {**headers, "Content-Type": FORM}))
    assert (code, said["message"]) == (403, "Authorization Failure")
    assert served.store.kept == {}


def test_hubot_reads_every_service_once_each_has_an_event(served: Served) -> None:
    """It looks into ``current-event`` unasked, so it needs one of each; ``null`` is Stashboard's own answer before."""
    _, found = sent(f"{served.address}/api/v1/services")
    assert {service["current-event"] for service in found["services"]} == {None}
    for service in found["services"]:
        signed(served, "POST", f"/admin/api/v1/services/{service['id']}/events", status="up", message="Hello.")

    _, found = sent(f"{served.address}/api/v1/services")
    assert [service["current-event"]["status"]["id"] for service in found["services"]] == ["up"] * 3


def test_nagios_posts_by_the_header(served: Served) -> None:
    """notify-by-stashboard.pl: OK, WARNING and CRITICAL are up, warning and down."""
    for status in ("down", "warning", "up"):
        code, event = signed(
            served, "POST", "/admin/api/v1/services/web/events", status=status, message=f"CHECK {status.upper()}"
        )
        assert (code, event["status"]["id"]) == (OK, status)


def test_sensu_reads_unsigned_and_its_unsigned_posts_are_refused(served: Served) -> None:
    """sensu_to_stashboard knows no OAuth: it was made for a development server, which asked for none."""
    code, found = sent(f"{served.address}/admin/api/v1/services")
    assert code == OK
    (web,) = (service for service in found["services"] if service["name"] == "Website")
    assert sent(f"{served.address}/admin/api/v1/services/{web['id']}")[1]["current-event"] is None
    form = urlencode({"status": "down", "message": "The service is not running correctly."}).encode()

    url = f"{served.address}/admin/api/v1/services/{web['id']}/events"
    assert sent(Request(url, form))[0] == 403


def test_the_macs_notifier_finds_what_it_maps(served: Served) -> None:
    """MelvinTo/stashboard_notifier polls the admin mount unsigned, accepts 200 alone, and bears a null event."""
    signed(served, "POST", "/admin/api/v1/services/web/events", status="down", message="Dark.")
    request = Request(f"{served.address}/admin/api/v1/services", headers={"Accept": "application/json"})
    code, found = sent(request)

    assert code == OK
    web = next(service for service in found["services"] if service["id"] == "web")
    event = web["current-event"]
    assert (web["name"], event["message"], event["status"]["id"], len(event["sid"])) == ("Website", "Dark.", "down", 8)


def test_example_py_runs_to_its_end(served: Served) -> None:
    base = "/admin/api/v1"
    about = {"name": "Generic Web Service", "description": "An example web service or REST API"}
    _, service = python_oauth2(served, "POST", f"{base}/services", **about)
    images = python_oauth2(served, "GET", f"{base}/status-images")[1]["images"]
    image = random.Random(7).choice(images)
    made = {"name": "Maintenance", "description": "It is under-going maintenance", "image": image["name"]}
    _, status = python_oauth2(served, "POST", f"{base}/statuses", **made, level="WARNING")
    path = f"{service['url'].removeprefix(served.address)}/events"
    _, event = python_oauth2(served, "POST", path, message="Our first event! So exciting", status=status["id"])

    assert event["status"]["image"] == image["url"]
    assert event["status"]["level"] == "NORMAL"
    assert event["url"] == f"{service['url']}/events/{event['sid']}"


@pytest.mark.parametrize("where", ["AUTH_HEADER", "BODY"])
def test_example_rb_and_example_php_run_to_their_ends(served: Served, where: str) -> None:
    """Ruby's library signs in the header and PHP's in the form; PHP's reads are not signed at all."""
    base = "/admin/api/v1"
    about = {"name": "An Example Service", "description": "Created using the StashBoard API"}
    _, service = signed(served, "POST", f"{base}/services", where, **about)
    images = sent(f"{served.address}{base}/status-images")[1]["images"]
    made = {"name": "Example Status", "description": "Means nothing", "level": "NORMAL", "image": images[0]["name"]}
    _, status = signed(served, "POST", f"{base}/statuses", where, **made)
    path = f"{service['url'].removeprefix(served.address)}/events"
    code, event = signed(served, "POST", path, where, message="Our first event! So exciting", status=status["id"])

    assert (code, event["status"]) == (OK, status)


def test_every_icon_that_is_listed_can_be_had_for_a_status_and_lies_on_the_page(served: Served) -> None:
    _, found = sent(f"{served.address}/api/v1/status-images")

    assert [(i["name"], i["icon_set"], i["url"]) for i in found["images"]] == [
        (icon.name, icon.icon_set, f"{PAGE}/{icon.path}") for icon in ICONS.values()
    ]
    assert (len(found["images"]), sum(i["icon_set"] == "fugue" for i in found["images"])) == (112, 19)
    for name in ("broom", "x_alt", "clock_alt"):
        made = {"name": f"Status {name}", "description": "One.", "image": name}
        assert signed(served, "POST", "/admin/api/v1/statuses", **made)[0] == 201
