"""What docs/operations.md says of alarms, logs, rights and what a stack leaves is what template and code have."""

from __future__ import annotations

import ast
import re
import shlex
from typing import Any

import jmespath
import pytest
from botocore import xform_name
from botocore.session import get_session

from defib.aws import reach
from infra import answers, stashboard
from infra.bundle import ROOT
from infra.functions import FOLLOWER, SHAPES
from infra.signals import RECEIVES, RECEIVES_IN_ORDER
from tests.infra.synthesized import Synthesized
from tests.operations import PAGE, SECTIONS, blocks, quoted, rows

ALARMS = "What does an alarm about Defib itself mean?"
LOG = "AWS::Logs::LogGroup"
HASH = re.compile(r"[0-9A-F]{8}$")
OF_ANOTHER_PAGE = "Defib-WatchTurnsNAMEBacklog"
"""What tests/infra/test_elsewhere.py looks after."""
ASKS_OF_THE_DEPLOYER = ("concurrency", "kept_switch", "lapsed", "left_to_do", "texts")
SERVICES = ("cloudformation", "lambda", "sns", "ssm")
"""That those modules ask."""


def named(stack: Synthesized, name: str, kind: str) -> set[str]:
    """The resources of that kind as CloudFormation names them, without what it makes up."""
    return {f"{name}-{HASH.sub('', logical_id)}" for logical_id in stack.of(kind)}


def alarms(stack: Synthesized, name: str) -> set[str]:
    return {alarm for alarm in named(stack, name, "AWS::CloudWatch::Alarm") if f"{name}-Watch" in alarm}


def logs(stack: Synthesized, name: str) -> set[str]:
    """The log groups by how their names begin; those that the template names, by all of it."""
    given = {logical_id: log.get("LogGroupName") for logical_id, log in stack.of(LOG).items()}
    begun = {f"{name}-{HASH.sub('', logical_id)}" for logical_id, called in given.items() if called is None}
    return begun | {called for called in given.values() if isinstance(called, str)}


def test_each_alarm_about_defib_itself_has_a_row(stack: Synthesized, tower: Synthesized) -> None:
    there = alarms(stack, "Defib") | alarms(tower, "DefibWatchtower")
    told = [alarm for row in rows(ALARMS) for alarm in quoted(row[0])]

    assert sorted(told) == sorted(there | {OF_ANOTHER_PAGE})


@pytest.mark.parametrize("row", rows(ALARMS), ids=lambda row: quoted(row[0])[0])
def test_each_row_names_logs_that_there_are_and_what_is_written_there(
    row: list[str], stack: Synthesized, tower: Synthesized
) -> None:
    there = logs(stack, "Defib") | logs(tower, "DefibWatchtower") | {"Defib-HealingElsewhereNAMELog"}
    quotes = quoted(row[2])

    assert [q for q in quotes if q not in (there if q.startswith(("Defib", "/")) else written())] == []
    assert any(quote in there for quote in quotes) or "](#" in row[2]


def test_an_alarm_on_a_queue_or_a_function_leads_to_the_log_of_that_function(stack: Synthesized) -> None:
    look = {alarm: quoted(row[2]) for row in rows(ALARMS) for alarm in quoted(row[0])}
    led = {}
    for logical_id, alarm in stack.of("AWS::CloudWatch::Alarm").items():
        function = function_of(alarm, stack)
        if logical_id.startswith("Watch") and function:
            log = stack.of("AWS::Lambda::Function")[function]["LoggingConfig"]["LogGroup"]["Ref"]
            led[f"Defib-{HASH.sub('', logical_id)}"] = f"Defib-{HASH.sub('', log)}"

    assert len(led) == len([row for row in led if row.endswith(("Age", "Backlog"))]) == 5
    assert {alarm: log for alarm, log in led.items() if log not in look[alarm]} == {}


