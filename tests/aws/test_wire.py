"""Defib's own messages between its functions, as JSON: read strictly, and what is wrong with one is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from defib.aws.wire import encode, notice_in, order_in, shift_in
from defib.core.case import Action
from defib.core.effect import Perform
from defib.shell.ports import Malformed
from tests.aws.cases import WEB_1


@pytest.mark.parametrize(
    ("read", "body", "wrong"),
    [
        (order_in, "", "truncated"),
        (order_in, "{}", "missing required field `case_id`"),
        (
            order_in,
            json.dumps({"case_id": "x-1", "instance_id": WEB_1, "attempt": 1, "action": "terminate"}),
            "terminate",
        ),
        (
            order_in,
            json.dumps({"case_id": "x-1", "instance_id": "x", "attempt": 1, "action": "stop"}),
            "no instance id",
        ),
        (order_in, json.dumps({"case_id": "x-1", "instance_id": WEB_1, "attempt": "1", "action": "stop"}), "attempt"),
        (order_in, " " * 300_000, "at most 262144"),
        (shift_in, "[]", "got `array`"),
        (shift_in, '{"load_balancer": "x", "zone": "a", "move": "stop", "ordered_at": "2026-04-30T12:00:00Z"}', "stop"),
        (notice_in, "[]", "got `array`"),
        (notice_in, '{"incident_id": "web", "sequence": 1}', "no incident id"),
        (notice_in, '{"incident_id": "web-7", "sequence": 1.5}', "sequence"),
        (notice_in, '{"incident_id": "web-7", "sequence": 1, "way": "oncall"}', "like 'oncall sns'"),
        (notice_in, '{"incident_id": "web", "sequence": 1, "way": "oncall sns"}', "no incident id"),
    ],
)
def test_a_malformed_order_or_notice_says_what_is_wrong(read: Any, body: str, wrong: str) -> None:
    with pytest.raises(Malformed) as error:
        read(body)

    assert wrong in str(error.value)


def test_the_wire_carries_plain_json() -> None:
    assert json.loads(encode(Perform(f"{WEB_1}-1", WEB_1, 3, Action.FORCE_STOP))) == {
        "case_id": f"{WEB_1}-1",
        "instance_id": WEB_1,
        "attempt": 3,
        "action": "force_stop",
    }
