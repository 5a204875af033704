"""What the API's answers hold, what a post does to the page, and what is kept from whoever may not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from defib.core.page.model import ComponentStatus, Origin
from defib.core.page.posted import OPEN_MOST
from defib.shell.store import Conflict
from defib.stashboard.model import DEFAULTS, Level, Status, slugify
from defib.stashboard.oauth import FORM, Signed
from defib.stashboard.router import BODY_MOST, CONFLICTS_MAX
from tests.stashboard.signing import HOST, PAGE, Api


@pytest.fixture
def api() -> Api:
    return Api()


def test_a_service_has_every_field_of_the_original(api: Api) -> None:
    api.write("POST", "service-lists", name="Core", description="All that counts.")
    api.write("POST", "services/web", list="core")
    api.write("POST", "services/web/events", message="Dark.", status="down")

    base = f"{HOST}/api/v1"
    assert api.get("services/web") == {
        "name": "Website",
        "id": "web",
        "description": "All of it.",
        "url": f"{base}/services/web",
        "list": {
            "name": "Core",
            "id": "core",
            "description": "All that counts.",
            "url": f"{base}/service-lists/core",
        },
        "current-event": {
            "sid": "00000001",
            "timestamp": "Thu, 30 Apr 2026 12:00:00 GMT",
            "message": "Dark.",
            "informational": False,
            "url": f"{base}/services/web/events/00000001",
            "status": {
                "default": False,
                "name": "Down",
                "id": "down",
                "description": "The service is currently down",
                "level": "NORMAL",
                "image": f"{PAGE}/images/icons/fugue/cross-circle.svg",
                "url": f"{base}/statuses/down",
            },
        },
    }


def test_services_stand_in_the_order_of_their_names_without_those_that_are_not_on_the_page(api: Api) -> None:
    api.write("POST", "services", name="Mail", description="Letters.")

    found = api.get("services")["services"]
    assert [s["name"] for s in found] == ["API", "Mail", "Website", "Workers"]
    assert (found[0]["current-event"], found[0]["list"]) == (None, None)


def test_addresses_are_of_the_mount_that_was_asked(api: Api) -> None:
    answered = api.send(Signed("GET", f"{HOST}/admin/api/v1/statuses/up", {}))

    assert json.loads(answered.body)["url"] == f"{HOST}/admin/api/v1/statuses/up"


def test_lists_statuses_levels_and_images_have_the_wrappers_of_the_original(api: Api) -> None:
    assert api.get("service-lists") == {"lists": []}
    assert [status["id"] for status in api.get("statuses")["statuses"]] == ["down", "up", "warning"]
    assert api.get("levels") == {"levels": ["NORMAL", "WARNING", "ERROR", "CRITICAL"]}
    assert set(api.get("status-images")["images"][0]) == {"url", "icon_set", "name"}


def test_of_more_services_than_the_page_holds_nobody_says_that_they_are_in_trouble(api: Api) -> None:
    for n in range(OPEN_MOST + 1):
        api.write("POST", "services", name=f"S{n}", description="One.")
    answers = [api.write("POST", f"services/s{n}/events", message="Dark.", status="down") for n in range(OPEN_MOST + 1)]
    assert [answer.code for answer in answers] == [200] * OPEN_MOST + [400]
    again = api.write("POST", "services/s0/events", message="Still dark.", status="down")
    assert again.code == 200
    assert api.write("POST", "services/s0/events", message="Light.", status="up").code == 200
    assert api.write("POST", f"services/s{OPEN_MOST}/events", message="Dark.", status="down").code == 200


def test_a_posted_event_shows_on_the_page_and_up_takes_it_off(api: Api) -> None:
    assert api.write("POST", "services/web/events", message="Dark.", status="down").wrote
    (incident,) = api.store.page.public_incidents(10)
    assert (incident.origin, incident.updates[0].body) == (Origin.PERSON, "Dark.")
    assert {c.key: c.status.value for c in api.store.shown().components}["web"] == "major_outage"

    api.later()
    api.write("POST", "services/web/events", message="Light.", status="up")
    assert api.store.shown().open == ()
    assert api.store.page.public_incidents(10)[0].resolved_at == api.time


def test_without_a_status_an_event_has_the_current_ones_or_the_default(api: Api) -> None:
    first = api.write("POST", "services/web/events", message="Hello.")
    api.write("POST", "services/web/events", message="Dark.", status="down")
    third = api.write("POST", "services/web/events", message="Still.")

    assert [json.loads(answered.body)["status"]["id"] for answered in (first, third)] == ["up", "down"]


def test_events_come_newest_first_between_fuzzy_dates_that_both_count(api: Api) -> None:
    for message in ("one", "two", "three"):
        api.write("POST", "services/web/events", message=message)
        api.later()

    def between(query: str) -> list[str]:
        return [event["message"] for event in api.get(f"services/web/events?{query}")["events"]]

    assert between("") == ["three", "two", "one"]
    assert between("start=Apr+30+2026+12:01&end=2026-04-30T14:01:00%2B02:00") == ["two"]
    assert between("start=12:01pm") == ["three", "two"]
    assert between("end=30+April+2026") == []


def test_a_deleted_event_is_gone_and_told_with_an_error_that_is_none(api: Api) -> None:
    sid = json.loads(api.write("POST", "services/web/events", message="Hello.").body)["sid"]

    said = json.loads(api.write("DELETE", f"services/web/events/{sid}").body)
    assert (said["error"], said["code"], said["message"]["sid"]) == (False, 200, sid)
    assert api.get("services/web/events") == {"events": []}


def test_with_a_status_its_events_go(api: Api) -> None:
    api.write("POST", "services/web/events", message="Dark.", status="down")
    api.write("DELETE", "statuses/down")
    api.write("POST", "statuses", name="Down", description="Again.", image="cross-circle")

    assert api.get("services/web/events") == {"events": []}


def test_with_a_service_its_events_and_its_component_go(api: Api) -> None:
    api.write("POST", "services", name="Mail", description="Letters.")
    api.write("POST", "services/mail/events", message="Lost.", status="down")
    api.write("DELETE", "services/mail")
    assert [c.key for c in api.store.shown().components if c.added] == []
    api.write("POST", "services", name="Mail", description="Again.")

    assert api.get("services/mail/events") == {"events": []}
    assert api.store.shown().open == ()


def test_with_a_list_its_services_stand_in_none(api: Api) -> None:
    api.write("POST", "service-lists", name="Core", description="All that counts.")
    api.write("POST", "services", name="Mail", description="Letters.", list="core")
    api.write("POST", "services/web", list="core")
    api.write("DELETE", "service-lists/core")

    assert [service["list"] for service in api.get("services")["services"]] == [None] * 4


def test_a_new_default_takes_that_from_the_old_one(api: Api) -> None:
    api.write("POST", "statuses", name="Fine", description="All is well.", image="tick-circle", default="true")

    assert [s["id"] for s in api.get("statuses")["statuses"] if s["default"]] == ["fine"]


def test_a_renamed_service_keeps_its_slug_as_cabots_alert_needs_it(api: Api) -> None:
    """cabot-alert-stashboard: asks, creates by number, renames, posts to the number; sends a token of Pushover's."""
    secret = "azGDORePK8gMaC0QOYAMyEEuzJnyUi"
    assert api.send(Signed("GET", f"{HOST}/admin/api/v1/services/7", {})).code == 404
    assert api.write("POST", "services", name="7", description="Check.", token=secret).code == 201
    assert api.write("POST", "services/7", name="Shop", description="Check.").code == 200
    answered = api.write("POST", "services/7/events", message="Dark.", status="down", token=secret, user=secret)

    assert answered.code == 200
    assert api.get("services/7")["name"] == "Shop"
    assert secret not in answered.body + repr(api.store)


