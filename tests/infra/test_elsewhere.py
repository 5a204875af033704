"""The pages that follow, as deployed: each with a function, a queue, alarms and a secret of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.bundle import ROOT
from infra.cost import costs
from infra.synthesize import TEMPLATE, synthesize
from tests.infra.conftest import POLICY
from tests.infra.synthesized import Properties, Statement, Synthesized, listed
from tests.infra.test_permissions import ON_ITEMS, may
from tests.operations import quoted, rows

FOLLOWERS = """
[page.elsewhere.atlassian]
kind = "statuspage"
secret = "defib/statuspage"
page_id = "kctbh9vrtdwd"
components = { web = "8kbf7d35c070" }

[page.elsewhere.chat]
kind = "webhook"
secret = "defib/chat"
url = "https://chat.example.com/hooks/status"
"""
SECRETS = {"atlassian": "defib/statuspage", "chat": "defib/chat"}


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    policy = tmp_path_factory.mktemp("policy") / "defib.toml"
    policy.write_text(POLICY.read_text(encoding="utf-8") + FOLLOWERS)
    return Synthesized.load(synthesize(policy, ROOT / "build" / "tests" / "following"), TEMPLATE)


def function(stack: Synthesized, name: str) -> Properties:
    found = stack.of("AWS::Lambda::Function").values()
    (one,) = (f for f in found if f.get("Environment", {}).get("Variables", {}).get("DEFIB_OTHER_PAGE") == name)
    return one


def statements(stack: Synthesized, name: str) -> list[Statement]:
    (role, _) = function(stack, name)["Role"]["Fn::GetAtt"]
    return stack.roles()[role]


def queue(stack: Synthesized, name: str) -> str:
    (mapping,) = (
        m
        for m in stack.of("AWS::Lambda::EventSourceMapping").values()
        if stack.of("AWS::Lambda::Function")[m["FunctionName"]["Ref"]] == function(stack, name)
    )
    logical_id: str = mapping["EventSourceArn"]["Fn::GetAtt"][0]
    return logical_id


def reaches(statement: Statement, service: str) -> bool:
    return any(action.startswith(f"{service}:") for action in listed(statement["Action"]))


def test_without_other_pages_nothing_is_deployed_for_them(stack: Synthesized) -> None:
    assert not [f for f in stack.of("AWS::Lambda::Function").values() if "elsewhere" in f["Handler"]]
    assert "DEFIB_OTHER_PAGE_QUEUES" not in stack.function("page")["Environment"]["Variables"]
    assert not [line for line in costs(stack.template) if "other pages" in line.what]


@pytest.mark.parametrize("name", SECRETS)
def test_each_reads_its_own_secret_and_no_other(following: Synthesized, name: str) -> None:
    (reading,) = (s for s in statements(following, name) if reaches(s, "secretsmanager"))
    assert reading["Action"] == "secretsmanager:GetSecretValue"
    assert json.dumps(reading["Resource"]).endswith(f':secret:{SECRETS[name]}-??????"]]}}')
    assert function(following, name)["Environment"]["Variables"]["DEFIB_OTHER_PAGE_SECRET"] == SECRETS[name]


@pytest.mark.parametrize("name", SECRETS)
def test_each_may_touch_the_table_its_queue_and_the_notices_and_nothing_else(following: Synthesized, name: str) -> None:
    services = {action.partition(":")[0] for s in statements(following, name) for action in listed(s["Action"])}
    assert services == {"dynamodb", "logs", "secretsmanager", "sqs"}
    sending = (s for s in statements(following, name) if "sqs:SendMessage" in listed(s["Action"]))
    to = {arn["Fn::GetAtt"][0] for s in sending for arn in listed(s["Resource"])}
    assert to == {queue(following, name), following.id_of("AWS::SQS::Queue", "SignalsNoticesQueue")}


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("key", ["INSTANCE#i-0abc", "STACK", "SERVICE#web", "STASHBOARD", "LINK#a", "CONTACT#ann"])
def test_each_may_not_touch_what_is_not_the_pages(following: Synthesized, name: str, key: str) -> None:
    assert not [action for action in ON_ITEMS if may(statements(following, name), action, key)]


@pytest.mark.parametrize("key", ["PAGE", "HEARTBEAT", "SERVICE#page:atlassian"])
def test_each_may_write_what_it_remembers_its_notices_and_its_sign_of_life(following: Synthesized, key: str) -> None:
    assert all(may(statements(following, name), "PutItem", key) for name in SECRETS)


def test_each_has_a_queue_of_its_own_with_its_own_dead_letters(following: Synthesized) -> None:
    queues = {name: queue(following, name) for name in SECRETS}
    assert len(set(queues.values())) == len(SECRETS)
    letters = set()
    for name, logical_id in queues.items():
        properties: Any = following.of("AWS::SQS::Queue")[logical_id]
        letters.add(properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0])
        assert properties["VisibilityTimeout"] > function(following, name)["Timeout"]
        assert "FifoQueue" not in properties, "a FIFO queue puts off no single message"
    (letters_of_all,) = letters
    assert letters_of_all.startswith("SetAsideDeadLetters")


@pytest.mark.parametrize("name", SECRETS)
def test_each_may_ask_itself_for_one_turn_after_the_other(following: Synthesized, name: str) -> None:
    assert function(following, name)["RecursiveLoop"]["Fn::If"][1] == "Allow"


@pytest.mark.parametrize("name", SECRETS)
def test_each_is_watched(following: Synthesized, name: str) -> None:
    alarms = following.of("AWS::CloudWatch::Alarm")
    named = {key: alarm["MetricName"] for key, alarm in alarms.items() if name in key.lower()}
    assert sorted(named.values()) == ["ApproximateNumberOfMessagesVisible"]


def test_the_page_hands_on_to_all_of_them(following: Synthesized) -> None:
    told = following.function("page")["Environment"]["Variables"]["DEFIB_OTHER_PAGE_QUEUES"]
    assert [ref["Ref"] for ref in told["Fn::Join"][1] if isinstance(ref, dict)] == [
        queue(following, name) for name in SECRETS
    ]


def test_it_says_what_they_cost(following: Synthesized) -> None:
    lines = {line.what: line.usd for line in costs(following.template)}
    assert lines["2 other pages, 43,200 turns each"] < 0.10
    own = len(following.of("AWS::SecretsManager::Secret"))
    assert lines[f"{own + 2} secrets"] == pytest.approx(0.40 * (own + 2))


def test_its_alarm_and_its_log_are_called_as_operations_md_says(following: Synthesized) -> None:
    (row,) = (row for row in rows("What does an alarm about Defib itself mean?") if "NAME" in row[0])
    for kind, name in (("AWS::CloudWatch::Alarm", quoted(row[0])[0]), ("AWS::Logs::LogGroup", quoted(row[2])[0])):
        prefix = name.removeprefix("Defib-").replace("NAME", "atlassian")

        assert [logical_id for logical_id in following.of(kind) if logical_id.startswith(prefix)] != []
