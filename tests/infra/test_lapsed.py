"""A deploy that CloudFormation is bound to fail is refused before it begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from defib.core.policy import Calls
from infra.lapsed import refuse_lapsed
from infra.operator_error import OperatorError
from tests.aws.fleet import Overlay

HERE, ADA, BOB = "eu-west-1", "ada@defib.test", "bob@defib.test"


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield


def template(contact: str = "oncall", endpoints: tuple[str, ...] = (ADA, BOB)) -> dict[str, Any]:
    resources: dict[str, Any] = {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "Defib-Incidents"}}}
    for endpoint in endpoints:
        properties = {
            "Protocol": "email",
            "TopicArn": {"Ref": "Topic"},
            "Endpoint": endpoint,
            "FilterPolicy": {"contact": [contact]},
        }
        resources[name(endpoint)] = {"Type": "AWS::SNS::Subscription", "Properties": properties}
    return {"Resources": resources}


@pytest.fixture
def deploying(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Deploys over what is there, and of which one address has been unsubscribed."""

    def deploying(after: dict[str, Any], lost: str = ADA, refusals: dict[str, str] | None = None) -> None:
        sns: Any = boto3.client("sns", region_name=HERE)
        cloudformation: Any = boto3.client("cloudformation", region_name=HERE)
        summaries = [{"LogicalResourceId": name(one), "PhysicalResourceId": arn} for one, arn in subscribed(sns, lost)]
        answers: dict[str, dict[str, Any]] = {
            "GetTemplate": {"TemplateBody": template()},
            "ListStackResources": {"StackResourceSummaries": summaries},
        }
        Overlay(answers=answers, refusals=refusals or {}).lay_over(cloudformation)
        clients = {("cloudformation", HERE): cloudformation, ("sns", HERE): sns}
        monkeypatch.setattr("defib.aws.clients.client", lambda service, calls, region: clients[service, region])
        refuse_lapsed("Defib", after, Calls(), HERE)

    return deploying


def subscribed(sns: Any, lost: str) -> Iterator[tuple[str, str]]:
    topic = sns.create_topic(Name="Defib-Incidents")["TopicArn"]
    for endpoint in (ADA, BOB):
        arn = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=endpoint)["SubscriptionArn"]
        if endpoint == lost:
            sns.unsubscribe(SubscriptionArn=arn)
        yield endpoint, arn


def name(endpoint: str) -> str:
    return endpoint.partition("@")[0]


def test_an_address_that_is_lost_and_whose_contact_is_renamed_is_named_with_what_to_do(
    deploying: Callable[..., None],
) -> None:
    with pytest.raises(OperatorError, match=f"SNS has no subscription of {ADA} any more.*Take them out of defib.toml"):
        deploying(template("ops"))


@pytest.mark.parametrize(
    ("after", "lost"),
    [
        (template(), ADA),
        (template("ops"), ""),
        (template("ops", (BOB,)), ADA),
        (template("ops", (BOB, "new@defib.test")), ADA),
    ],
    ids=["it does not change", "it is there", "it is taken out", "another takes its place"],
)
def test_any_other_deploy_goes_on(deploying: Callable[..., None], after: dict[str, Any], lost: str) -> None:
    deploying(after, lost)


@pytest.mark.parametrize("refused", ["GetTemplate", "ListStackResources"])
def test_so_does_the_first_deploy_and_one_by_whoever_may_not_ask(deploying: Callable[..., None], refused: str) -> None:
    deploying(template("ops"), refusals={refused: "AccessDenied"})
