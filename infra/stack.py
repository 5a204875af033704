"""Composes the parts; defines nothing itself."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from defib.core.policy import Policy
from infra.answers import Answers
from infra.bundle import Target
from infra.cases import Cases
from infra.delivery import DeliveryLog
from infra.detection import Detection
from infra.elsewhere import Follower
from infra.evidence import Evidence
from infra.healing import Healing
from infra.left_to_do import chat_output
from infra.notify import Notify
from infra.page import StatusPage
from infra.permissions import Resources
from infra.set_aside import SetAside
from infra.signals import Signals
from infra.stashboard import PageApi
from infra.switch import KillSwitch
from infra.watch import Watch
from infra.watched import Watched, doors


class DefibStack(Stack):
    """All of Defib in one Region of one account; neither needs to be known at synth."""

    def __init__(self, scope: Construct, construct_id: str, *, policy: Policy, target: Target, code: Path) -> None:
        super().__init__(
            scope,
            construct_id,
            # Only who is watched from elsewhere must say where it is.
            env={"region": policy.watchtower.primary_region} if policy.watchtower.stands else None,
            description="Defib: gets a dead EC2 instance running again and tells everyone what happened.",
            analytics_reporting=False,
        )
        set_aside = SetAside(self, "SetAside")
        signals = Signals(self, "Signals", set_aside=set_aside)
        cases = Cases(self, "Cases")
        evidence = Evidence(self, "Evidence", kept_for=policy.retention.evidence)
        notify = Notify(self, "Notify", policy=policy)
        topics = {"Incidents": notify.incidents, "Alerts": notify.alerts}
        delivery = DeliveryLog(self, "Delivery", topics=topics, kept_for=policy.retention.logs)
        switch = KillSwitch(self, "KillSwitch")
        page, api = self._page(policy, set_aside)
        answers = Answers(self, "Answers") if policy.answers.enabled else None
        followers = tuple(
            Follower(self, f"Follower-{other.name}", other=other, set_aside=set_aside)
            for other in policy.page.elsewhere
        )
        of_the_page = [page.queue] if page is not None else []
        queues = (*signals.queues, *of_the_page, *(follower.queue for follower in followers))
        healing = Healing(
            self,
            "Healing",
            code=lambda_.Code.from_asset(str(code)),
            target=target,
            resources=Resources(
                policy=policy,
                table=cases.table,
                signals=signals.signals.queue,
                orders=signals.orders.queue,
                evidence=signals.evidence.queue,
                notices=signals.notices.queue,
                bucket=evidence.bucket,
                incidents=notify.incidents,
                alerts=notify.alerts,
                chats=notify.chats,
                kill_switch=switch.parameter,
                page=page,
                answers=answers,
                followers=followers,
            ),
            queues=queues,
            set_aside=set_aside,
        )
        notify.only(healing.healers["publish"].role)
        for contact, topic in notify.chats.items():
            CfnOutput(self, chat_output(contact), value=topic.topic_arn)
        Detection(self, "Detection", policy=policy)
        watch = Watch(
            self,
            "Watch",
            queues=queues,
            set_aside=set_aside,
            healing=healing,
            alerts=notify.alerts,
            answers=answers,
            api=api,
            page=page,
        )
        if policy.watchtower.stands:
            watch.over_the_watchtower(policy.watchtower.region)
            Watched(
                self,
                "Watched",
                signals=signals,
                table=cases.table,
                page=page.distribution.url if page is not None else "",
                doors=tuple(doors(healing.healers, answers.url if answers else "", api.url if api else "")),
                incidents=notify.incidents,
            )
        for name, value in (
            ("IncidentsTopic", notify.incidents.topic_arn),
            ("AlertsTopic", notify.alerts.topic_arn),
            ("CasesTable", cases.table.table_name),
            ("EvidenceBucket", evidence.bucket.bucket_name),
            ("SignalsQueue", signals.signals.queue.queue_url),
            ("KillSwitchParameter", switch.parameter.parameter_name),
            ("DeliveryRole", delivery.role.role_arn),
            ("DeadLetters", set_aside.dead_letters.queue_url),
            ("OrderedDeadLetters", set_aside.ordered.queue_url),
        ):
            CfnOutput(self, name, value=value)
        if answers is not None:
            answers.serve(healing.healers["answer"].function)
            CfnOutput(self, "AnswersSecret", value=answers.secret.secret_name)
        if page is not None:
            self._open(page, api, healing)

    def _page(self, policy: Policy, set_aside: SetAside) -> tuple[StatusPage | None, PageApi | None]:
        if not policy.page.enabled:
            return None, None
        api = PageApi(self, "StashboardApi") if policy.page.api or policy.page.subscribe else None
        return StatusPage(self, "StatusPage", settings=policy.page, set_aside=set_aside, api=api), api

    def _open(self, page: StatusPage, api: PageApi | None, healing: Healing) -> None:
        """Let functions do what the page has them for, and say where it is."""
        if page.subscribers is not None:
            CfnOutput(self, "SubscribersTopic", value=page.subscribers.topic.topic_arn)
            page.subscribers.only(healing.healers["page"].role)
        CfnOutput(self, "StatusPageAddress", value=page.distribution.url)
        if api is None:
            return
        api.answer(stashboard=healing.function("stashboard"), subscribe=healing.function("subscribe"))
        if page.secret is not None:
            CfnOutput(self, "StashboardAddress", value=api.url)
            CfnOutput(self, "StashboardSecret", value=page.secret.secret_name)
