"""Each path and method of Stashboard's API with the code of its own handlers (twilio/stashboard 1.5.1)."""

from __future__ import annotations

import json

import pytest

from defib.stashboard.oauth import Signed
from tests.stashboard.signing import HOST, Api

NEW = {"name": "Forty Two", "description": "Answers."}
STATUS = {"name": "Odd", "description": "Hm.", "image": "information"}


@pytest.fixture
def api() -> Api:
    """With a service ``added`` in a list ``core``, a status ``spare``, and one event of ``web`` and of ``added``."""
    api = Api()
    api.write("POST", "service-lists", name="Core", description="All that counts.")
    api.write("POST", "services", name="Added", description="Was added.", list="core")
    api.write("POST", "statuses", name="Spare", description="Unused.", image="plus_alt")
    api.write("POST", "services/web/events", message="Down it is.", status="down")
    api.write("POST", "services/added/events", message="Hello.")
    return api


READS = [
    ("services", 200),
    ("services/web", 200),
    ("services/nobody", 404),
    ("services/web/events", 200),
    ("services/web/events?start=2026-04-30&end=tomorrowish", 400),
    ("services/web/events?start=nonsense", 400),
    ("services/nobody/events", 404),
    ("services/web/events/current", 200),
    ("services/api/events/current", 404),
    ("services/nobody/events/current", 404),
    ("services/web/events/00000003", 200),
    ("services/web/events/00000004", 404),
    ("services/web/events/nonsense", 404),
    ("services/nobody/events/00000003", 404),
    ("statuses", 200),
    ("statuses/up", 200),
    ("statuses/nothing", 404),
    ("service-lists", 200),
    ("service-lists/core", 200),
    ("service-lists/nothing", 404),
    ("levels", 200),
    ("status-images", 200),
    ("nothing", 404),
    ("services/web/nothing", 404),
]

WRITES: list[tuple[str, str, dict[str, str], int]] = [
    ("POST", "services", NEW, 201),
    ("POST", "services", NEW | {"list": "core"}, 201),
    ("POST", "services", NEW | {"list": "nothing"}, 400),
    ("POST", "services", {"name": "Added", "description": "Again."}, 404),
    ("POST", "services", {"name": "Web", "description": "Is the policy's."}, 404),
    ("POST", "services", {"name": "Forty Two"}, 400),
    ("POST", "services", {"description": "Answers."}, 400),
    ("POST", "services", {"name": "!!!", "description": "Has no slug."}, 400),
    ("POST", "services", {"name": "x" * 81, "description": "Is too long."}, 400),
    ("POST", "services/added", {"name": "Other"}, 200),
    ("POST", "services/added", {}, 200),
    ("POST", "services/added", {"list": ""}, 200),
    ("POST", "services/added", {"list": "nothing"}, 400),
    ("POST", "services/web", {"list": "core"}, 200),
    ("POST", "services/web", {"name": "Not by the API"}, 400),
    ("POST", "services/nobody", {"name": "Other"}, 404),
    ("DELETE", "services/added", {}, 200),
    ("DELETE", "services/web", {}, 400),
    ("DELETE", "services/nobody", {}, 404),
    ("PUT", "services", {}, 405),
    ("DELETE", "services", {}, 405),
    ("POST", "services/web/events", {"message": "Dark.", "status": "down"}, 200),
    ("POST", "services/web/events", {"message": "Still.", "informational": "true"}, 200),
    ("POST", "services/web/events", {"status": "down"}, 400),
    ("POST", "services/web/events", {"message": "Hm.", "status": "nothing"}, 404),
    ("POST", "services/nobody/events", {"message": "Hm.", "status": "down"}, 404),
    ("POST", "services/web/events/current", {"message": "Hm."}, 405),
    ("DELETE", "services/web/events/00000003", {}, 200),
    ("DELETE", "services/web/events/00000099", {}, 404),
    ("DELETE", "services/nobody/events/00000003", {}, 404),
    ("POST", "statuses", STATUS, 201),
    ("POST", "statuses", STATUS | {"default": "true"}, 201),
    ("POST", "statuses", STATUS | {"default": "perhaps"}, 400),
    ("POST", "statuses", STATUS | {"name": "Up"}, 400),
    ("POST", "statuses", STATUS | {"image": "nothing"}, 400),
    ("POST", "statuses", {"name": "Odd", "description": "Hm."}, 400),
    ("POST", "statuses/spare", {"description": "Used."}, 200),
    ("POST", "statuses/spare", {"image": "nothing"}, 400),
    ("POST", "statuses/nothing", {"name": "Other"}, 404),
    ("DELETE", "statuses/spare", {}, 200),
    ("DELETE", "statuses/nothing", {}, 404),
    ("POST", "service-lists", NEW, 201),
    ("POST", "service-lists", {"name": "Core", "description": "Again."}, 404),
    ("POST", "service-lists", {"name": "Forty Two"}, 400),
    ("POST", "service-lists/core", {"name": "Other"}, 200),
    ("POST", "service-lists/nothing", {"name": "Other"}, 404),
    ("DELETE", "service-lists/core", {}, 200),
    ("DELETE", "service-lists/nothing", {}, 404),
    ("POST", "levels", {}, 405),
    ("POST", "status-images", {}, 405),
    ("POST", "nothing", {}, 404),
]