def test_stashboard_clients_sequence_sees_nothing_but_200(api: Api) -> None:
    """It reads the current event by a signed GET with its parameters in the query, then posts with them in the form."""
    api.write("POST", "services/web/events", message="Up.", status="up")

    read = api.signed("GET", "/admin/api/v1/services/web/events/current", "QUERY")
    assert api.send(read).code == 200
    assert api.write("POST", "services/web/events", "BODY", message="Dark.", status="down").code == 200


def test_a_nonce_does_not_pass_twice(api: Api) -> None:
    request = api.signed("POST", "/admin/api/v1/services/web/events", message="Dark.", status="down")

    assert [api.send(request).code, api.send(request).code] == [200, 403]
    assert len(api.get("services/web/events")["events"]) == 1


def test_a_wrong_signature_and_a_stale_one_are_told_apart_by_nobody(api: Api) -> None:
    request = api.signed("POST", "/admin/api/v1/services/web/events", message="Dark.", status="down")
    changed = api.send(replace(request, body=request.body + b"x"))
    api.later(10)
    stale = api.send(request)

    said = {"error": True, "code": 403, "message": "Authorization Failure"}
    assert json.loads(changed.body) == json.loads(stale.body) == said
    assert api.store.kept == {}


def test_jsonp_calls_back_and_nothing_else(api: Api) -> None:
    called = api.send(Signed("GET", f"{HOST}/api/v1/levels?callback=jQuery.cb_1", {}))
    assert called.body.startswith("jQuery.cb_1({")
    assert called.body.endswith(");")
    assert called.content_type == "application/javascript"

    missing = api.send(Signed("GET", f"{HOST}/api/v1/services/x?callback=cb", {}))
    assert (missing.code, missing.body[:4]) == (404, "cb({")
    for evil in ("alert(1)//", "%3Cscript%3E", "a" * 101, "a..b"):
        answered = api.send(Signed("GET", f"{HOST}/api/v1/levels?callback={evil}", {}))
        assert (answered.code, answered.content_type) == (400, "application/json")


