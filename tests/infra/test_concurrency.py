"""Room for Defib's functions: a new account may have less than they take when several instances fail at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from defib.aws.clients import client
from defib.core.policy import Calls
from infra import answers, stashboard
from infra.concurrency import at_once, scarce
from infra.functions import SHAPES
from tests.aws.fleet import Overlay
from tests.infra.synthesized import Synthesized

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

HERE = "eu-west-1"


def account(**laid: Any) -> tuple[LambdaClient, Overlay]:
    made = client("lambda", Calls(attempts=1), HERE)
    return made, Overlay(**laid).lay_over(made)


def with_room(free: int, limit: int = 0) -> LambdaClient:
    limits = {"UnreservedConcurrentExecutions": free, "ConcurrentExecutions": limit or free}
    return account(answers={"GetAccountSettings": {"AccountLimit": limits}})[0]


def test_it_takes_as_many_as_its_queues_and_http_apis_let_and_one_sweep(stack: Synthesized) -> None:
    fed = sum(shape.concurrency or 0 for shape in SHAPES.values())

    assert at_once(stack.template) == fed + 1 + stashboard.BURST + answers.BURST


def test_where_whoever_calls_may_take_all_the_room_it_is_said(stack: Synthesized) -> None:
    fed = sum(shape.concurrency or 1 for shape in SHAPES.values())

    assert scarce(with_room(fed + answers.BURST), HERE, stack.template) != ""


def test_where_there_is_room_for_all_nothing_is_said(stack: Synthesized) -> None:
    assert scarce(with_room(at_once(stack.template)), HERE, stack.template) == ""


@pytest.mark.parametrize(("free", "limit", "wanted"), [(10, 10, "1000"), (10, 1_500, "1588")], ids=["new", "reserved"])
def test_where_there_is_not_it_is_said_with_the_command_that_asks_for_more(
    stack: Synthesized, free: int, limit: int, wanted: str
) -> None:
    said = scarce(with_room(free, limit), HERE, stack.template)

    assert said.startswith(
        "Lambda in eu-west-1 has room for 10 functions at once, and Defib's alone may be 88 "
        "when much fails and many call:"
    )
    assert said.endswith(f"--quota-code L-B99A9384 --desired-value {wanted} --region eu-west-1")


def test_who_may_not_ask_is_told_how_much_room_it_takes(stack: Synthesized) -> None:
    refused, _ = account(refusals={"GetAccountSettings": "AccessDeniedException"})

    said = scarce(refused, HERE, stack.template)

    assert said.startswith("Whether Lambda in eu-west-1 has room for Defib's 88 functions at once could not be asked")
    assert "AccessDeniedException" in said


def test_nothing_is_asked_of_a_stack_without_functions() -> None:
    asking, asked = account()

    assert scarce(asking, HERE, {"Resources": {}}) == scarce(asking, HERE, {}) == ""
    assert asked.calls == []
