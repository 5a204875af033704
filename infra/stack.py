"""Composes the parts; defines nothing itself."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from defib.core.contact import chat_output
from defib.core.policy import Policy
from infra.answers import Answers
from infra.bundle import Target
from infra.cases import Cases
from infra.delivery import DeliveryLog
from infra.detection import Detection
from infra.elsewhere import Follower
from infra.evidence import Evidence
from infra.healing import Healing
from infra.left_to_do import STATUS_PAGE_TARGET
from infra.notify import Notify
from infra.page import StatusPage
from infra.permissions import Resources
from infra.set_aside import SetAside
from infra.signals import Queue, Signals
from infra.stashboard import PageApi
from infra.subscribers import STATUS_PAGE, keep_subscribers
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
        self._policy = policy
        self._set_aside = SetAside(self, "SetAside")
        self._signals = Signals(self, "Signals", set_aside=self._set_aside)
        self._cases = Cases(self, "Cases")
        self._evidence = Evidence(self, "Evidence", kept_for=policy.retention.evidence)
        self._notify = notify = Notify(self, "Notify", policy=policy, set_aside=self._set_aside)
        topics = {"Incidents": notify.incidents, "Alerts": notify.alerts}
        self._delivery = DeliveryLog(self, "Delivery", topics=topics, kept_for=policy.retention.logs)
        self._switch = KillSwitch(self, "KillSwitch")
        self._page, self._api = self._status_page()
        self._answers = Answers(self, "Answers") if policy.answers.enabled else None
        self._followers = tuple(
            Follower(self, f"Follower-{other.name}", other=other, set_aside=self._set_aside)
            for other in policy.page.elsewhere
        )
        self._healing = Healing(
            self,
            "Healing",
            code=lambda_.Code.from_asset(str(code)),
            target=target,
            resources=self._resources(),
            queues=self._queues(),
            set_aside=self._set_aside,
        )
        notify.only(self._healing.healers["publish"].role)
        for contact, topic in notify.chats.items():
            CfnOutput(self, chat_output(contact), value=topic.topic_arn)
        Detection(self, "Detection", policy=policy)
        self._watch()
        self._say_what_is_where()
        if self._answers is not None:
            self._answers.serve(self._healing.healers["answer"].function)
            CfnOutput(self, "AnswersSecret", value=self._answers.secret.secret_name)
        if self._page is not None:
            self._open(self._page)

    def _status_page(self) -> tuple[StatusPage | None, PageApi | None]:
        settings = self._policy.page
        if not settings.enabled:
            keep_subscribers(self, settings)
            return None, None
        api = PageApi(self, "StashboardApi") if settings.api or settings.subscribe else None
        return StatusPage(self, STATUS_PAGE, settings=settings, set_aside=self._set_aside, api=api), api

    def _queues(self) -> tuple[Queue, ...]:
        of_the_page = [self._page.queue] if self._page is not None else []
        return (*self._signals.queues, *of_the_page, *(follower.queue for follower in self._followers))

    def _resources(self) -> Resources:
        """What the functions may be given."""
        return Resources(
            policy=self._policy,
            table=self._cases.table,
            signals=self._signals.signals.queue,
            orders=self._signals.orders.queue,
            evidence=self._signals.evidence.queue,
            notices=self._signals.notices.queue,
            bucket=self._evidence.bucket,
            incidents=self._notify.incidents,
            alerts=self._notify.alerts,
            chats=self._notify.chats,
            kill_switch=self._switch.parameter,
            set_aside=self._set_aside,
            page=self._page,
            answers=self._answers,
            followers=self._followers,
        )

    def _watch(self) -> None:
        """Have people told when Defib itself fails, and the watchtower, if there is one, what to look at."""
        watch = Watch(
            self,
            "Watch",
            queues=self._queues(),
            set_aside=self._set_aside,
            alerts=self._notify.alerts,
            answers=self._answers,
            api=self._api,
            page=self._page,
        )
        if not self._policy.watchtower.stands:
            return
        watch.over_the_watchtower(self._policy.watchtower.region)
        answers, api = (part.url if part else "" for part in (self._answers, self._api))
        Watched(
            self,
            "Watched",
            signals=self._signals,
            table=self._cases.table,
            page=self._page.distribution.url if self._page is not None else "",
            doors=tuple(doors(self._healing.healers, answers, api)),
            incidents=self._notify.incidents,
            tower=self._policy.watchtower.region,
        )

    def _say_what_is_where(self) -> None:
        for name, value in (
            ("IncidentsTopic", self._notify.incidents.topic_arn),
            ("AlertsTopic", self._notify.alerts.topic_arn),
            ("CasesTable", self._cases.table.table_name),
            ("EvidenceBucket", self._evidence.bucket.bucket_name),
            ("SignalsQueue", self._signals.signals.queue.queue_url),
            ("KillSwitchParameter", self._switch.parameter.parameter_name),
            ("DeliveryRole", self._delivery.role.role_arn),
            ("DeadLetters", self._set_aside.dead_letters.queue_url),
            ("OrderedDeadLetters", self._set_aside.ordered.queue_url),
            ("Undelivered", self._set_aside.undelivered.queue_url),
        ):
            CfnOutput(self, name, value=value)

    def _open(self, page: StatusPage) -> None:
        """Let functions do what the page has them for, and say where it is."""
        page.kept_subscribers.only(self._healing.healers["page"].role)
        if page.subscribers is not None:
            CfnOutput(self, "SubscribersTopic", value=page.subscribers.topic.topic_arn)
        CfnOutput(self, "StatusPageAddress", value=page.distribution.url)
        if self._policy.page.domain:
            CfnOutput(self, STATUS_PAGE_TARGET, value=page.distribution.distribution.distribution_domain_name)
        if self._api is None:
            return
        stashboard, subscribe = (self._healing.function(name) for name in ("stashboard", "subscribe"))
        self._api.answer(stashboard=stashboard, subscribe=subscribe)
        if page.secret is not None:
            CfnOutput(self, "StashboardAddress", value=self._api.url)
            CfnOutput(self, "StashboardSecret", value=page.secret.secret_name)
