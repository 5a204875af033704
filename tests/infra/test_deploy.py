"""What ``make deploy`` tells the operator before and after."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from unittest.mock import Mock

import boto3
import pytest
from aws_cdk import Aws
from moto import mock_aws

from defib.core.page.settings import PageSettings
from defib.core.parse import parse
from defib.core.policy import Contact, Policy, Service, Tag
from defib.core.watchtower import WatchtowerSettings
from infra import deploy as deploying
from infra import synthesize as synthesizing
from infra.bundle import ROOT, Target
from infra.cost import costs, creates, extras
from infra.deploy import EMPTY, REGION_VARIABLES, configured_region, failed, summary, warnings, where_it_goes
from infra.operator_error import OperatorError
from infra.page import copy_name
from tests.infra.synthesized import Synthesized


def policy(*contacts: Contact) -> Policy:
    return Policy(Tag("self-heal", "true"), (Service("web", {"service": ("web",)}),), contacts)


@pytest.mark.parametrize("command", [deploying, synthesizing], ids=["deploy", "synth"])
def test_what_is_deployed_and_shown_goes_along_with_bytecode(
    monkeypatch: pytest.MonkeyPatch, command: ModuleType
) -> None:
    asked: list[Target] = []

    def synthesize(policy: Path, outdir: Path, target: Target) -> Path:
        asked.append(target)
        raise OperatorError("enough")

    monkeypatch.setattr(command, "synthesize", synthesize)
    monkeypatch.setattr(sys, "argv", ["command"])
    with pytest.raises(SystemExit, match="enough"):
        command.main()

    assert [target.compiled for target in asked] == [True]


def test_it_says_in_plain_words_what_will_be_created(stack: Synthesized) -> None:
    assert creates(stack.template) == (
        "1 CloudFront distribution, 18 CloudWatch alarms, 1 DynamoDB table, 7 EventBridge rules, 11 IAM roles, "
        "9 Lambda functions, 2 S3 buckets, 11 SNS subscriptions, 4 SNS topics, 8 SQS queues, 15 log groups, 1 schedule"
    )


def test_it_says_what_a_month_costs_with_and_without_the_free_tier(stack: Synthesized) -> None:
    lines = {line.what: line for line in costs(stack.template)}
    text = "\n".join(summary(stack.template))

    assert lines["15 alarms"].usd == pytest.approx(1.50)
    assert lines["15 alarms"].free == pytest.approx(1.00)
    assert lines["2 alarms of high resolution, on silence"].usd == pytest.approx(0.60)
    assert lines["2 secrets"].usd == pytest.approx(0.80)
    assert lines["1.9 million requests to queues, most of them polls"].usd == pytest.approx(0.778, abs=0.001)
    assert lines["1.4 million to queues in order, as well"].usd == pytest.approx(0.713, abs=0.001)
    assert lines["527,040 reads of the table"].usd < 0.07
    assert lines["43,200 sweeps"].usd < 0.25
    assert lines["the status page, 43,200 looks and 8,640 renewals"].usd < 0.45  # and its copy
    assert lines["3 custom metrics"].usd == pytest.approx(0.90)
    assert lines["43,200 canaries of the watchtower"].usd < 1.10
    assert f"${sum(line.usd for line in lines.values()):.2f}, or $" in text
    assert "us-east-1, November 2026" in text


def test_questions_to_load_balancers_between_sweeps_are_priced_where_there_are_any(stack: Synthesized) -> None:
    without, few, many = (list(costs(stack.template, asks)) for asks in (0, 5, 50))
    lines = {line.what: line for line in (*few, *many)}

    assert lines["216,000 questions to load balancers"].usd == pytest.approx(0.33, abs=0.01)
    assert lines["2,160,000 questions to load balancers"].usd == pytest.approx(3.26, abs=0.01)
    assert len(without) == len(few) - 1
    assert "216,000 questions to load balancers" in "\n".join(summary(stack.template, asks=5))


def test_the_fleet_alarm_is_priced_by_instance_and_only_when_it_is_there(stack: Synthesized) -> None:
    without = {
        "Resources": {k: v for k, v in stack.template["Resources"].items() if not k.startswith("DetectionFleetAlarm")}
    }

    assert any("$0.10 for each running instance" in line for line in extras(stack.template))
    assert not any("each running instance" in line for line in extras(without))
    assert [line.what for line in costs(without)] == [line.what for line in costs(stack.template)]


def test_what_strangers_may_cost_by_the_stashboard_api_is_said_only_where_there_is_one(stack: Synthesized) -> None:
    resources = stack.template["Resources"].items()
    without = {"Resources": {k: v for k, v in resources if not k.startswith("HealingStashboardFunction")}}

    (said,) = (line for line in extras(stack.template) if "Stashboard API" in line)
    assert "10 times a second all month" in said
    assert 200 < int(said.split("$")[1].split()[0]) < 300
    assert not any("Stashboard API" in line for line in extras(without))


@pytest.mark.parametrize(
    ("contact", "named"),
    [
        (Contact("oncall", email=("oncall@example.com",)), "oncall@example.com"),
        (Contact("oncall", email=("me@mail.example.org",)), "me@mail.example.org"),
        (Contact("oncall", sms=("+12025550123",)), "+12025550123"),
        (Contact("oncall", https=("https://events.example.com/defib",)), "https://events.example.com/defib"),
    ],
)
def test_an_address_that_reaches_nobody_is_pointed_out(contact: Contact, named: str) -> None:
    assert f"addresses in defib.toml that reach nobody: {named}." in "\n".join(warnings(policy(contact), "defib.toml"))


@pytest.mark.parametrize(
    "contact",
    [
        Contact("oncall", email=("ops@examples.com",), sms=("+4915112345678",)),
        Contact("oncall", https=("https://events.pagerduty.com/example.com",)),
        Contact("oncall", chat=True),
    ],
    ids=["people", "machine", "chat"],
)
def test_real_addresses_pass_without_a_word(contact: Contact) -> None:
    assert list(warnings(policy(contact), "defib.toml")) == []


def test_a_policy_that_tells_nobody_is_pointed_out() -> None:
    assert "nobody will be told" in "\n".join(warnings(policy(), "defib.toml"))


def test_a_page_with_an_examples_words_is_pointed_out() -> None:
    shipped = parse((ROOT / "defib.toml").read_text(encoding="utf-8"))
    own = PageSettings(enabled=True, title="Acme CI", support_url="https://acme.test/help")

    text = "\n".join(warnings(shipped, "defib.toml"))

    assert (
        'page.title = "Example CI", page.support_url = "https://www.example.com/support", '
        'services.web.page.description = "Everything under www.example.com." in defib.toml.'
    ) in text
    for page in (replace(shipped.page, enabled=False), own):
        quiet = replace(shipped, page=page, services=shipped.services[1:])
        assert "status page" not in "\n".join(warnings(quiet, "defib.toml"))


def test_the_watchtower_is_told_of_and_paid_for_too(stack: Synthesized, tower: Synthesized) -> None:
    text = "\n".join(summary(stack.template, tower.template))

    assert (
        "And, for the watchtower in another Region: 1 CloudWatch alarm, 1 DynamoDB table, 2 IAM roles, "
        "1 Lambda function, 10 SNS subscriptions, 2 SNS topics, 1 log group, 1 schedule."
    ) in text
    assert "43,200 looks" in text


WATCHED = replace(policy(), watchtower=WatchtowerSettings(region="us-west-2", primary_region="us-east-1"))


def test_a_deploy_to_a_region_that_the_watchtower_does_not_watch_is_refused() -> None:
    said = r'says Region eu-west-1.*primary_region = "eu-west-1".*AWS_REGION=us-east-1'
    with pytest.raises(OperatorError, match=said):
        where_it_goes(WATCHED, "eu-west-1")


COPIED = replace(policy(), page=PageSettings(enabled=True, failover_region="us-west-2"))


def test_a_deploy_to_the_region_of_the_pages_copy_is_refused() -> None:
    with pytest.raises(OperatorError, match=r"us-west-2, and so does page\.failover_region"):
        where_it_goes(COPIED, "us-west-2")


@pytest.mark.parametrize(
    ("region", "why"),
    [("us-gov-west-1", "has no CloudFront"), ("cn-northwest-1", "under an address of its own")],
    ids=["GovCloud", "China"],
)
def test_a_page_is_refused_before_anything_is_deployed_where_the_region_can_not_have_one(region: str, why: str) -> None:
    said = rf"{why}. To deploy Defib to {region}, do without it: \[page\] enabled = false"
    with pytest.raises(OperatorError, match=said):
        where_it_goes(replace(policy(), page=PageSettings(enabled=True)), region)
    where_it_goes(replace(policy(), page=PageSettings(enabled=False)), region)


@pytest.mark.parametrize(
    ("deployed", "configured"),
    [(COPIED, "us-east-1"), (COPIED, ""), (replace(COPIED, page=replace(COPIED.page, enabled=False)), "us-west-2")],
)
def test_a_deploy_elsewhere_or_without_a_page_is_not(deployed: Policy, configured: str) -> None:
    where_it_goes(deployed, configured)


def test_after_a_failure_it_says_what_no_page_would_cost_whoever_has_one() -> None:
    assert "only where no page was deployed before" in failed(policy())


def test_after_a_failure_it_says_how_to_delete_the_copy_that_an_earlier_stack_has_left_where_there_is_one() -> None:
    assert "ACCOUNT-us-west-2" in failed(COPIED)
    assert "somebody else's: name another Region" in failed(COPIED)
    assert "ACCOUNT" not in failed(policy())


def test_that_command_which_the_manual_has_too_deletes_a_bucket_with_all_its_versions() -> None:
    command = EMPTY.format(region="us-west-2")
    name = copy_name("us-west-2").replace(Aws.ACCOUNT_ID, "ACCOUNT")
    bucket = name.lower()
    assert EMPTY.format(region="REGION") in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert f'"{name}"' in command
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-west-2")
        there = s3.list_buckets()["Buckets"]
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for _ in range(2):
            s3.put_object(Bucket=bucket, Key="index.html", Body=b"page")
        s3.delete_object(Bucket=bucket, Key="index.html")
        exec(command.split("'")[1].replace(name, bucket))
        assert s3.list_buckets()["Buckets"] == there


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "us-west-2"}, "us-west-2"),
        ({"AWS_DEFAULT_REGION": "us-west-2", "AWS_REGION": "us-east-1"}, "us-east-1"),
    ],
)
def test_the_region_is_the_one_that_the_cdk_cli_goes_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], region: str
) -> None:
    profile = tmp_path / "config"
    profile.write_text("[default]\nregion = eu-west-1\n")
    for name in REGION_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(profile))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert configured_region() == region


def test_a_profile_that_is_not_there_is_named_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in REGION_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_PROFILE", "gone")

    with pytest.raises(OperatorError, match=r"profile \(gone\) could not be found.*AWS_PROFILE"):
        configured_region()


@pytest.mark.parametrize("key", ["", "AKIAIOSFODNN7EXAMPLE"])
def test_after_a_failure_without_credentials_it_says_that_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, key)
    shipped = synthesizing.synthesize(ROOT / "defib.toml", ROOT / "build" / "tests" / "shipped")
    monkeypatch.setattr(deploying, "synthesize", lambda *_: shipped)
    monkeypatch.setattr(deploying, "_kill_switch", lambda *_: Mock(**{"deploy.return_value": 1}))
    monkeypatch.setattr(sys, "argv", ["deploy"])

    assert deploying.main() == 1
    said = capsys.readouterr().out
    assert ("holds no credentials" in said) is not bool(key)
    assert ("make bootstrap" in said) is bool(key)


def test_a_deploy_ends_with_what_the_policy_may_not_mean(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shipped = synthesizing.synthesize(ROOT / "defib.toml", ROOT / "build" / "tests" / "shipped")
    (tmp_path / "cdk.out").symlink_to(shipped)
    (tmp_path / "outputs.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(deploying, "synthesize", lambda *_: tmp_path / "cdk.out")
    monkeypatch.setattr(deploying, "refuse_lapsed", lambda *_: None)
    monkeypatch.setattr(deploying, "_kill_switch", lambda *_: Mock(**{"deploy.return_value": 0}))
    monkeypatch.setattr(sys, "argv", ["deploy"])

    assert deploying.main() == 0

    *_, deployed, heading, remark = capsys.readouterr().out.splitlines()
    assert (deployed, heading) == ("Deployed. Every address can be reached.", "See whether defib.toml means this:")
    assert remark.startswith("  Service web names no target_groups.")


def test_whoever_ends_it_by_hand_gets_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(deploying, "_deploy", ended)

    try:
        status = deploying.main()
    except KeyboardInterrupt:
        pytest.fail("it gets one")
    assert status == 128 + signal.SIGINT


@pytest.mark.parametrize(("given", "region"), [(WATCHED, "us-east-1"), (WATCHED, ""), (policy(), "eu-west-1")])
def test_any_other_deploy_goes_on(given: Policy, region: str) -> None:
    where_it_goes(given, region)
