"""Alarms about Defib itself. CloudWatch sends them to people directly: no Lambda stands between."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from defib.handlers.page import COPY_FAILED
from defib.handlers.stashboard import SECRET_UNUSABLE
from infra.functions import Shape
from infra.healing import METRICS_NAMESPACE, Healer, Healing
from infra.heartbeat import SILENT_FOR, alarm_on_silence
from infra.page import StatusPage
from infra.signals import RECEIVES, Queue, Signals

A_MINUTE = Duration.minutes(1)
FIVE_MINUTES = Duration.minutes(5)

STALE_AFTER_S = 110
"""A message that its function could not deal with twice is older when it is tried for the third time; people hear of it
within 3 minutes, since CloudWatch measures a queue once a minute."""


SWEEP = "sweep"


class Watch(Construct):
    """Tells ``alerts`` when a part of Defib is dead, failing, throttled or behind."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        signals: Signals,
        queues: Sequence[Queue],
        healing: Healing,
        alerts: sns.Topic,
        page: StatusPage | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._action = actions.SnsAction(alerts)
        for queue in queues:
            name = queue.node.id
            self._dead_letters(name, queue.dead_letters, f"messages that {queue.feeds} could not digest")
            if queue.wakes:
                self._backlog(queue)
            else:
                self._age(name, queue)
        self._dead_letters("Events", signals.undelivered, "AWS events that EventBridge could not put on the queue")
        self._dead_letters("Sweeps", healing.missed_sweeps, "sweeps that the scheduler could not start")
        fed = {queue.feeds for queue in queues}
        for healer in healing.healers.values():
            if healer.name not in fed or _is_slow_to_set_aside(healer.shape):
                self._errors(healer)
            # What a queue feeds waits when it is throttled, and the heartbeat misses a sweep that is.
            if healer.name not in {*fed, SWEEP}:
                self._throttles(healer)
        for feeds in sorted(fed):
            self._unanswered(feeds)
        self._heartbeat()
        if page is not None:
            if page.secret is not None:
                self._secret(page.secret)
            if page.copy:
                self._copy(page.copy)

    def over_the_watchtower(self, region: str) -> None:
        """Tell people when its canaries stay away: what watches is watched."""
        self._silence(
            "CanaryHeartbeat",
            f"No canary of the watchtower in {region} has arrived for {SILENT_FOR}: it is dead or cut off, or diagnose "
            "is. Look at the log of diagnose, then at that of the watchtower's function, then at its schedule.",
            "CanaryReceived",
            "diagnose",
        )

    def _dead_letters(self, name: str, queue: sqs.Queue, what: str) -> None:
        self._alarm(
            f"{name}DeadLetters",
            f"Defib set aside {what}. Read them in {queue.node.path}, mend the cause, redrive or purge them.",
            queue.metric_approximate_number_of_messages_visible(period=A_MINUTE, statistic="Maximum"),
        )

    def _backlog(self, queue: Queue) -> None:
        # Age won't do here: such a queue holds delayed wake-ups, which grow up to 15 minutes old by intent.
        self._alarm(
            f"{queue.node.id}Backlog",
            f"Defib does not keep up with what {queue.feeds} is to do. Look at that function's log.",
            queue.queue.metric_approximate_number_of_messages_visible(period=A_MINUTE, statistic="Minimum"),
            # Minimum of a minute: in each of the two there was no moment at which all was taken up.
            evaluation_periods=2,
        )

    def _age(self, name: str, queue: Queue) -> None:
        self._alarm(
            f"{name}Age",
            f"A message has waited {STALE_AFTER_S} s for {queue.feeds}. Look at that function's log.",
            queue.queue.metric_approximate_age_of_oldest_message(period=A_MINUTE, statistic="Maximum"),
            threshold=STALE_AFTER_S,
        )

    def _errors(self, healer: Healer) -> None:
        # As many as one message's receives: a passing error heals itself by retry and wakes nobody.
        self._alarm(
            f"{healer.name.capitalize()}Errors",
            f"Defib's {healer.name} function keeps failing. Look at its log.",
            healer.function.metric_errors(period=FIVE_MINUTES, statistic="Sum"),
            threshold=RECEIVES,
        )

    def _unanswered(self, feeds: str) -> None:
        # Twice: one call that hangs is made good by the next delivery and wakes nobody.
        self._alarm(
            f"{feeds.capitalize()}Unanswered",
            f"Services of AWS do not answer Defib's {feeds} function. Look at its log for which, then at AWS Health.",
            cloudwatch.Metric(
                namespace=METRICS_NAMESPACE,
                metric_name="Unanswered",
                dimensions_map={"service": feeds},
                statistic="Sum",
                period=FIVE_MINUTES,
            ),
            threshold=2,
        )

    def _throttles(self, healer: Healer) -> None:
        self._alarm(
            f"{healer.name.capitalize()}Throttles",
            f"Lambda throttles Defib's {healer.name} function. Raise the account's concurrency quota, or find what "
            "uses it up.",
            healer.function.metric_throttles(period=FIVE_MINUTES, statistic="Sum"),
            threshold=RECEIVES,
        )

    def _heartbeat(self) -> None:
        self._silence(
            "SweepHeartbeat",
            f"No sweep has finished for {SILENT_FOR}: Defib may be blind. Look at the log of sweep, then at its "
            "schedule.",
            "SweepCompleted",
            "sweep",
        )

    def _silence(self, construct_id: str, description: str, metric: str, service: str) -> None:
        alarm = alarm_on_silence(
            self,
            construct_id,
            description=description,
            namespace=METRICS_NAMESPACE,
            metric=metric,
            service=service,
        )
        alarm.add_alarm_action(self._action)

    def _copy(self, bucket: str) -> None:
        # A turn a minute: three of five, so that one slow answer of another Region wakes nobody.
        self._alarm(
            "PageCopyFailing",
            f"The status page's copy in the bucket {bucket} is not kept up to date. The page itself is not affected: "
            "customers would read an old copy only if this Region failed. Look in the log of page for \"the page's "
            "copy failed\". Does that bucket exist (make deploy), and may page's role write there?",
            _count("page", COPY_FAILED),
            threshold=RECEIVES,
        )

    def _secret(self, secret: secretsmanager.ISecret) -> None:
        self._alarm(
            "StashboardSecretUnusable",
            "Defib turned away a write to the Stashboard API because its secret is gone, can't be read, or is not a "
            "JSON object with consumer_key, consumer_secret, token and token_secret. Mend it in Secrets Manager "
            f"({secret.secret_arn}), then post the event again. Reads and the status page are not affected.",
            _count("stashboard", SECRET_UNUSABLE),
        )

    def _alarm(
        self,
        construct_id: str,
        description: str,
        metric: cloudwatch.IMetric,
        *,
        threshold: float = 1,
        evaluation_periods: int = 1,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=evaluation_periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._action)


def _is_slow_to_set_aside(shape: Shape) -> bool:
    """Whether a message with which a function dies each time is set aside later than an alarm on its errors would tell.

    Until then that alarm would say nothing that those on ages and dead letters do not.
    """
    return shape.timeout_s * RECEIVES > FIVE_MINUTES.to_seconds()


def _count(function: str, name: str) -> cloudwatch.Metric:
    """A count that a function emits itself."""
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=name,
        dimensions_map={"service": function},
        statistic="Sum",
        period=FIVE_MINUTES,
    )
