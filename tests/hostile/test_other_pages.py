"""Other pages' answers: whatever they send back is what their API promises or Unanswered, in a line without secrets."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from defib.publish.channels import cachet, instatus, stashboard, statuspage
from defib.publish.channels.http import ANSWER_MOST, SAID_MAX, Answer, Http
from defib.shell.elsewhere import Slower
from defib.shell.ports import CallFailed, Unanswered
from sim.internet import Response
from tests.fakes import FakeClock
from tests.hostile.strategies import BOUNDED, DEEP, LINEAR, NASTY, TEXTS, growth, shows, tampered
from tests.publish.channels.loopback import Loopback
from tests.publish.channels.pair import CALLS, LOCAL

SHAPES: tuple[Any, ...] = (
    cachet.One,
    cachet.Many,
    instatus.Made,
    instatus.There,
    list[instatus.There],
    stashboard.Event,
    stashboard.Events,
    stashboard.ServiceThere,
    statuspage.There,
    list[statuspage.There],
)
SAMPLES = (
    '{"id": "1", "name": "web", "status": "resolved", "started": "2026-04-30T12:00:00Z", "updates": [{"id": "2"}]}',
    '{"data": {"id": "1", "type": "incidents", "attributes": {"message": "m", "status": {"value": 1}}}}',
    '{"events": [{"sid": "1", "message": "m", "timestamp": "x", "status": {"id": "up"}, "url": "u"}]}',
)
SECRET = "s3cret-key"


def read(body: bytes) -> None:
    for shape in SHAPES:
        try:
            Answer(200, {}, body).read(shape, "looking")
        except Unanswered as error:
            shows(error)


@BOUNDED
@given(tampered(SAMPLES).map(str.encode) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary())
@example(b'{"id": "\xff"}')
@example(b'{"id": "1", "x": ' + b"[" * DEEP)
@example(b'[{"id": "1", "x": ' + b'{"a":' * DEEP)
@example(b"1" * 5_000)
def test_any_answer_is_what_was_promised_or_unanswered(body: bytes) -> None:
    read(body)


@BOUNDED
@given(TEXTS)
@example("Mon, 01 Jan 99999999999999999999 0:0:0 GMT")
@example("1 Jan 2020 0:0:0 +99999999999999999999")
@example("Mon, 01 Jan 9999 23:00:00 -2359")
@example("²")
def test_how_long_it_wants_to_be_left_alone_is_a_time_or_not_known(said: str) -> None:
    refusal = Http("https://status.example.com", CALLS, FakeClock())._refusal(
        Answer(429, {"retry-after": said}, b""), "telling", ()
    )
    assert isinstance(refusal, Slower)
    assert refusal.after is None or refusal.after >= timedelta(0)


@BOUNDED
@given(st.sampled_from((301, 400, 403, 404, 429, 500)), TEXTS, TEXTS)
def test_what_a_refusal_says_is_one_short_line_without_a_secret(status: int, before: str, after: str) -> None:
    body = (before + SECRET + after).encode("utf-8", "replace")
    refusal = Http("https://status.example.com", CALLS, FakeClock())._refusal(
        Answer(status, {}, body), "telling", (SECRET,)
    )
    assert refusal is not None
    shows(refusal, SAID_MAX + 60)
    assert SECRET not in str(refusal)


def test_an_answer_without_end_is_cut_off() -> None:
    clock = FakeClock()
    huge = Response(200, b"x" * (ANSWER_MOST + 1))
    with Loopback(lambda _: huge, clock.now) as page, pytest.raises(Unanswered, match="longer than"):
        Http(page.address, CALLS, clock, LOCAL).call("GET", "/", "looking", headers={}, secrets=())


def test_twice_the_answer_is_at_most_twice_the_work_whether_it_is_read_or_refused() -> None:
    http = Http("https://status.example.com", CALLS, FakeClock())

    def answered(size: int) -> None:
        read(b"[" + b", ".join([SAMPLES[0].encode()] * size) + b"]")
        read(b'{"data": [' + b", ".join([SAMPLES[1].encode()] * size) + b"]}")
        http._refusal(Answer(500, {"retry-after": "9" * size}, b"<p>\n" * size), "telling", (SECRET,))

    assert growth(answered, 500) <= LINEAR


@pytest.mark.parametrize("hostile", [text for text in NASTY if "\n" in text])
def test_no_line_break_gets_into_a_header(hostile: str) -> None:
    clock, seen = FakeClock(), []

    def heard(request: Any) -> Response:
        seen.append(request)
        return Response(200)

    with Loopback(heard, clock.now) as page, suppress(CallFailed):
        headers = {"Authorization": f"Bearer {hostile}"}
        Http(page.address, CALLS, clock, LOCAL).call("GET", "/", "looking", headers=headers, secrets=(hostile,))
    assert not seen