def function_of(alarm: dict[str, Any], stack: Synthesized) -> str:
    """The function that the alarm is about, or that the queue feeds which it is about; empty for any other alarm."""
    about = {dimension["Name"]: dimension["Value"] for dimension in alarm.get("Dimensions", ())}
    if "FunctionName" in about:
        return str(about["FunctionName"]["Ref"])
    queue = about.get("QueueName", {}).get("Fn::GetAtt", [""])[0]
    fed = stack.of("AWS::Lambda::EventSourceMapping").values()
    return next((str(m["FunctionName"]["Ref"]) for m in fed if queue == m["EventSourceArn"]["Fn::GetAtt"][0]), "")


def written() -> set[str]:
    """Every text in the code of the functions."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "functions").rglob("*.py")]
    constants = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def resources(stack: Synthesized) -> dict[str, Any]:
    """The stack as ``list-stack-resources`` shows it."""
    found = stack.template["Resources"].items()
    shown = [
        {"LogicalResourceId": key, "ResourceType": body["Type"], "PhysicalResourceId": key.lower()}
        for key, body in found
    ]
    return {"StackResourceSummaries": shown}


def query(section: str, command: str) -> str:
    """What ``--query`` says in the section's command."""
    (line,) = (line for block in blocks(SECTIONS[section]) for line in block.splitlines() if command in line)
    words = shlex.split(line.replace("$(", "").removesuffix(")"))
    return words[words.index("--query") + 1]


@pytest.mark.parametrize("function", ["Publish", "Page"])
def test_what_silences_a_function_finds_what_feeds_it_and_nothing_else(stack: Synthesized, function: str) -> None:
    said = query("How do I silence it?", "list-stack-resources").replace("HealingPublish", f"Healing{function}")

    (found,) = jmespath.search(said, resources(stack))

    assert f"Healing{function}" in SECTIONS["How do I silence it?"]
    (mapping,) = (m for key, m in stack.of("AWS::Lambda::EventSourceMapping").items() if key.lower() == found)
    assert f"Healing{function}Function" in mapping["FunctionName"]["Ref"]


def test_the_names_of_all_that_outlives_the_stack_are_listed_before_it_goes(stack: Synthesized) -> None:
    kept = {
        key
        for key, body in stack.template["Resources"].items()
        if str(body.get("DeletionPolicy", "")).startswith("Retain")
    }
    listed = jmespath.search(query("How do I take it down?", "list-stack-resources"), resources(stack))

    assert len(kept) == 5
    assert kept <= {logical_id for logical_id, _ in listed}


def test_the_table_of_rights_has_every_call_that_a_deploy_makes_with_ones_own_credentials() -> None:
    told = {action for row in rows("Which rights does a deploy need?") for action in quoted(row[1])}
    known = {
        xform_name(operation): f"{service}:{operation}"
        for service in SERVICES
        for operation in get_session().get_service_model(service).operation_names
    }
    called = {known[name] for module in ASKS_OF_THE_DEPLOYER for name in calls(module) if name in known}

    asked = {action for permission in reach.PERMISSIONS for action in permission.actions}
    assert told == asked | called | {"sms-voice:DescribePhoneNumbers"}


def calls(module: str) -> set[str]:
    """The methods that it calls, and the operations that it has paginated."""
    tree = ast.parse((ROOT / "infra" / f"{module}.py").read_text(encoding="utf-8"))
    made = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    paginated = {str(word.value) for call in made for word in call.args if isinstance(word, ast.Constant)}
    return {call.func.attr for call in made if isinstance(call.func, ast.Attribute)} | paginated


def test_it_says_how_many_functions_may_run_at_once() -> None:
    fed = sum(shape.concurrency for shape in SHAPES.values() if shape.concurrency)
    called = f"up to {stashboard.BURST} by the page's API and {answers.BURST} by links"

    said = f"may run {fed} at once, and {FOLLOWER.concurrency} for each other page; one more runs by the clock, and"
    assert f"{said} for whoever calls {called}" in " ".join(SECTIONS["What does a new account lack?"].split())


def test_it_says_how_often_a_message_is_tried() -> None:
    times = ("never", "once", "twice", "three times", "four times", "five times")
    said = f"{times[RECEIVES]}, or {times[RECEIVES_IN_ORDER].removesuffix(' times')} in a queue that keeps an order"
    page = " ".join(PAGE.split())

    assert said in page
    assert f"throttled {times[RECEIVES]}" in page
