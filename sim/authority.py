"""Which IAM requests a call makes: its actions, the resources it names, and the tags that conditions look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from sim.boundary import Call, Params
from sim.iam import Request

Tags = Mapping[str, str]
TagsOf = Callable[[str], Tags]
"""The tags of an EC2 instance id, a target group ARN or an Auto Scaling group ARN."""
GroupOf = Callable[[str], str]
"""The ARN of the Auto Scaling group of an instance id."""
ShiftedBy = Callable[[str], str]
"""The ARN of the load balancer of a zonal shift's id."""

IAM_PREFIX = {"elbv2": "elasticloadbalancing"}
DENIED_CODE = {
    "ec2": "UnauthorizedOperation",
    "dynamodb": "AccessDeniedException",
    "sns": "AuthorizationError",
    "autoscaling": "AccessDenied",
    "ssm": "AccessDeniedException",
    "secretsmanager": "AccessDeniedException",
    "events": "AccessDeniedException",
    "arc-zonal-shift": "AccessDeniedException",
}
"""The error code with which each service reports a missing permission; ``AccessDenied`` elsewhere."""

INSTANCE_ACTIONS = frozenset(
    {
        "DescribeInstanceAttribute",
        "DisableApplicationStatusCheckSuppression",
        "EnableApplicationStatusCheckSuppression",
        "GetConsoleOutput",
        "GetConsoleScreenshot",
        "ModifyInstanceAttribute",
        "RebootInstances",
        "StartInstances",
        "StopInstances",
    }
)
ASKED_THROUGH_SNS = {
    "CheckIfPhoneNumberIsOptedOut": "sms-voice:DescribeOptedOutNumbers",
    "GetSMSAttributes": "sms-voice:DescribeSpendLimits",
    "GetSMSSandboxAccountStatus": "sms-voice:DescribeAccountAttributes",
    "ListSMSSandboxPhoneNumbers": "sms-voice:DescribeVerifiedDestinationNumbers",
}
"""What SNS asks AWS End User Messaging in the caller's name (AWS managed policy AmazonSNSReadOnlyAccess)."""
LOOKED_UP = tuple(
    Request(f"ec2:Describe{what}", "*", {}) for what in ("Instances", "InternetGateways", "Subnets", "Vpcs")
)
"""What whoever registers targets must be able to see (ELB User Guide, API permissions)."""
ELSEWHERE = "210987654321"
"""Another account, which shares its license configuration and its key with this one."""
GROUP_ACTIONS = frozenset({"SetInstanceHealth", "EnterStandby", "ExitStandby"})
TARGET_GROUP_ACTIONS = frozenset({"RegisterTargets", "DeregisterTargets"})
TRANSACTION_ITEMS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
S3_ACTIONS = {"HeadObject": "GetObject", "ListObjectsV2": "ListBucket"}