@pytest.mark.parametrize("mount", ["/api", "/admin/api"])
@pytest.mark.parametrize(("path", "code"), READS)
def test_reads_answer_anybody_with_the_code_of_the_original(api: Api, mount: str, path: str, code: int) -> None:
    answered = api.send(Signed("GET", f"{HOST}{mount}/v1/{path}", {}))

    assert (answered.code, answered.content_type) == (code, "application/json")
    if code != 200:
        said = json.loads(answered.body)
        assert (said["error"], said["code"]) == (True, code)
        assert said["message"]


@pytest.mark.parametrize(("method", "path", "fields", "code"), WRITES)
def test_signed_writes_answer_with_the_code_of_the_original(
    api: Api, method: str, path: str, fields: dict[str, str], code: int
) -> None:
    assert api.write(method, path, **fields).code == code


METHODS = {
    "services": "POST",
    "services/added": "POST DELETE",
    "services/added/events": "POST",
    "services/added/events/current": "",
    "services/added/events/00000004": "DELETE",
    "statuses": "POST",
    "statuses/spare": "POST DELETE",
    "service-lists": "POST",
    "service-lists/core": "POST DELETE",
    "levels": "",
    "status-images": "",
}
"""What writes to each path; all else is not supported."""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", METHODS)
def test_every_path_takes_its_own_methods_and_says_405_to_all_others(api: Api, path: str, method: str) -> None:
    answered = api.write(method, path)
    public = api.send(Signed(method, f"{HOST}/api/v1/{path}", {}))

    assert (answered.code == 405) == (method not in METHODS[path].split())
    if answered.code == 405:
        assert json.loads(answered.body) == {"error": True, "code": 405}
    assert json.loads(public.body) == {"error": True, "code": 405, "message": "Method not supported"}


@pytest.mark.parametrize("mount", ["/api", "/admin/api"])
@pytest.mark.parametrize(("path", "code"), READS)
def test_every_read_calls_back_by_jsonp_with_the_same_code(api: Api, mount: str, path: str, code: int) -> None:
    plain = api.send(Signed("GET", f"{HOST}{mount}/v1/{path}", {}))
    called = api.send(Signed("GET", f"{HOST}{mount}/v1/{path}{'&' if '?' in path else '?'}callback=cb", {}))

    assert (called.code, called.content_type) == (code, "application/javascript")
    assert called.body == f"cb({plain.body});"


@pytest.mark.parametrize("path", METHODS)
def test_head_answers_as_get_does(api: Api, path: str) -> None:
    assert api.send(Signed("HEAD", f"{HOST}/api/v1/{path}", {})).code == 200


