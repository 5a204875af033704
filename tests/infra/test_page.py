"""The status page as deployed: private files, a distribution that outlives what is behind it, a copy elsewhere."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from defib.core.consistency import CALL_MOST
from defib.publish.page.html import content_security_policy
from defib.shell.page import LAYOUT_WITHIN
from infra.assembly import PAGE_COPY_STACK
from infra.bundle import ROOT
from infra.functions import SHAPES
from infra.synthesize import TEMPLATE, synthesize
from tests.infra.conftest import POLICY
from tests.infra.synthesized import Synthesized, listed


@pytest.fixture(scope="session")
def copy() -> Synthesized:
    """The stack in the second Region."""
    assembly = synthesize(POLICY, ROOT / "build" / "tests" / "cdk.out")
    return Synthesized.load(assembly, f"{PAGE_COPY_STACK}.template.json")


@pytest.fixture
def distribution(stack: Synthesized) -> Any:
    return stack.one("AWS::CloudFront::Distribution")["DistributionConfig"]


@pytest.fixture
def headers(stack: Synthesized) -> Any:
    return stack.one("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]


def test_the_files_are_private_encrypted_and_outlive_the_stack(stack: Synthesized, copy: Synthesized) -> None:
    for found, part in ((stack, "StatusPage"), (copy, "Files")):
        logical_id = found.id_of("AWS::S3::Bucket", part)
        bucket = found.of("AWS::S3::Bucket")[logical_id]
        assert all(bucket["PublicAccessBlockConfiguration"].values())
        assert "AES256" in json.dumps(bucket["BucketEncryption"])
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        kept = found.template["Resources"][logical_id]
        assert (kept["DeletionPolicy"], kept["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
        denials = found.one("AWS::S3::BucketPolicy", part)["PolicyDocument"]["Statement"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in [s.get("Condition") for s in denials]


def test_only_cloudfront_reads_them(stack: Synthesized, copy: Synthesized) -> None:
    for found, part, operator in ((stack, "StatusPage", "StringEquals"), (copy, "Files", "ArnLike")):
        allowed = [
            s for s in found.one("AWS::S3::BucketPolicy", part)["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"
        ]
        (only,) = allowed
        assert (only["Principal"], only["Action"]) == ({"Service": "cloudfront.amazonaws.com"}, "s3:GetObject")
        assert [key.lower() for key in only["Condition"][operator]] == ["aws:sourcearn"]


def test_readers_come_by_tls_only(distribution: Any) -> None:
    assert distribution["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert distribution["DefaultCacheBehavior"]["AllowedMethods"] == ["GET", "HEAD", "OPTIONS"]
    assert distribution["HttpVersion"] == "http2and3"


def test_when_the_first_region_does_not_answer_the_copy_is_shown(distribution: Any) -> None:
    (group,) = distribution["OriginGroups"]["Items"]
    origins = {origin["Id"]: json.dumps(origin["DomainName"]) for origin in distribution["Origins"]}
    first, second = (origins[member["OriginId"]] for member in group["Members"]["Items"])
    assert group["FailoverCriteria"]["StatusCodes"]["Items"] == [500, 502, 503, 504]
    assert "StatusPageFiles" in first
    assert "us-west-2" in second
    assert all(origin["OriginAccessControlId"] for origin in distribution["Origins"])


def test_nothing_from_elsewhere_runs_and_everyone_may_read(headers: Any) -> None:
    security = headers["SecurityHeadersConfig"]
    policy = json.dumps(security["ContentSecurityPolicy"]["ContentSecurityPolicy"])
    before, after = content_security_policy("API").split("API")
    assert json.dumps(before)[:-1] + '"' in policy
    assert policy.count("ApiEndpoint") == 1
    assert after in policy
    assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 365 * 24 * 3600
    assert security["FrameOptions"]["FrameOption"] == "DENY"
    assert "ContentTypeOptions" in security
    assert headers["CorsConfig"]["AccessControlAllowOrigins"] == {"Items": ["*"]}
    assert headers["CorsConfig"]["AccessControlAllowCredentials"] is False


def waits(distribution: Any) -> list[tuple[int, int]]:
    """Of each origin, seconds for a connection and for an answer."""
    return [
        (o["ConnectionAttempts"] * o["ConnectionTimeout"], o["S3OriginConfig"]["OriginReadTimeout"])
        for o in distribution["Origins"]
    ]


def test_a_reader_hardly_waits_for_a_region_that_does_not_answer(distribution: Any) -> None:
    assert waits(distribution) == [(3, 5), (6, 5)], "by default it is half a minute, and half a minute more"


def test_nor_for_the_only_region_before_the_page_that_is_kept_is_shown(tmp_path: Path) -> None:
    alone = re.sub(r"failover_region = .*\n", "", POLICY.read_text(encoding="utf-8"))
    (tmp_path / "policy.toml").write_text(alone, encoding="utf-8")
    stack = Synthesized.load(synthesize(tmp_path / "policy.toml", tmp_path / "out"), TEMPLATE)

    assert waits(stack.one("AWS::CloudFront::Distribution")["DistributionConfig"]) == [(3, 5)]


def test_what_is_named_once_in_an_account_is_named_for_its_region(stack: Synthesized, headers: Any) -> None:
    access = stack.one("AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"]
    assert headers["Name"] == access["Name"] == "Defib-status-page-us-east-1"
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")


def test_programs_in_other_pages_may_read_it_with_headers_of_their_own(
    stack: Synthesized, copy: Synthesized, distribution: Any
) -> None:
    for found, part in ((stack, "StatusPageFiles"), (copy, "Files")):
        (rule,) = found.one("AWS::S3::Bucket", part)["CorsConfiguration"]["CorsRules"]
        assert (rule["AllowedOrigins"], rule["AllowedHeaders"], rule["AllowedMethods"]) == (
            ["*"],
            ["*"],
            ["GET", "HEAD"],
        )
    cors_s3_origin = "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf"
    assert distribution["DefaultCacheBehavior"]["OriginRequestPolicyId"] == cors_s3_origin


def test_subscribers_have_a_topic_of_their_own_that_the_page_alone_speaks_on(stack: Synthesized) -> None:
    logical_id = stack.id_of("AWS::SNS::Topic", "Subscribers")
    (policy,) = [p for p in stack.of("AWS::SNS::TopicPolicy").values() if p["Topics"] == [{"Ref": logical_id}]]
    statements = policy["PolicyDocument"]["Statement"]
    (only,) = [s for s in statements if s.get("Sid") == "OnlyThePagePublishes"]
    assert only["Effect"] == "Deny"
    assert "HealingPageRole" in json.dumps(only["Condition"]["ArnNotEquals"])
    assert {"Bool": {"aws:SecureTransport": "false"}} in [s.get("Condition") for s in statements]
    assert logical_id not in json.dumps(list(stack.statements("publish")))


def test_the_form_may_subscribe_addresses_to_that_topic_and_count_them_and_nothing_else(stack: Synthesized) -> None:
    topic = {"Ref": stack.id_of("AWS::SNS::Topic", "Subscribers")}
    subscribing, counting = (s for s in stack.statements("subscribe") if "logs" not in json.dumps(s["Action"]))
    assert (subscribing["Action"], subscribing["Resource"]) == ("sns:Subscribe", topic)
    assert subscribing["Condition"] == {"StringEquals": {"sns:Protocol": "email"}}
    assert counting["Action"] == ["dynamodb:GetItem", "dynamodb:PutItem"]
    assert counting["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["SUBSCRIPTIONS"]}}


def test_the_form_is_throttled_by_itself_before_it_wakes_anything(stack: Synthesized) -> None:
    stage = stack.one("AWS::ApiGatewayV2::Stage", "StashboardApi")
    assert stage["RouteSettings"] == {"POST /subscribe": {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 5}}
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 10, "ThrottlingBurstLimit": 20}
    routes = {name: route["RouteKey"] for name, route in stack.of("AWS::ApiGatewayV2::Route").items()}
    ours = {key for name, key in routes.items() if name.startswith("StashboardApi")}
    assert ours == {"$default", "POST /subscribe"}


def test_the_api_logs_neither_headers_nor_queries_nor_bodies(stack: Synthesized) -> None:
    logged = json.loads(stack.one("AWS::ApiGatewayV2::Stage", "StashboardApi")["AccessLogSettings"]["Format"])
    assert not [name for name in logged if "uery" in name or "eader" in name or "ody" in name or "rror" in name]


def test_what_is_not_there_says_so(distribution: Any) -> None:
    pages = {(e["ErrorCode"], e["ResponseCode"], e["ResponsePagePath"]) for e in distribution["CustomErrorResponses"]}
    assert pages == {(403, 404, "/404.html"), (404, 404, "/404.html")}


def test_the_page_knows_its_own_address_and_both_its_places(stack: Synthesized) -> None:
    variables = stack.function("page")["Environment"]["Variables"]
    assert "DomainName" in json.dumps(variables["DEFIB_PAGE_URL"])
    assert "us-west-2" in json.dumps(variables["DEFIB_PAGE_COPY"])
    (granted,) = (s for s in stack.statements("page") if "s3:PutObject" in s["Action"])
    assert "us-west-2" in json.dumps(granted)
    assert "s3:Delete" not in json.dumps(stack.statements("page"))


def test_nothing_is_written_or_read_in_a_strangers_bucket_of_the_copys_name(stack: Synthesized) -> None:
    granted = [s for s in stack.statements("page") if "s3:" in json.dumps(s["Action"])]

    assert {action for s in granted for action in listed(s["Action"])} >= {"s3:PutObject", "s3:ListBucket"}
    for statement in granted:
        assert statement["Condition"] == {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_copy_has_the_name_that_the_first_stack_expects(stack: Synthesized, copy: Synthesized) -> None:
    name = copy.one("AWS::S3::Bucket")["BucketName"]
    assert name == stack.function("page")["Environment"]["Variables"]["DEFIB_PAGE_COPY"]


def kept_subscribers(found: Synthesized, stack: Synthesized) -> Any:
    """The statement that says who may write to them: of the same topic as in ``stack``, kept by CloudFormation."""
    topic = stack.id_of("AWS::SNS::Topic", "Subscribers")
    kept = found.template["Resources"][topic]
    assert (kept["DeletionPolicy"], kept["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    (policy,) = (p for p in found.of("AWS::SNS::TopicPolicy").values() if p["Topics"] == [{"Ref": topic}])
    (only,) = (s for s in policy["PolicyDocument"]["Statement"] if s.get("Sid") == "OnlyThePagePublishes")
    return only


def test_a_policy_without_a_page_deploys_none_but_keeps_its_subscribers_whom_nobody_writes_to(
    stack: Synthesized, tmp_path_factory: pytest.TempPathFactory
) -> None:
    policy = tmp_path_factory.mktemp("policy") / "defib.toml"
    policy.write_text(POLICY.read_text(encoding="utf-8").replace("enabled = true", "enabled = false"))
    assembly = synthesize(policy, ROOT / "build" / "tests" / "no-page")
    found = Synthesized.load(assembly, "Defib.template.json")
    assert not found.of("AWS::CloudFront::Distribution")
    assert not [f for f in found.of("AWS::Lambda::Function").values() if "page" in f["Handler"]]
    assert not [f for f in found.of("AWS::Lambda::Function").values() if "subscribe" in f["Handler"]]
    assert not [api for api in found.of("AWS::ApiGatewayV2::Api") if api.startswith("StashboardApi")]
    assert "DEFIB_PAGE_QUEUE" not in found.function("sweep")["Environment"]["Variables"]
    assert not list(assembly.glob(f"{PAGE_COPY_STACK}*"))
    only = kept_subscribers(found, stack)
    assert (only["Effect"], only["Action"], only.get("Condition")) == ("Deny", "sns:Publish", None)


def test_a_page_that_does_not_speak_stashboards_api_keeps_its_form_and_has_nothing_else_that_takes_writes(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    policy = tmp_path_factory.mktemp("policy") / "defib.toml"
    policy.write_text(POLICY.read_text(encoding="utf-8").replace("api = true", ""))
    found = Synthesized.load(synthesize(policy, ROOT / "build" / "tests" / "no-api"), "Defib.template.json")
    routes = {name: route["RouteKey"] for name, route in found.of("AWS::ApiGatewayV2::Route").items()}
    assert {key for name, key in routes.items() if name.startswith("StashboardApi")} == {"POST /subscribe"}
    stage = found.one("AWS::ApiGatewayV2::Stage", "StashboardApi")
    assert stage["RouteSettings"] == {"POST /subscribe": {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 5}}
    assert "ApiEndpoint" in json.dumps(found.function("page")["Environment"]["Variables"]["DEFIB_SUBSCRIBE_AT"])
    assert not [f for f in found.of("AWS::Lambda::Function").values() if "stashboard" in f["Handler"]]
    assert not [s for s in found.of("AWS::SecretsManager::Secret") if "Stashboard" in s]
    assert not {name for name in found.template["Outputs"] if "Stashboard" in name}


def test_a_page_that_takes_neither_addresses_nor_writes_has_no_http_api(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    policy = tmp_path_factory.mktemp("policy") / "defib.toml"
    text = POLICY.read_text(encoding="utf-8").replace("api = true", "").replace("subscribe = true", "")
    policy.write_text(text)
    found = Synthesized.load(synthesize(policy, ROOT / "build" / "tests" / "files-only"), "Defib.template.json")
    assert found.of("AWS::CloudFront::Distribution")
    assert not [api for api in found.of("AWS::ApiGatewayV2::Api") if api.startswith("StashboardApi")]
    assert "form-action 'none'" in json.dumps(found.one("AWS::CloudFront::ResponseHeadersPolicy"))


def test_a_page_to_which_nobody_may_subscribe_has_no_form_and_no_grant_and_keeps_its_subscribers(
    stack: Synthesized, tmp_path_factory: pytest.TempPathFactory
) -> None:
    policy = tmp_path_factory.mktemp("policy") / "defib.toml"
    policy.write_text(POLICY.read_text(encoding="utf-8").replace("subscribe = true", "subscribe = false"))
    found = Synthesized.load(synthesize(policy, ROOT / "build" / "tests" / "no-mail"), "Defib.template.json")
    assert "HealingPageRole" in json.dumps(kept_subscribers(found, stack)["Condition"])
    assert "SubscribersTopic" not in found.template["Outputs"]
    assert not [f for f in found.of("AWS::Lambda::Function").values() if "subscribe" in f["Handler"]]
    assert "sns:Publish" not in json.dumps(found.statements("page"))
    variables = found.function("page")["Environment"]["Variables"]
    assert not {"DEFIB_SUBSCRIBERS_TOPIC", "DEFIB_SUBSCRIBE_AT"} & set(variables)
    headers = found.one("AWS::CloudFront::ResponseHeadersPolicy")
    assert "form-action 'none'" in json.dumps(headers)


def test_the_forms_route_stays_without_the_form_since_its_setting_on_the_stage_does_too(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    policy = tmp_path_factory.mktemp("policy") / "defib.toml"
    policy.write_text(POLICY.read_text(encoding="utf-8").replace("subscribe = true", "subscribe = false"))
    found = Synthesized.load(synthesize(policy, ROOT / "build" / "tests" / "no-mail"), "Defib.template.json")
    (route,) = (r for r in found.of("AWS::ApiGatewayV2::Route").values() if r["RouteKey"] == "POST /subscribe")
    _, integration = route["Target"]["Fn::Join"][1]
    (taker, _) = found.of("AWS::ApiGatewayV2::Integration")[integration["Ref"]]["IntegrationUri"]["Fn::GetAtt"]
    assert found.of("AWS::Lambda::Function")[taker]["Handler"] == "defib.handlers.stashboard.lambda_handler"
    assert set(found.one("AWS::ApiGatewayV2::Stage", "StashboardApi")["RouteSettings"]) == {"POST /subscribe"}


def test_a_turn_that_puts_as_long_as_it_may_ends_before_the_next_is_due_and_before_its_function() -> None:
    """One document that hangs, in both of its calls, and the note of how far it has come that does so, too."""
    assert timedelta(minutes=1) > LAYOUT_WITHIN
    assert timedelta(seconds=SHAPES["page"].timeout_s) > LAYOUT_WITHIN + 3 * CALL_MOST
