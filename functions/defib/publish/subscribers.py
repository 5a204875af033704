"""Subscribers of the status page: an SNS topic of their own, which sends each what it is told, and a link first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope, union
from defib.core.page.mail import Letter
from defib.shell.ports import CallFailed

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

TELLING = (Permission(("sns:Publish",), Scope.SUBSCRIBERS_TOPIC),)
ADDING = (Permission(("sns:Subscribe",), Scope.SUBSCRIBERS_BY_EMAIL),)
PERMISSIONS = union(TELLING, ADDING)


class SnsSubscribers:
    """Keeps the promises of ``shell.mail.Subscribers``: one message, which SNS sends to every confirmed address."""

    def __init__(self, sns: SNSClient, topic_arn: str) -> None:
        self._sns = sns
        self._topic_arn = topic_arn

    def tell(self, letter: Letter) -> None:
        with translated(f"mailing subscribers about {letter.key}"):
            self._sns.publish(TopicArn=self._topic_arn, Subject=letter.subject, Message=letter.body)


class SnsSubscribing:
    """Keeps the promises of ``shell.subscribe.Invitations``: SNS sends a link, and no more until it is followed."""

    def __init__(self, sns: SNSClient, topic_arn: str) -> None:
        self._sns = sns
        self._topic_arn = topic_arn

    def invite(self, address: str) -> None:
        """Raises what ``translated`` raises, but with no word of SNS's own, which may quote the address."""
        try:
            with translated("subscribing an address"):
                self._sns.subscribe(TopicArn=self._topic_arn, Protocol="email", Endpoint=address)
        except CallFailed as error:
            raise type(error)("subscribing an address failed", error.code) from None
