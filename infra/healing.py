"""The functions: what wakes each, and a role that holds what its handler declares and nothing else."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import cast

from aws_cdk import Aws, CfnCondition, Duration, Fn, RemovalPolicy, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from constructs import Construct

from defib.aws.permission import Permission
from infra.bundle import Target
from infra.elsewhere import Follower
from infra.every_minute import every_minute
from infra.functions import FOLLOWER, OF_SUBSCRIBERS, OF_THE_ANSWERS, OF_THE_API, OF_THE_PAGE, SHAPES, Shape
from infra.permissions import Resources
from infra.regions import where_loops_are_detected
from infra.set_aside import SetAside
from infra.signals import Queue

METRICS_NAMESPACE = "Defib"


class Healer(Construct):
    """One function with its role and its log."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        handler: str,
        code: lambda_.Code,
        target: Target,
        resources: Resources,
        loops_detected: CfnCondition,
        named: str = "",
        shape: Shape | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.shape = shape = shape or SHAPES[handler]
        permissions = declared(handler)
        self.name = named or handler
        self.log = self._log(resources.policy.retention.logs)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"Defib: {shape.does}",
            inline_policies={"declared": iam.PolicyDocument(statements=resources.statements(permissions))},
        )
        resources.acknowledge_wildcards(self.role, permissions)
        self.log.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            description=f"Defib: {shape.does}",
            runtime=lambda_.Runtime(f"python{target.python}", lambda_.RuntimeFamily.PYTHON),
            architecture=lambda_.Architecture.ARM_64 if target.is_arm else lambda_.Architecture.X86_64,
            handler=f"defib.handlers.{handler}.lambda_handler",
            code=code,
            role=self.role,
            log_group=self.log,
            memory_size=shape.memory_mb,
            timeout=Duration.seconds(shape.timeout_s),
            environment={
                "DEFIB_POLICY": "defib.toml",
                **resources.environment(permissions),
                "POWERTOOLS_SERVICE_NAME": self.name,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
                "POWERTOOLS_LOG_LEVEL": "INFO",
            },
        )
        if shape.concurrency is not None:
            _let_recur(self.function, loops_detected)

    def _log(self, kept_for: timedelta) -> logs.LogGroup:
        # The table's audit trail is what outlives the stack.
        log = logs.LogGroup(self, "Log", removal_policy=RemovalPolicy.DESTROY)
        # The parser admits only what CloudWatch offers, some of which the CDK's own list lacks a name for.
        cast("logs.CfnLogGroup", log.node.default_child).retention_in_days = kept_for.days
        return log


class Healing(Construct):
    """The functions by name, each fed by its queue; ``sweep`` by the clock."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: lambda_.Code,
        target: Target,
        resources: Resources,
        queues: Sequence[Queue],
        set_aside: SetAside,
    ) -> None:
        super().__init__(scope, construct_id)
        self._loops_detected = where_loops_are_detected(self)
        self.healers = {
            name: Healer(
                self,
                name.capitalize(),
                handler=name,
                code=code,
                target=target,
                resources=resources,
                loops_detected=self._loops_detected,
            )
            for name in SHAPES
            if _is_deployed(name, resources)
        } | {follower.function: self._follower(follower, code, target, resources) for follower in resources.followers}
        for queue in queues:
            self._feed(self.healers[queue.feeds].function, queue, queue.shape)
        every_minute(self, self.healers["sweep"].function, does="sweep", dead_letter_queue=set_aside.undelivered)

    def _follower(self, follower: Follower, code: lambda_.Code, target: Target, resources: Resources) -> Healer:
        return Healer(
            self,
            f"Elsewhere-{follower.name}",
            handler="elsewhere",
            named=follower.function,
            shape=FOLLOWER,
            code=code,
            target=target,
            resources=replace(resources, follower=follower),
            loops_detected=self._loops_detected,
        )

    def function(self, name: str) -> lambda_.Function | None:
        """The function of that name; None where the policy does without."""
        healer = self.healers.get(name)
        return healer.function if healer is not None else None

    def _feed(self, function: lambda_.Function, queue: Queue, shape: Shape) -> None:
        function.add_event_source(
            sources.SqsEventSource(
                queue.queue,
                # One at a time: a call that hangs to its deadline, or an instance that poisons its message, delays no
                # other. Throughput comes from running several at once, and EC2's throttles set its bound anyway.
                batch_size=1,
                max_concurrency=shape.concurrency,
                report_batch_item_failures=True,
            )
        )


def _let_recur(function: lambda_.Function, loops_detected: CfnCondition) -> None:
    """Have Lambda let one chain of messages invoke what a queue feeds without end. All else keeps its default.

    After about 16 invocations in one chain Lambda drops the next before any code runs (Lambda Developer Guide, "Use
    Lambda recursive loop detection to prevent infinite loops"). Where it detects none, nothing can be set.
    """
    # A repair is such a chain: diagnose has itself woken for each look, and what it orders comes back as a signal. What
    # keeps it from running away are the policy's limits, on attempts, on a case's age and on how soon it looks again.
    # page sends itself nothing, but ends the same chains, and AWS says only that it stops "the next function invocation
    # in that request chain".
    allow = Fn.condition_if(loops_detected.logical_id, "Allow", Aws.NO_VALUE)
    cast("lambda_.CfnFunction", function.node.default_child).recursive_loop = Token.as_string(allow)


def _is_deployed(name: str, resources: Resources) -> bool:
    page = resources.page
    if name in OF_SUBSCRIBERS:
        return page is not None and page.subscribers is not None
    if name in OF_THE_API:
        return page is not None and page.secret is not None
    if name in OF_THE_ANSWERS:
        return resources.answers is not None
    return name not in OF_THE_PAGE or page is not None


def declared(handler: str) -> Sequence[Permission]:
    """The permissions that handler module ``handler`` needs, as it declares them."""
    permissions: Sequence[Permission] = importlib.import_module(f"defib.handlers.{handler}").PERMISSIONS
    return permissions