def test_level_tweet_and_what_else_clients_send_along_is_ignored_and_kept_nowhere(api: Api) -> None:
    secret = "azGDORePK8gMaC0QOYAMyEEuzJnyUi"
    along = {"level": "CRITICAL", "tweet": "true", "token": secret, "user": "7", "severity": "50"}
    status = json.loads(api.write("POST", "statuses", **STATUS, **along).body)
    event = json.loads(api.write("POST", "services/web/events", message="Hm.", **along).body)

    assert (status["level"], set(event)) == (
        "NORMAL",
        {"sid", "timestamp", "status", "message", "url", "informational"},
    )
    assert secret not in repr(api.store)


def test_default_statuses_and_levels_are_the_originals(api: Api) -> None:
    found = [s for s in api.get("statuses")["statuses"] if s["id"] != "spare"]

    assert [(s["name"], s["id"], s["default"], s["level"], s["image"].rsplit("/", 1)[1]) for s in found] == [
        ("Down", "down", False, "NORMAL", "cross-circle.svg"),
        ("Up", "up", True, "NORMAL", "tick-circle.svg"),
        ("Warning", "warning", False, "NORMAL", "exclamation.svg"),
    ]


@pytest.mark.parametrize(
    ("written", "counts"),
    [
        ("start=2026-04-30T12:00:00Z&end=Thu, 30 Apr 2026 12:00:00 GMT", True),
        ("start=30 April 2026 noon", False),
        ("start=April 30, 2026 12pm&end=2026/04/30 12:00", True),
        ("start=2026-04-30 14:00 +02:00&end=12:00", True),
        ("start=2026-05-01", False),
        ("end=Apr 29", False),
        ("start=", True),
    ],
)
def test_dates_are_fuzzy_and_both_ends_count(api: Api, written: str, counts: bool) -> None:
    query = written.replace("+", "%2B").replace(" ", "+").replace(",", "%2C")
    answered = api.send(Signed("GET", f"{HOST}/api/v1/services/web/events?{query}", {}))

    if "noon" in written:
        assert (answered.code, json.loads(answered.body)["message"][:14]) == (400, "Invalid Date: ")
    else:
        assert [event["message"] for event in json.loads(answered.body)["events"]] == ["Down it is."] * counts


@pytest.mark.parametrize(("method", "path", "fields", "code"), [w for w in WRITES if w[3] not in (404, 405)])
def test_nobody_writes_unsigned_or_by_the_public_mount(
    api: Api, method: str, path: str, fields: dict[str, str], code: int
) -> None:
    before = api.store.board()

    assert api.send(Signed(method, f"{HOST}/admin/api/v1/{path}", {})).code == 403
    assert api.send(api.signed(method, f"/api/v1/{path}", **fields)).code == 405
    assert api.store.board() == before


def test_put_is_told_of_without_a_message_and_the_public_mount_with_one(api: Api) -> None:
    assert json.loads(api.write("PUT", "services").body) == {"error": True, "code": 405}
    refused = api.send(Signed("POST", f"{HOST}/api/v1/services", {}))
    assert json.loads(refused.body) == {"error": True, "code": 405, "message": "Method not supported"}


@pytest.mark.parametrize("path", ["services", "services/web", "statuses/up", "levels"])
def test_another_version_is_not_supported(api: Api, path: str) -> None:
    answered = api.send(Signed("GET", f"{HOST}/api/foo/{path}", {}))

    assert answered.code == 404
    assert json.loads(answered.body)["message"] == "API Version foo not supported"


@pytest.mark.parametrize(("path", "code"), [("nothing", 404), ("/", 404), ("/api/v1", 404)])
def test_what_is_no_path_of_the_api_is_not_found(api: Api, path: str, code: int) -> None:
    assert api.send(Signed("GET", f"{HOST}{path if path[0] == '/' else '/' + path}", {})).code == code
