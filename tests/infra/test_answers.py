"""Answering by a link as deployed: one path, throttled, logged without the link, and rights to almost nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jmespath

from infra.answers import LOGGED
from infra.bundle import ROOT
from infra.functions import SHAPES
from infra.synthesize import synthesize
from tests.infra.conftest import POLICY
from tests.infra.synthesized import Synthesized, listed

DOC = (ROOT / "docs" / "answering.md").read_text(encoding="utf-8")


def statement(stack: Synthesized, action: str) -> list[dict[str, object]]:
    return [s for s in stack.statements("answer") if action in listed(s["Action"])]


def test_only_the_path_of_a_link_leads_to_the_function(stack: Synthesized) -> None:
    api = stack.id_of("AWS::ApiGatewayV2::Api", "Answers")
    routes = [r for r in stack.of("AWS::ApiGatewayV2::Route").values() if r["ApiId"] == {"Ref": api}]

    assert [(route["RouteKey"], route["AuthorizationType"]) for route in routes] == [("ANY /a/{token}", "NONE")]


def test_the_documented_question_names_the_function_that_closes_the_door(stack: Synthesized) -> None:
    (query,) = re.findall(r'^  "(StackResourceSummaries.+)"\)$', DOC, re.MULTILINE)
    resources = {name: body["Type"] for name, body in stack.template["Resources"].items()}
    listed = [
        {"LogicalResourceId": name, "ResourceType": kind, "PhysicalResourceId": name}
        for name, kind in resources.items()
    ]

    (found,) = jmespath.search(query, {"StackResourceSummaries": listed})

    assert stack.template["Resources"][found]["Properties"]["Handler"] == "defib.handlers.answer.lambda_handler"
    # DescribeStackResources says no more than a hundred (CloudFormation API); this stack has more.
    assert "list-stack-resources --stack-name Defib" in DOC


def test_requests_are_throttled(stack: Synthesized) -> None:
    settings = stack.one("AWS::ApiGatewayV2::Stage", "Answers")["DefaultRouteSettings"]

    assert settings == {"ThrottlingBurstLimit": 50, "ThrottlingRateLimit": 10}


def test_the_access_log_holds_no_link(stack: Synthesized) -> None:
    logged = json.loads(stack.one("AWS::ApiGatewayV2::Stage", "Answers")["AccessLogSettings"]["Format"])

    assert set(logged) == set(LOGGED)
    assert not [name for name in logged if "path" in name.lower() or "uri" in name.lower() or "token" in name.lower()]


def test_it_waits_for_the_function_no_longer_than_that_may_run(stack: Synthesized) -> None:
    integration = stack.one("AWS::ApiGatewayV2::Integration", "Answers")

    assert integration["TimeoutInMillis"] == 24_000
    assert stack.function("answer")["Timeout"] == 25


def test_the_function_writes_only_how_links_have_been_used(stack: Synthesized) -> None:
    writing = [s for action in ("PutItem", "UpdateItem") for s in statement(stack, f"dynamodb:{action}")]

    assert [s["Condition"] for s in writing] == 2 * [{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["LINK#*"]}}]
    for action in ("DeleteItem", "BatchWriteItem", "Scan", "Query", "PartiQLUpdate"):
        assert statement(stack, f"dynamodb:{action}") == []


def test_the_function_reads_only_what_it_shows(stack: Synthesized) -> None:
    keys = [s["Condition"]["ForAllValues:StringLike"] for s in statement(stack, "dynamodb:GetItem")]  # type: ignore[index]

    assert keys == [
        {"dynamodb:LeadingKeys": ["INSTANCE#*", "MANY#*", "SERVICE#*"]},
        {"dynamodb:LeadingKeys": ["LINK#*"]},
    ]


def test_the_function_says_what_people_answer_and_nothing_else_that_an_operator_may_say(stack: Synthesized) -> None:
    (saying,) = statement(stack, "events:PutEvents")

    only_answers = {"events:source": ["defib.operator"], "events:detail-type": ["Approval"]}
    assert saying["Condition"] == {"ForAllValues:StringEquals": only_answers}
    assert ':event-bus/default"' in json.dumps(saying["Resource"])


def test_the_function_can_neither_touch_instances_nor_tell_people_nor_read_events(stack: Synthesized) -> None:
    services = {action.partition(":")[0] for s in stack.statements("answer") for action in listed(s["Action"])}

    assert services == {"dynamodb", "events", "logs", "secretsmanager"}


def test_the_secret_is_made_at_deploy_and_nothing_may_write_it(stack: Synthesized) -> None:
    secret = stack.one("AWS::SecretsManager::Secret", "Answers")

    assert secret["GenerateSecretString"] == {"ExcludePunctuation": True, "PasswordLength": 64}
    for function in SHAPES:
        granted = {action for s in stack.statements(function) for action in listed(s["Action"])}
        assert {a for a in granted if a.startswith("secretsmanager:")} <= {"secretsmanager:GetSecretValue"}


def test_without_it_nothing_of_it_is_deployed(tmp_path: Path) -> None:
    policy = tmp_path / "defib.toml"
    policy.write_text(POLICY.read_text(encoding="utf-8").replace("[answers]\nenabled = true", ""), encoding="utf-8")
    found = Synthesized.load(synthesize(policy, ROOT / "build" / "tests" / "no-answers"), "Defib.template.json")

    assert not [name for name in found.template["Resources"] if name.startswith("Answers")]
    assert not [f for f in found.of("AWS::Lambda::Function").values() if "answer" in f["Handler"]]
    assert "DEFIB_ANSWERS_URL" not in found.function("publish")["Environment"]["Variables"]
