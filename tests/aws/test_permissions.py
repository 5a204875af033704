"""What a module calls and what it declares are the same, by reading its code."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import boto3
import pytest
from botocore import xform_name

from defib.aws.permission import Permission, Scope, union

FUNCTIONS = Path(__file__).parents[2] / "functions"
HANDLERS = ("diagnose", "remediate", "evidence", "publish", "sweep", "page", "stashboard", "answer")

CLIENTS = {
    "arc": "arc-zonal-shift",
    "autoscaling": "autoscaling",
    "cloudwatch": "cloudwatch",
    "dynamodb": "dynamodb",
    "ec2": "ec2",
    "elb": "elbv2",
    "events": "events",
    "s3": "s3",
    "secrets": "secretsmanager",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
}
"""What the code calls a client (perhaps with an underscore before it) to its boto3 service."""

PREFIXES = {"elbv2": "elasticloadbalancing"}
"""IAM prefixes that differ from the boto3 service."""

OTHER_ACTIONS = {
    ("dynamodb", "transact_write_items"): "dynamodb:PutItem",  # what it does to each item; Defib only puts
    ("sqs", "send_message_batch"): "sqs:SendMessage",
    ("s3", "head_object"): "s3:GetObject",
}
"""Calls that IAM knows by another name."""


PUBLISH = "sns:Publish"
IMPLIED = {
    "ec2:StartInstances": {"kms:CreateGrant"},
    "elasticloadbalancing:RegisterTargets": {
        "ec2:DescribeInstances",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    },
    "s3:GetObject": {"s3:ListBucket"},
    "sns:CheckIfPhoneNumberIsOptedOut": {"sms-voice:DescribeOptedOutNumbers"},
    "sns:GetSMSAttributes": {"sms-voice:DescribeSpendLimits"},
    "sns:GetSMSSandboxAccountStatus": {"sms-voice:DescribeAccountAttributes"},
    "sns:ListSMSSandboxPhoneNumbers": {"sms-voice:DescribeVerifiedDestinationNumbers"},
}
"""What AWS asks of the caller besides the call's own action."""


def edge_modules() -> list[str]:
    paths = [
        path
        for package in ("aws", "publish", "publish/page")
        for path in sorted((FUNCTIONS / "defib" / package).glob("*.py"))
    ]
    return [".".join(path.relative_to(FUNCTIONS).with_suffix("").parts) for path in paths if path.stem != "__init__"]


@pytest.mark.parametrize("name", edge_modules())
def test_a_module_declares_exactly_what_it_and_the_modules_it_uses_call(name: str) -> None:
    module = importlib.import_module(name)
    called = set(called_by(module))
    called |= {implied for action in called for implied in IMPLIED.get(action, ())}
    declared = {action for permission in getattr(module, "PERMISSIONS", ()) for action in permission.actions}

    if "PERMISSIONS" not in vars(module):
        assert not called, f"{name} calls {sorted(called)} but declares no PERMISSIONS"
    inherited = {
        action
        for used in edges_used_by(module)
        for permission in getattr(used, "PERMISSIONS", ())
        for action in permission.actions
    }
    assert called <= declared, f"{name} does not declare {sorted(called - declared)}"
    assert declared <= called | inherited, f"{name} declares {sorted(declared - called - inherited)} in vain"


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_handlers_permissions_are_of_the_edges_it_uses(handler: str) -> None:
    module = importlib.import_module(f"defib.handlers.{handler}")
    available = {
        (action, permission.on)
        for used in edges_used_by(module)
        for permission in getattr(used, "PERMISSIONS", ())
        for action in permission.actions
    }

    granted = [(action, permission.on) for permission in module.PERMISSIONS for action in permission.actions]

    assert set(granted) <= available
    assert len(granted) == len(set(granted))