def test_no_answer_holds_what_a_browser_could_run(api: Api) -> None:
    evil = "<script>alert('&')</script>\u2028"
    answered = api.write("POST", "services/web/events", message=evil)

    assert not set("<>&\u2028") & set(answered.body)
    assert json.loads(answered.body)["message"] == evil


def test_a_write_starts_afresh_when_others_wrote_first(api: Api) -> None:
    api.store.interruptions = [lambda: _rival(api)]

    api.write("POST", "services/web/events", message="Mine.")
    assert [event["message"] for event in api.get("services/web/events")["events"]] == ["Mine.", "Theirs."]


def test_it_gives_up_in_the_end(api: Api) -> None:
    def lose() -> None:
        raise Conflict("others wrote first")

    api.store.interruptions = [lose] * CONFLICTS_MAX
    with pytest.raises(Conflict, match="the client may try again"):
        api.write("POST", "services/web/events", message="Mine.")


@pytest.mark.parametrize(("body", "code"), [(b"x" * (BODY_MOST + 1), 413), (b"a=1&" * 200, 400)])
def test_a_body_beyond_measure_is_refused(api: Api, body: bytes, code: int) -> None:
    answered = api.send(Signed("POST", f"{HOST}/admin/api/v1/services", {"content-type": FORM}, body))

    assert answered.code == code


def test_a_message_beside_the_signature_of_an_empty_request_is_not_posted(api: Api) -> None:
    request = api.signed("POST", "/admin/api/v1/services/web/events")
    silent = {"authorization": request.headers["authorization"]}

    answered = api.send(Signed("POST", request.url, silent, b"status=down&message=Not+ours."))

    assert answered.code == 403
    assert api.get("services/web/events")["events"] == []


def test_there_are_not_more_services_than_one_item_holds(api: Api) -> None:
    for number in range(200):
        assert api.write("POST", "services", name=f"S{number}", description="One.").code == 201

    assert api.write("POST", "services", name="One more", description="One.").code == 400


@pytest.mark.parametrize(
    ("name", "slug"),
    [("My Web.Site_1", "my-web-site-1"), ("  a  b ", "a-b"), ("R&D", "rd"), ("Büro", "bro"), ("!", "")],
)
def test_a_slug_is_made_as_stashboard_made_it(name: str, slug: str) -> None:
    assert slugify(name) == slug


@pytest.mark.parametrize(
    ("status", "means"),
    [
        *zip(
            DEFAULTS, (ComponentStatus.MAJOR_OUTAGE, ComponentStatus.OPERATIONAL, ComponentStatus.DEGRADED), strict=True
        ),
        (Status("odd", "Odd", "", "information"), ComponentStatus.OPERATIONAL),
        (Status("odd", "Odd", "", "exclamation"), ComponentStatus.DEGRADED),
        (Status("odd", "Odd", "", "information", severity=40), ComponentStatus.PARTIAL_OUTAGE),
        (Status("odd", "Odd", "", "cross-circle", default=True), ComponentStatus.OPERATIONAL),
    ],
)
def test_a_status_means_what_its_name_its_level_or_its_icon_says(status: Status, means: ComponentStatus) -> None:
    assert status.means is means


def test_a_level_comes_of_the_hidden_severity() -> None:
    levels = [Status("a", "A", "", "x", severity=severity).level for severity in (10, 30, 40, 50, 60)]

    assert levels == [Level.NORMAL, Level.WARNING, Level.ERROR, Level.CRITICAL, Level.NORMAL]


def _rival(api: Api) -> None:
    api.write("POST", "services/web/events", message="Theirs.")
