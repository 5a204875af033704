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

from defib.aws.journal import ANY_FUNCTION, UNANSWERED
from defib.handlers.page import COPY_FAILED
from defib.handlers.stashboard import SECRET_UNUSABLE
from infra.answers import Answers
from infra.healing import METRICS_NAMESPACE
from infra.heartbeat import DEPLOYED_WITHIN, SILENT_FOR, alarm_on_silence
from infra.page import StatusPage
from infra.set_aside import SetAside
from infra.signals import Queue
from infra.stashboard import PageApi

A_MINUTE = Duration.minutes(1)
FIVE_MINUTES = Duration.minutes(5)

STALE_AFTER_S = 110
"""A message that its function could not deal with twice is older when it is tried for the third time; people hear of it
within 3 minutes, since CloudWatch measures a queue once a minute. What is being worked on counts too (SQS Developer
Guide, "Available CloudWatch metrics"): a function that dies with each message is told of like one that is not run."""


SOME = 3
"""Failures within five minutes that wake somebody."""


class Watch(Construct):
    """Tells ``alerts`` when a part of Defib is dead, failing or behind."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        queues: Sequence[Queue],
        set_aside: SetAside,
        alerts: sns.Topic,
        answers: Answers | None,
        api: PageApi | None,
        page: StatusPage | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._action = actions.SnsAction(alerts)
        for queue in queues:
            if queue.wakes:
                self._backlog(queue)
            else:
                self._age(queue)
        self._all_set_aside(set_aside)
        # What a queue feeds needs neither errors nor throttles watched: what it can't do is set aside, what waits ages.
        # Nor does sweep: one that dies leaves no heartbeat.
        self._unanswered()
        self._heartbeat()
        if answers is not None:
            self._failing("Answers", "Answers by a link", answers.failures(FIVE_MINUTES))
        if api is not None:
            self._failing("PageApi", "Calls of the status page's HTTP API", api.failures(FIVE_MINUTES))
        if page is not None:
            if page.secret is not None:
                self._secret(page.secret)
            if page.copy:
                self._copy(page.copy)

    def over_the_watchtower(self, region: str) -> None:
        """Tell people when its canaries stay away: what watches is watched."""
        self._silence(
            "CanaryHeartbeat",
            f"No canary of the watchtower in {region} has arrived for {SILENT_FOR}. See the logs of diagnose and "
            "watchtower, then its schedule.",
            "CanaryReceived",
            "diagnose",
            # The watchtower is deployed only after this stack.
            from_minute=2 * DEPLOYED_WITHIN,
        )

    def _all_set_aside(self, set_aside: SetAside) -> None:
        for queue, what in (
            (set_aside.dead_letters, "a message that failed five times"),
            (set_aside.ordered, "a notice, or a turn of the page, that failed four times"),
            (set_aside.undelivered, "an event, a sweep or a notice that AWS could not hand over"),
        ):
            self._alarm(
                queue.node.id,
                f'Defib set aside {what}. What to do: docs/operations.md, "What was set aside?"',
                self._risen(queue),
                # Long enough for a metric that comes a little late, and for a watchtower to see it twice; short, since
                # what is added meanwhile does not ring by itself.
                evaluation_periods=3,
                datapoints_to_alarm=1,
            )

    def _risen(self, queue: sqs.Queue) -> cloudwatch.IMetric:
        """How many were added: the next one is told too, though nobody has taken the last one away."""
        lying = queue.metric_approximate_number_of_messages_visible(period=A_MINUTE, statistic="Maximum")
        if self.node.try_get_context("metric_math") == "false":
            return lying
        # Nothing is filled in: after a minute that was not measured, what has long lain there would have risen from
        # nothing. The sweep keeps these queues measured (defib/aws/set_aside.py).
        return cloudwatch.MathExpression(expression="DIFF(lying)", using_metrics={"lying": lying}, period=A_MINUTE)

    def _backlog(self, queue: Queue) -> None:
        # Age won't do here: such a queue holds delayed wake-ups, which grow up to 15 minutes old by intent.
        self._alarm(
            f"{queue.node.id}Backlog",
            f"Defib does not keep up with what {queue.feeds} is to do. Look at that function's log.",
            queue.queue.metric_approximate_number_of_messages_visible(period=A_MINUTE, statistic="Minimum"),
            # Minimum of a minute: in each of the two there was no moment at which all was taken up.
            evaluation_periods=2,
        )

    def _age(self, queue: Queue) -> None:
        self._alarm(
            f"{queue.node.id}Age",
            f"A message has waited {STALE_AFTER_S} s for {queue.feeds}, or was tried in vain for so long. Look at that "
            "function's log.",
            queue.queue.metric_approximate_age_of_oldest_message(period=A_MINUTE, statistic="Maximum"),
            threshold=STALE_AFTER_S,
        )

    def _unanswered(self) -> None:
        # Twice: one call that hangs is made good by the next delivery and wakes nobody.
        self._alarm(
            "Unanswered",
            "Services of AWS do not answer Defib. See AWS Health, and docs/operations.md, "
            '"Which service of AWS does not answer?"',
            _count(ANY_FUNCTION, UNANSWERED),
            threshold=2,
        )

    def _failing(self, name: str, what: str, failures: cloudwatch.IMetric) -> None:
        # API Gateway's 5xx are the errors, throttles and timeouts of the functions behind it, and what they say is 503.
        self._alarm(
            f"{name}Failing",
            f"{what} fail. Look at the logs of the HTTP API and of its function; if that is silent, Lambda throttles "
            "it.",
            failures,
            threshold=SOME,
        )

    def _heartbeat(self) -> None:
        self._silence(
            "SweepHeartbeat",
            f"No sweep has finished for {SILENT_FOR}: Defib may be blind. Look at the log of sweep, then at its "
            "schedule.",
            "SweepCompleted",
            "sweep",
        )

    def _silence(
        self, construct_id: str, description: str, metric: str, service: str, from_minute: int = DEPLOYED_WITHIN
    ) -> None:
        alarm = alarm_on_silence(
            self,
            construct_id,
            description=description,
            namespace=METRICS_NAMESPACE,
            metric=metric,
            service=service,
            from_minute=from_minute,
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
            threshold=SOME,
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
        datapoints_to_alarm: int | None = None,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=evaluation_periods,
            datapoints_to_alarm=datapoints_to_alarm,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._action)


def _count(function: str, name: str) -> cloudwatch.Metric:
    """A count that a function emits itself."""
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=name,
        dimensions_map={"service": function},
        statistic="Sum",
        period=FIVE_MINUTES,
    )
