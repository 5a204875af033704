"""What the status page's own resources are called, for the permissions of whoever may use them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from aws_cdk import Stack

from defib.aws.permission import Scope
from infra.page import StatusPage

OF_SUBSCRIBERS = (Scope.SUBSCRIBERS_TOPIC, Scope.SUBSCRIBERS_BY_EMAIL)

URL_SHOWN = {
    Scope.PAGE_BUCKET_OBJECTS,
    Scope.STASHBOARD_SECRET,
    Scope.SUBSCRIBERS_BY_EMAIL,
    Scope.OTHER_PAGE_SECRET,
}
"""Whoever has one of these says where the page is."""


def page_arns(page: StatusPage, scope: Scope) -> list[str]:
    if scope is Scope.PAGE_QUEUE:
        return [page.queue.queue.queue_arn]
    if scope is Scope.STASHBOARD_SECRET:
        return [page.secret.secret_arn] if page.secret is not None else []
    if scope in OF_SUBSCRIBERS:
        return [page.subscribers.topic.topic_arn] if page.subscribers is not None else []
    copies = [Stack.of(page).format_arn(service="s3", region="", account="", resource=page.copy)] if page.copy else []
    buckets = [page.files.bucket.bucket_arn, *copies]
    return buckets if scope is Scope.PAGE_BUCKET else [f"{bucket}/*" for bucket in buckets]


def page_variables(page: StatusPage, used: Collection[Scope]) -> Iterator[tuple[str, str]]:
    if Scope.INCIDENTS_TOPIC in used:
        yield "DEFIB_STATUS_PAGE", page.distribution.url
    if Scope.PAGE_QUEUE in used:
        yield "DEFIB_PAGE_QUEUE", page.queue.queue.queue_url
    if page.secret is not None and Scope.STASHBOARD_SECRET in used:
        yield "DEFIB_STASHBOARD_SECRET", page.secret.secret_arn
    if Scope.PAGE_BUCKET_OBJECTS in used:
        yield "DEFIB_PAGE_BUCKET", page.files.bucket.bucket_name
        if page.copy:
            yield "DEFIB_PAGE_COPY", page.copy
    if URL_SHOWN & set(used):
        yield "DEFIB_PAGE_URL", page.distribution.url
    if page.subscribers is not None and set(OF_SUBSCRIBERS) & set(used):
        yield "DEFIB_SUBSCRIBERS_TOPIC", page.subscribers.topic.topic_arn
    if page.subscribe_at and Scope.PAGE_BUCKET_OBJECTS in used:
        yield "DEFIB_SUBSCRIBE_AT", page.subscribe_at
