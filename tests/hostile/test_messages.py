"""Defib's own messages, should anybody else put some on its queues: what is in them, or Malformed."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given

from defib.aws import untrusted, wire
from defib.shell.ports import Malformed
from tests.hostile.strategies import BOUNDED, LINEAR, TEXTS, bombs, growth, places, put, shows, steps, tampered

INSTANCE = "i-0a1b2c3d4e5f60001"
NOTICE = json.dumps({"incident_id": "web-7", "sequence": 1})
ORDER = json.dumps({"case_id": f"{INSTANCE}-1", "instance_id": INSTANCE, "attempt": 1, "action": "stop"})
SHIFT = json.dumps(
    {"load_balancer": "app/web/50dc", "zone": "use1-az1", "move": "start", "ordered_at": "2026-04-30T12:00:00Z"}
)
CANARY = json.dumps({"sent_at": "2026-04-30T12:00:00Z"})
TURN = json.dumps({"change": "web-7-1"})
RELEASE = (Path(__file__).parents[1] / "events" / "publish-draft.json").read_text()
UNTOLD = json.dumps({"incident_id": "web-7", "sequence": 1, "way": "oncall chat"})
DUE = json.dumps({"contact": "oncall", "at": "2026-04-30T12:00:00Z"})
SAMPLES = (NOTICE, UNTOLD, DUE, ORDER, SHIFT, CANARY, TURN, RELEASE)

READERS: tuple[Callable[[str], object], ...] = (
    wire.shift_in,
    wire.order_in,
    wire.canary_in,
    wire.digest_in,
    wire.notice_in,
    wire.turn_of,
    wire.turn_in,
)


def read(body: str) -> None:
    for reader in READERS:
        try:
            found = reader(body)
        except Malformed as error:
            shows(error)
            continue
        if isinstance(found, wire.NoticeReference | wire.Untold):
            assert found.incident_id.isascii()
            assert found.incident_id.isprintable()
            assert 0 <= found.sequence <= wire.NUMBER_MAX
        if isinstance(found, wire.Untold):
            assert found.way.isascii()
            assert found.way.isprintable()
        if isinstance(found, wire.DigestDue):
            assert found.contact.isascii()
            assert found.contact.isprintable()
        if isinstance(found, wire.Release):
            assert 0 <= found.incident <= wire.NUMBER_MAX


@BOUNDED
@given(tampered(SAMPLES) | TEXTS)
@example(put(CANARY, ("sent_at",), '"0001-01-01T00:00:00+23:59"'))
@example(put(NOTICE, ("sequence",), "9" * 4_000))
@example(put(NOTICE, ("sequence",), "-5"))
@example(put(NOTICE, ("incident_id",), '"a#b\\n-7"'))
@example(put(NOTICE, ("incident_id",), '"web-\u0663"'))
@example(put(RELEASE, ("detail", "incident"), "-" + "1" * 31))
@example(put(DUE, ("contact",), '"on call\\u0000"'))
@example(put(ORDER, ("attempt",), "1" * 400))
@example(put(ORDER, ("case_id",), json.dumps("x" * 200_000)))
def test_a_tampered_message_is_read_within_bounds_or_malformed(body: str) -> None:
    read(body)


@pytest.mark.parametrize("sample", SAMPLES)
def test_brackets_without_end_are_malformed(sample: str) -> None:
    for body in bombs(sample):
        for reader in READERS:
            with pytest.raises(Malformed):
                reader(body)


def test_what_defib_writes_itself_is_read_back() -> None:
    assert wire.notice_in(NOTICE) == wire.NoticeReference("web-7", 1)
    assert wire.notice_in(UNTOLD) == wire.Untold("web-7", 1, "oncall chat")
    assert wire.notice_in(put(NOTICE, ("incident_id",), '"zone:us-east-1a-12"')).sequence == 1
    assert wire.order_in(ORDER).attempt == 1


@pytest.mark.parametrize("reader", READERS)
def test_what_is_longer_than_any_message_is_not_read(reader: Callable[[str], object]) -> None:
    def refused() -> None:
        with pytest.raises(Malformed, match=f"at most {untrusted.BODY_MAX} are read"):
            reader(" " * (untrusted.BODY_MAX + 1))

    assert steps(refused) < 2_000


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("reader", READERS)
def test_a_message_of_twice_as_much_takes_at_most_twice_the_work(reader: Callable[[str], object], sample: str) -> None:
    def readings(size: int) -> None:
        more = {f"unknown{number}": {"a": [number]} for number in range(size)}
        for value in (sample, put(sample, places(json.loads(sample))[0], '"' + "a" * size + '"')):
            with suppress(Malformed):
                reader(json.dumps({**json.loads(value), **more}))

    assert growth(readings, 2_000) <= LINEAR