def test_only_remediate_may_touch_an_instance() -> None:
    touching = {"ec2:ModifyInstanceAttribute", "ec2:RebootInstances", "ec2:StartInstances", "ec2:StopInstances"}
    touching |= {"ec2:DisableApplicationStatusCheckSuppression", "ec2:EnableApplicationStatusCheckSuppression"}
    touching |= {"autoscaling:EnterStandby", "autoscaling:ExitStandby", "autoscaling:SetInstanceHealth"}

    assert [handler for handler in HANDLERS if touching & set(actions_of(handler))] == ["remediate"]


def test_only_remediate_may_shift_traffic() -> None:
    assert [handler for handler in HANDLERS if "arc-zonal-shift:StartZonalShift" in actions_of(handler)] == [
        "remediate"
    ]


def test_only_publish_may_talk_to_people_and_it_may_do_nothing_else_outside_the_table() -> None:
    """The page alone talks to its subscribers, on a topic of their own."""
    telling = {
        handler: [
            p.on for p in importlib.import_module(f"defib.handlers.{handler}").PERMISSIONS if PUBLISH in p.actions
        ]
        for handler in HANDLERS
        if PUBLISH in actions_of(handler)
    }
    staff = [Scope.INCIDENTS_TOPIC, Scope.CHAT_TOPICS]
    assert telling == {"publish": staff, "page": [Scope.SUBSCRIBERS_TOPIC]}
    assert {action.partition(":")[0] for action in actions_of("publish")} == {
        "dynamodb",
        "secretsmanager",
        "sns",
        "sqs",
    }


@pytest.mark.parametrize("handler", HANDLERS)
def test_without_a_resource_there_are_reads_only(handler: str) -> None:
    module = importlib.import_module(f"defib.handlers.{handler}")
    unlimited = {
        action for permission in module.PERMISSIONS if permission.on is Scope.ANY for action in permission.actions
    }

    reads = ("Describe", "GetMetric", "GetSMS", "ListSMS", "CheckIf")
    assert all(action.partition(":")[2].startswith(reads) for action in unlimited)


def test_a_union_names_each_scope_and_action_once_in_a_fixed_order() -> None:
    one = Permission(("b:B", "a:A"), Scope.TABLE)
    two = Permission(("a:A", "c:C"), Scope.TABLE)
    three = Permission(("d:D",), Scope.ANY)

    assert union((one,), (two, three)) == union((three, two), (one,))
    assert union((one,), (two, three)) == (
        Permission(("d:D",), Scope.ANY),
        Permission(("a:A", "b:B", "c:C"), Scope.TABLE),
    )


def actions_of(handler: str) -> list[str]:
    permissions = importlib.import_module(f"defib.handlers.{handler}").PERMISSIONS
    return [action for permission in permissions for action in permission.actions]


def edges_used_by(module: ModuleType) -> set[ModuleType]:
    """The edge modules that ``module`` imports, whole or in part; not those for type checking only."""
    names = {value.__name__ for value in vars(module).values() if isinstance(value, ModuleType)}
    names |= {getattr(value, "__module__", "") for value in vars(module).values()}
    wanted = {name for name in names if name in edge_modules()} - {module.__name__}
    return {importlib.import_module(name) for name in wanted}


def called_by(module: ModuleType) -> Iterator[str]:
    """The IAM action of every boto3 call in the module's code."""
    assert module.__file__ is not None
    for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        service = service_of(node.func.value)
        if service is None:
            continue
        method = node.func.attr
        if method == "get_paginator":
            (argument,) = node.args
            assert isinstance(argument, ast.Constant)
            method = str(argument.value)
        yield action_of(service, method)


def service_of(receiver: ast.expr) -> str | None:
    match receiver:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return CLIENTS.get(name.lstrip("_"))
    return None


def action_of(service: str, method: str) -> str:
    if (service, method) in OTHER_ACTIONS:
        return OTHER_ACTIONS[service, method]
    operations = boto3.client(service).meta.service_model.operation_names  # type: ignore[call-overload] # any service
    (operation,) = (operation for operation in operations if xform_name(operation) == method)
    return f"{PREFIXES.get(service, service)}:{operation}"
