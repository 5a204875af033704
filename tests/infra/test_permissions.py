from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk.aws_dynamodb import Attribute, AttributeType, TableV2

from defib.aws import drain, queues, resize, restore, zonal_shift
from defib.aws.permission import Scope
from defib.core.parse import parse
from defib.core.target_group_check import TARGET_GROUPS_MOST
from infra import assembly
from infra.bundle import ROOT, Target
from infra.functions import SHAPES
from infra.operator_error import OperatorError
from infra.permissions import Resources
from infra.role_room import ROLE_MOST, sizes
from infra.synthesize import TEMPLATE, synthesize
from sim.iam import Request, allowed_by, parse_statement
from tests.infra.conftest import POLICY
from tests.infra.synthesized import Statement, Synthesized, listed

READS = r"(ssm|ec2|elasticloadbalancing|autoscaling|cloudwatch):"
READS_WITHOUT_RESOURCE = re.compile(READS + r"(Describe(?!InstanceAttribute)\w+|Get\w+Data|List\w+)")
ABOUT_SMS = {
    "sns:CheckIfPhoneNumberIsOptedOut",
    "sns:GetSMSAttributes",
    "sns:GetSMSSandboxAccountStatus",
    "sns:ListSMSSandboxPhoneNumbers",
}
"""Reads of the account's SMS, for which SNS knows no resource."""
THROUGH_SNS = {
    "sms-voice:DescribeAccountAttributes",
    "sms-voice:DescribeOptedOutNumbers",
    "sms-voice:DescribeSpendLimits",
    "sms-voice:DescribeVerifiedDestinationNumbers",
}
"""What SNS passes on of them."""
POWER_OVER_INSTANCES = {
    "ec2:ModifyInstanceAttribute",
    "ec2:RebootInstances",
    "ec2:StartInstances",
    "ec2:StopInstances",
}
POWER_OVER_CHECKS = {
    "ec2:DisableApplicationStatusCheckSuppression",
    "ec2:EnableApplicationStatusCheckSuppression",
}
POWER_OVER_GROUPS = {"autoscaling:EnterStandby", "autoscaling:ExitStandby", "autoscaling:SetInstanceHealth"}
POWER_OVER_TARGETS = {"elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"}
KEY = Attribute(name="pk", type=AttributeType.STRING)
UNTRUSTED_TEXT = {"ec2:GetConsoleOutput", "ec2:GetConsoleScreenshot"}
QUEUE_CONSUMER = {
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
}
SUBSCRIBERS = {"DEFIB_SUBSCRIBERS_TOPIC": "StatusPageSubscribersTopic"}
PAGE_BUCKET = {"DEFIB_PAGE_BUCKET": "StatusPageFilesBucket"}
STASHBOARD_SECRET = {"DEFIB_STASHBOARD_SECRET": "StatusPageStashboardSecret"}
ANSWERS_SECRET = {"DEFIB_ANSWERS_SECRET": "AnswersSecret"}
ON_ITEMS = ("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
LOG_WRITER = {"logs:CreateLogStream", "logs:PutLogEvents"}


def actions(stack: Synthesized, function: str) -> set[str]:
    return {action for statement in stack.statements(function) for action in listed(statement["Action"])}


def may(statements: Sequence[Statement], action: str, key: str) -> bool:
    """Whether they allow that on the table's items of that partition key."""
    ours = [s for s in statements if any(a.startswith("dynamodb:") for a in listed(s["Action"]))]
    parsed = [parse_statement({**s, "Resource": "table"}) for s in ours]
    asked = Request(f"dynamodb:{action}", "table", {"dynamodb:LeadingKeys": (key,)})
    return allowed_by("", parsed, asked) is not None


def on(statement: Statement) -> list[str]:
    return [json.dumps(resource) for resource in listed(statement["Resource"])]


def is_of_companions(statement: Statement) -> bool:
    """What starting an instance names besides it, and no instance."""
    return any("license-manager" in resource for resource in on(statement))


def is_of_zonal_shifts(statement: Statement) -> bool:
    """ARC's actions are narrowed by a condition instead of a resource."""
    return all(action.startswith("arc-zonal-shift:") for action in listed(statement["Action"]))


@pytest.mark.parametrize("function", SHAPES)
def test_only_reads_that_aws_cannot_scope_are_granted_on_everything(stack: Synthesized, function: str) -> None:
    for statement in stack.statements(function):
        if "*" in listed(statement["Resource"]) and not is_of_zonal_shifts(statement):
            reads = {*listed(statement["Action"])} - ABOUT_SMS - THROUGH_SNS
            assert all(READS_WITHOUT_RESOURCE.fullmatch(action) for action in reads)


def test_no_role_holds_a_wildcard_action_or_a_managed_policy(stack: Synthesized) -> None:
    for role, statements in stack.roles().items():
        assert "ManagedPolicyArns" not in stack.of("AWS::IAM::Role")[role]
        assert not [action for statement in statements for action in listed(statement["Action"]) if "*" in action]


def test_what_may_be_asked_of_sms_is_asked_through_sns_only(stack: Synthesized) -> None:
    (granted,) = (s for s in stack.statements("sweep") if THROUGH_SNS & {*listed(s["Action"])})

    assert set(listed(granted["Action"])) == THROUGH_SNS
    assert granted["Condition"] == {"StringEquals": {"aws:CalledViaLast": "sns.amazonaws.com"}}


def test_what_touches_an_instance_or_reads_what_it_may_hide_needs_the_opt_in_tag(stack: Synthesized) -> None:
    power = POWER_OVER_INSTANCES | POWER_OVER_CHECKS | {"ec2:DescribeInstanceAttribute"}
    granted = [s for s in stack.statements("remediate") if power & {*listed(s["Action"])} and not is_of_companions(s)]

    assert {action for s in granted for action in listed(s["Action"])} >= power
    for statement in granted:
        assert statement["Condition"]["StringEquals"] == {"aws:ResourceTag/self-heal": "true"}
        assert all(resource.endswith(':instance/*"]]}') for resource in on(statement))


def test_of_an_instance_nothing_may_be_changed_but_its_type(stack: Synthesized) -> None:
    """With its user data whoever may restart it could run anything on it."""
    (granted,) = (s for s in stack.statements("remediate") if "ec2:ModifyInstanceAttribute" in listed(s["Action"]))

    assert listed(granted["Action"]) == ["ec2:ModifyInstanceAttribute"]
    assert granted["Condition"] == {
        "StringEquals": {"aws:ResourceTag/self-heal": "true"},
        "StringLike": {"ec2:Attribute/InstanceType": "*"},
    }


def test_an_instance_may_be_started_whose_licenses_are_counted_or_whose_capacity_is_reserved(
    stack: Synthesized,
) -> None:
    (granted,) = (s for s in stack.statements("remediate") if is_of_companions(s))

    assert listed(granted["Action"]) == ["ec2:StartInstances"]
    assert [re.sub(r".*:(license-manager|resource-groups):", r"\1:", r) for r in on(granted)] == [
        'license-manager:us-east-1:*:license-configuration:*"',
        'resource-groups:us-east-1:*:group/*"',
    ]


def test_acts_on_auto_scaling_groups_need_the_groups_opt_in_tag(stack: Synthesized) -> None:
    granted = [s for s in stack.statements("remediate") if POWER_OVER_GROUPS & {*listed(s["Action"])}]

    assert granted
    for statement in granted:
        assert statement["Condition"] == {"StringEquals": {"aws:ResourceTag/self-heal": "true"}}
        assert all(resource.endswith(':autoScalingGroup:*:autoScalingGroupName/*"]]}') for resource in on(statement))


def test_traffic_is_shifted_only_for_load_balancers_of_services_that_are_healed(stack: Synthesized) -> None:
    (granted,) = (s for s in stack.statements("remediate") if is_of_zonal_shifts(s))
    web = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"

    condition = {"StringEquals": {"arc-zonal-shift:ResourceIdentifier": [web]}}
    assert granted["Condition"] == condition, "db is only observed"
    assert not [f for f in SHAPES if f != "remediate" and any(is_of_zonal_shifts(s) for s in stack.statements(f))]


def test_nobody_may_shift_traffic_nor_order_it_unless_the_policy_says_start() -> None:
    none: Any = None
    policy = parse(POLICY.read_text(encoding="utf-8").replace('zonal_shift = "start"', ""))
    resources = Resources(policy, *[none] * 11)

    assert resources.statements([*zonal_shift.PERMISSIONS, *queues.TO_SHIFT]) == []


def test_keys_are_lent_to_ec2_only_and_only_by_what_starts_instances(stack: Synthesized) -> None:
    (granted,) = (s for s in stack.statements("remediate") if "kms:CreateGrant" in listed(s["Action"]))

    assert listed(granted["Action"]) == ["kms:CreateGrant"]
    assert granted["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    assert "ec2." in json.dumps(granted["Condition"]["StringEquals"]["kms:ViaService"])
    assert all(resource.endswith(':kms:us-east-1:*:key/*"') for resource in on(granted)), "others' keys, too"
    assert not [f for f in SHAPES if f != "remediate" and "kms:CreateGrant" in actions(stack, f)]


def test_targets_are_moved_only_in_groups_that_are_healed_or_opted_in(stack: Synthesized) -> None:
    web = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067"
    granted = [s for s in stack.statements("remediate") if POWER_OVER_TARGETS & {*listed(s["Action"])}]

    by_name = [s for s in granted if "Condition" not in s]
    by_tag = [s for s in granted if "Condition" in s]

    assert [listed(s["Resource"]) for s in by_name] == [[web]], "db is only observed"
    assert by_tag
    for statement in by_tag:
        assert statement["Condition"] == {"StringEquals": {"aws:ResourceTag/self-heal": "true"}}
        assert all(resource.endswith(':targetgroup/*"]]}') for resource in on(statement))


@pytest.mark.parametrize(("mode", "granted"), [("observe", False), ("approve", True), ("heal", True)])
def test_what_is_repaired_after_a_yes_is_allowed_what_is_repaired_at_once_is(mode: str, granted: bool) -> None:
    none: Any = None
    policy = parse(POLICY.read_text(encoding="utf-8").replace('mode = "heal"', f'mode = "{mode}"'))
    of_some_stack = Resources(policy, TableV2(Stack(), "Table", partition_key=KEY), *[none] * 10)

    for permissions, scope in (
        (drain.PERMISSIONS, Scope.CONFIGURED_TARGET_GROUPS),
        (restore.PERMISSIONS, Scope.CONFIGURED_TARGET_GROUPS),
        (resize.PERMISSIONS, Scope.RESIZABLE_INSTANCES),
    ):
        of_it = [permission for permission in permissions if permission.on is scope]
        assert bool(of_some_stack.statements(of_it)) is granted, scope


@pytest.mark.parametrize("function", sorted(set(SHAPES) - {"remediate"}))
def test_nothing_but_remediate_has_power_over_instances_or_targets(stack: Synthesized, function: str) -> None:
    assert not actions(stack, function) & (POWER_OVER_INSTANCES | POWER_OVER_TARGETS | POWER_OVER_GROUPS)


def test_what_reads_events_changes_nothing_but_its_own_memory_and_queues(stack: Synthesized) -> None:
    reads = re.compile(READS + r"(Describe|Get|List)\w+")
    own = re.compile(r"(dynamodb|sqs|logs):\w+")

    assert all(reads.fullmatch(action) or own.fullmatch(action) for action in actions(stack, "diagnose"))


@pytest.mark.parametrize("function", sorted(set(SHAPES) - {"evidence"}))
def test_only_evidence_reads_what_an_instance_wrote(stack: Synthesized, function: str) -> None:
    assert not actions(stack, function) & UNTRUSTED_TEXT


def test_what_talks_to_people_knows_nothing_of_instances(stack: Synthesized) -> None:
    services = {action.partition(":")[0] for action in actions(stack, "publish")}

    assert services == {"dynamodb", "logs", "secretsmanager", "sns", "sqs"}


@pytest.mark.parametrize(
    "key", ["INSTANCE#i-0abc", "STACK", "SERVICE#web", "SERVICE#page:atlassian", "LINK#a", "HEARTBEAT", "CONTACT#ann"]
)
def test_the_stashboard_api_may_not_touch_what_is_neither_the_pages_nor_its_own(stack: Synthesized, key: str) -> None:
    assert not [action for action in ON_ITEMS if may(stack.statements("stashboard"), action, key)]


@pytest.mark.parametrize("key", ["PAGE", "STASHBOARD", "STASHBOARD#web#0", "NONCE#a"])
def test_the_stashboard_api_may_read_and_write_its_own_items_and_the_pages(stack: Synthesized, key: str) -> None:
    assert all(may(stack.statements("stashboard"), action, key) for action in ("GetItem", "PutItem", "Query"))


@pytest.mark.parametrize("function", SHAPES)
def test_a_role_holds_what_its_handler_declares_and_nothing_else(stack: Synthesized, function: str) -> None:
    handler = importlib.import_module(f"defib.handlers.{function}")
    declared = {action for permission in handler.PERMISSIONS for action in permission.actions}
    fed_by_a_queue = QUEUE_CONSUMER if SHAPES[function].concurrency is not None else set()

    assert actions(stack, function) == declared | LOG_WRITER | fed_by_a_queue


@pytest.mark.parametrize("function", SHAPES)
def test_a_function_is_told_of_exactly_what_it_may_use(stack: Synthesized, function: str) -> None:
    variables = {
        "dynamodb": {"DEFIB_TABLE": "CasesTable"},
        "s3": {"DEFIB_EVIDENCE_BUCKET": "EvidenceBucket"} if function == "evidence" else PAGE_BUCKET,
        "sns": SUBSCRIBERS
        if function in ("page", "subscribe")
        else {"DEFIB_INCIDENTS_TOPIC": "NotifyIncidents"}
        | ({"DEFIB_ALERTS_TOPIC": "NotifyAlerts"} if function == "sweep" else {}),
        "ssm": {"DEFIB_KILL_SWITCH": "KillSwitchHealing"},
        "secretsmanager": STASHBOARD_SECRET if function == "stashboard" else ANSWERS_SECRET,
    }
    queues = {
        "DEFIB_SIGNALS_QUEUE": "SignalsQueue",
        "DEFIB_ORDERS_QUEUE": "SignalsOrdersQueue",
        "DEFIB_EVIDENCE_QUEUE": "SignalsEvidenceQueue",
        "DEFIB_NOTICES_QUEUE": "SignalsNoticesQueue",
        "DEFIB_PAGE_QUEUE": "StatusPageTurnsQueue",
    }
    environment = stack.function(function)["Environment"]["Variables"]
    told = {name: value["Ref"] for name, value in environment.items() if isinstance(value, dict) and "Ref" in value}
    services = {action.partition(":")[0] for action in actions(stack, function)}
    sends_to = [r for s in stack.statements(function) if "sqs:SendMessage" in listed(s["Action"]) for r in on(s)]
    expected = {name: part for service in services for name, part in variables.get(service, {}).items()}
    expected |= {name: part for name, part in queues.items() if any(f'"{part}' in resource for resource in sends_to)}

    assert {name: re.sub(r"[0-9A-F]{8}$", "", ref) for name, ref in told.items()} == expected
    assert environment["DEFIB_POLICY"] == "defib.toml"
    assert environment["POWERTOOLS_SERVICE_NAME"] == function
    assert environment["POWERTOOLS_METRICS_NAMESPACE"] == "Defib"


def test_the_sweep_may_ask_for_what_was_set_aside_and_take_nothing_of_it(stack: Synthesized) -> None:
    set_aside = {key for key in stack.of("AWS::SQS::Queue") if key.startswith("SetAside")}
    granted = [s for s in stack.statements("sweep") if any(key in r for key in set_aside for r in on(s))]
    told = stack.function("sweep")["Environment"]["Variables"]["DEFIB_SET_ASIDE_QUEUES"]["Fn::Join"][1]

    assert {action for s in granted for action in listed(s["Action"])} == {"sqs:GetQueueAttributes"}
    assert {r["Fn::GetAtt"][0] for s in granted for r in listed(s["Resource"])} == set_aside
    assert {part["Ref"] for part in told if part != " "} == set_aside


def test_only_publish_may_use_the_incidents_topic_whatever_others_are_allowed(stack: Synthesized) -> None:
    (publish, _) = stack.function("publish")["Role"]["Fn::GetAtt"]
    policy = stack.one("AWS::SNS::TopicPolicy", "Incidents")["PolicyDocument"]["Statement"]

    (only,) = (s for s in policy if s["Sid"] == "OnlyPublishPublishes")

    assert (only["Effect"], only["Principal"]) == ("Deny", {"AWS": "*"})
    assert only["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": {"Fn::GetAtt": [publish, "Arn"]}}}


def test_only_alarms_of_this_account_may_use_the_alerts_topic(stack: Synthesized) -> None:
    policy = stack.one("AWS::SNS::TopicPolicy", "Alerts")["PolicyDocument"]["Statement"]

    (allowed,) = (s for s in policy if s["Effect"] == "Allow")

    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


@pytest.mark.parametrize("function", ["diagnose", "remediate"])
def test_what_decides_to_act_may_read_the_kill_switch_and_no_other_parameter(stack: Synthesized, function: str) -> None:
    (granted,) = (s for s in stack.statements(function) if "ssm:GetParameter" in listed(s["Action"]))
    (resource,) = on(granted)

    assert listed(granted["Action"]) == ["ssm:GetParameter"]
    assert "KillSwitchHealing" in resource


def test_the_kill_switch_is_word_for_word_what_it_ever_was_as_any_change_would_switch_it_on(
    stack: Synthesized,
) -> None:
    assert stack.template["Resources"]["KillSwitchHealing06739611"] == {
        "Type": "AWS::SSM::Parameter",
        "Properties": {
            "Name": "/defib/Defib/healing",
            "Type": "String",
            "Value": "on",
            "Description": "Defib acts while this is on. Set it to off, or to anything else, and it acts no more.",
        },
    }


def test_no_function_may_write_the_kill_switch(stack: Synthesized) -> None:
    assert not [f for f in SHAPES if "ssm:PutParameter" in actions(stack, f)]


def test_the_scheduler_may_start_sweep_and_nothing_else(stack: Synthesized) -> None:
    sweep = stack.id_of("AWS::Lambda::Function", "SweepFunction")
    role = stack.id_of("AWS::IAM::Role", "SchedulerRole")

    starting, setting_aside = stack.roles()[role]

    assert listed(starting["Action"]) == ["lambda:InvokeFunction"]
    assert all(f'"{sweep}"' in resource for resource in on(starting))
    assert listed(setting_aside["Action"]) == ["sqs:SendMessage"]
    assert "SetAsideUndelivered" in json.dumps(setting_aside["Resource"])


ELSEWHERE = TARGET_GROUPS_MOST * len("-us-gov" + "gov-west-1")
"""How much longer it all may be where partition and Region have longer names."""


def test_a_role_has_room_for_as_many_target_groups_as_a_file_may_name(tmp_path: Path) -> None:
    policy = _with_most_target_groups(tmp_path, lambda _: "app/web/50dc6c495c0c9188")
    found = Synthesized.load(synthesize(policy, ROOT / "build" / "tests" / "many-groups"), TEMPLATE)

    assert len(_written(found.statements("remediate"))) > ROLE_MOST * 3 / 4
    assert max(len(_written(role)) for role in found.roles().values()) + ELSEWHERE < ROLE_MOST


def test_load_balancers_that_no_role_has_room_for_are_told_of_before_anything_is_deployed(tmp_path: Path) -> None:
    policy = _with_most_target_groups(tmp_path, lambda number: f"app/{number:032}/50dc6c495c0c9188")

    with pytest.raises(OperatorError, match=r"characters of 10,240\. .* \"recommend\""):
        assembly.into(tmp_path / "cdk.out", policy, Target())

    policy.write_text(policy.read_text().replace('zonal_shift = "start"', 'zonal_shift = "recommend"'))
    assembly.into(tmp_path / "recommended", policy, Target())


def test_what_a_role_holds_is_counted_as_iam_counts_it() -> None:
    document = {"Statement": [{"Action": "s3:*", "Resource": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::AccountId"}]]}}]}
    template = {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": document}]}},
            "More": {
                "Type": "AWS::IAM::Policy",
                "Properties": {"Roles": [{"Ref": "Role"}], "PolicyDocument": document},
            },
        }
    }

    assert sizes(template) == {"Role": 2 * len('{"Statement":[{"Action":"s3:*","Resource":"arn:012345678901"}]}')}


def _with_most_target_groups(tmp_path: Path, load_balancer: Callable[[int], str]) -> Path:
    """A policy that names as many target groups as it may, all of services that are healed."""
    each = [
        f"""[[services.{name}.target_groups]]
arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{number:032}/73e2d6bc24d8a067"
load_balancer = "{load_balancer(number)}"
"""
        for number, name in enumerate(["web"] * 20 + ["api"] * 20 + ["app"] * 20)
    ][:TARGET_GROUPS_MOST]
    policy, before = tmp_path / "defib.toml", POLICY.read_text(encoding="utf-8")
    services = "".join(
        f'[services.{n}]\nmatch = {{ service = "{n}" }}\nmode = "heal"\ntell = ["oncall"]\n' for n in ("api", "app")
    )
    policy.write_text(GROUPS.sub("", before) + services + "".join(each))
    return policy


GROUPS = re.compile(r"\[\[services\.\w+\.target_groups\]\]\narn = .*\nload_balancer = .*\n")


def _written(statements: list[Statement]) -> str:
    """As IAM counts them; what CloudFormation fills in is about as long as the words that ask for it."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