class Authority:
    """Turns calls into IAM requests for one account."""

    def __init__(self, account: str, tags_of: TagsOf, group_of: GroupOf = str, shifted_by: ShiftedBy = str) -> None:
        self._account = account
        self._tags_of = tags_of
        self._group_of = group_of
        self._shifted_by = shifted_by

    def requests(self, call: Call) -> tuple[Request, ...]:
        """Everything that must be allowed for ``call`` to pass (Service Authorization Reference, by service)."""
        match call.service:
            case "ec2" if call.operation in INSTANCE_ACTIONS:
                ids = call.params.get("InstanceIds") or [call.params["InstanceId"]]
                asked = tuple(self._instance(call, i) for i in ids)
                return (*asked, *self._lent(call)) if call.operation == "StartInstances" else asked
            case "elbv2" if call.operation in TARGET_GROUP_ACTIONS:
                arn = call.params["TargetGroupArn"]
                moved = self._tagged(call, arn, self._tags_of(arn), "elasticloadbalancing")
                return (moved, *LOOKED_UP) if call.operation == "RegisterTargets" else (moved,)
            case "autoscaling" if call.operation in GROUP_ACTIONS:
                ids = call.params.get("InstanceIds") or [call.params["InstanceId"]]
                arns = sorted({self._group_of(i) for i in ids})
                return tuple(self._tagged(call, arn, self._tags_of(arn), "autoscaling") for arn in arns)
            case "arc-zonal-shift":
                shifted = call.params.get("resourceIdentifier") or self._shifted_by(call.params["zonalShiftId"])
                return (Request(_action(call), "*", {"arc-zonal-shift:ResourceIdentifier": (shifted,)}),)
            case "dynamodb":
                return tuple(self._table_requests(call))
            case "sqs" if "QueueUrl" in call.params:
                queue = str(call.params["QueueUrl"]).rpartition("/")[2]
                action = call.operation.removesuffix("Batch")
                return (Request(f"sqs:{action}", f"arn:aws:sqs:{call.region}:{self._account}:{queue}", {}),)
            case "sns" if "TopicArn" in call.params:
                return (Request(_action(call), call.params["TopicArn"], {}),)
            case "secretsmanager" | "events" if call.name != "events:ListRules":
                return (self._secret(call) if call.service == "secretsmanager" else self._events(call),)
            case "ssm" if "Name" in call.params:
                parameter = f"arn:aws:ssm:{call.region}:{self._account}:parameter{call.params['Name']}"
                return (Request(_action(call), parameter, {}),)
            case "s3" if "Bucket" in call.params:
                action = S3_ACTIONS.get(call.operation, call.operation)
                bucket = f"arn:aws:s3:::{call.params['Bucket']}"
                key = f"/{call.params['Key']}" if "Key" in call.params else ""
                owned = {"aws:ResourceAccount": (self._account,)}
                on_object = Request(f"s3:{action}", f"{bucket}{key}", owned)
                # Without it S3 answers "forbidden" where there is nothing, and Defib could not tell.
                return (on_object, Request("s3:ListBucket", bucket, owned)) if action == "GetObject" else (on_object,)
            case _:
                return self._others(call)

    def _others(self, call: Call) -> tuple[Request, ...]:
        """Events, what CloudWatch lists by prefix, and what can be narrowed to a Region at most."""
        if call.name == "events:PutEvents":
            return tuple(self._put(call, entry) for entry in call.params["Entries"])
        if call.service == "sns" and call.operation in ASKED_THROUGH_SNS:
            through = Request(ASKED_THROUGH_SNS[call.operation], "*", {"aws:CalledViaLast": ("sns.amazonaws.com",)})
            return (Request(_action(call), "*", {"aws:RequestedRegion": (call.region,)}), through)
        alarms = f"arn:aws:cloudwatch:{call.region}:{self._account}:alarm:*"
        resource = alarms if call.name == "cloudwatch:DescribeAlarms" else "*"
        return (Request(_action(call), resource, {"aws:RequestedRegion": (call.region,)}),)

    def _put(self, call: Call, entry: Params) -> Request:
        bus = f"arn:aws:events:{call.region}:{self._account}:event-bus/default"
        kind = {"events:source": (entry["Source"],), "events:detail-type": (entry["DetailType"],)}
        return Request(_action(call), bus, kind)

    def _secret(self, call: Call) -> Request:
        """A name is as good as an ARN, which ends with six characters of Secrets Manager's own."""
        given = call.params["SecretId"]
        named = f"arn:aws:secretsmanager:{call.region}:{self._account}:secret:{given}-a1B2c3"
        return Request(_action(call), given if given.startswith("arn:") else named, {})

    def _events(self, call: Call) -> Request:
        """What a call puts on the default bus, as conditions see it."""
        said = call.params["Entries"]
        context = {
            "events:source": tuple(entry["Source"] for entry in said),
            "events:detail-type": tuple(entry["DetailType"] for entry in said),
        }
        return Request(_action(call), f"arn:aws:events:{call.region}:{self._account}:event-bus/default", context)

    def _lent(self, call: Call) -> Iterable[Request]:
        """What a start of any simulated instance names besides it.

        License Manager tracks each, each is to run in a group of Capacity Reservations, and each volume is encrypted
        with a customer's key, which whoever starts an instance lends to EC2.
        """
        licenses = f"arn:aws:license-manager:{call.region}:{ELSEWHERE}:license-configuration:lic-0a1b2c3d4e5f60718"
        group = f"arn:aws:resource-groups:{call.region}:{self._account}:group/reserved"
        key = f"arn:aws:kms:{call.region}:{ELSEWHERE}:key/5f1c0c3e-7a44-4f0b-9d6e-1b6f6f0e2a11"
        lends = {"kms:GrantIsForAWSResource": ("true",), "kms:ViaService": (f"ec2.{call.region}.amazonaws.com",)}
        yield Request(_action(call), licenses, {})
        yield Request(_action(call), group, {})
        yield Request("kms:CreateGrant", key, lends)

    def instance_arn(self, call: Call, instance_id: str) -> str:
        return f"arn:aws:ec2:{call.region}:{self._account}:instance/{instance_id}"

    def _instance(self, call: Call, instance_id: str) -> Request:
        """With the attributes that the call sets, each a structure of one value (EC2 User Guide, ``ec2:Attribute``)."""
        asked = self._tagged(call, self.instance_arn(call, instance_id), self._tags_of(instance_id), "ec2")
        values = {name: value["Value"] for name, value in call.params.items() if isinstance(value, dict)}
        set_to = {f"ec2:Attribute/{name}": (str(value),) for name, value in values.items()}
        return replace(asked, context={**asked.context, **set_to})

    def _tagged(self, call: Call, arn: str, tags: Tags, service: str) -> Request:
        context = {f"aws:ResourceTag/{key}": (value,) for key, value in tags.items()}
        context |= {f"{service}:ResourceTag/{key}": (value,) for key, value in tags.items()}
        return Request(_action(call), arn, context)

    def _table_requests(self, call: Call) -> Iterable[Request]:
        if call.operation == "TransactWriteItems":
            for item in call.params["TransactItems"]:
                for kind, body in item.items():
                    yield self._table_request(
                        call, TRANSACTION_ITEMS[kind], body, [body.get("Item") or body.get("Key")]
                    )
        elif call.operation == "TransactGetItems":
            for item in call.params["TransactItems"]:
                yield self._table_request(call, "GetItem", item["Get"], [item["Get"]["Key"]])
        elif call.operation == "BatchGetItem":
            for table, wanted in call.params["RequestItems"].items():
                yield self._table_request(call, call.operation, {"TableName": table}, wanted["Keys"])
        elif call.operation == "BatchWriteItem":
            for table, writes in call.params["RequestItems"].items():
                bodies = [body for write in writes for body in write.values()]
                keys = [body.get("Item") or body.get("Key") for body in bodies]
                yield self._table_request(call, call.operation, {"TableName": table}, keys)
        elif call.operation == "Query" and "IndexName" not in call.params:
            values = call.params.get("ExpressionAttributeValues", {})
            keys = [{"pk": values[":pk"]}] if ":pk" in values else []
            yield self._table_request(call, call.operation, call.params, keys)
        else:
            keys = [call.params.get("Item") or call.params.get("Key")]
            yield self._table_request(call, call.operation, call.params, keys)

    def _table_request(self, call: Call, action: str, body: Params, items: Iterable[Params | None]) -> Request:
        table = str(body["TableName"]).rpartition("/")[2]
        arn = f"arn:aws:dynamodb:{call.region}:{self._account}:table/{table}"
        if "IndexName" in body:
            arn += f"/index/{body['IndexName']}"
        leading = tuple(_text(item["pk"]) for item in items if item and "pk" in item)
        return Request(f"dynamodb:{action}", arn, {"dynamodb:LeadingKeys": leading} if leading else {})


def denied_code(service: str) -> str:
    return DENIED_CODE.get(service, "AccessDenied")


def _action(call: Call) -> str:
    return f"{IAM_PREFIX.get(call.service, call.service)}:{call.operation}"


def _text(attribute: object) -> str:
    return str(attribute["S"]) if isinstance(attribute, Mapping) else str(attribute)
