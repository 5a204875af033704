"""IAM permissions as values, declared beside the calls that need them. infra grants exactly these."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from defib.core.frozen import dataclass


class Scope(StrEnum):
    """What a permission is limited to. infra turns each into ARNs and conditions."""

    ANY = "any"
    """Reads that AWS can't limit to a resource (Service Authorization Reference: resource types empty)."""
    OPTED_IN_INSTANCES = "opted_in_instances"
    STARTED_WITH = "started_with"
    """What a start names besides the instance, of any account's: the license configuration that tracks it, and the
    group of Capacity Reservations that it is to run in (Service Authorization Reference, EC2, StartInstances)."""
    RESIZABLE_INSTANCES = "resizable_instances"
    """The same; none at all while no service, but for those that are only observed, names fallback types."""
    VOLUME_KEYS = "volume_keys"
    """KMS keys, for EC2's use only: whoever starts an instance lends EC2 the keys of its volumes.

    Of any account's: an image may be shared with its key, whose own policy decides (KMS Developer Guide, Allowing users
    in other accounts to use a KMS key)."""
    CONFIGURED_TARGET_GROUPS = "configured_target_groups"
    OPTED_IN_TARGET_GROUPS = "opted_in_target_groups"
    OPTED_IN_GROUPS = "opted_in_groups"
    """Auto Scaling groups that carry the opt-in tag."""
    SHIFTED_LOAD_BALANCERS = "shifted_load_balancers"
    """The load balancers of services that are healed; none at all unless the policy lets Defib start zonal shifts.

    ARC's actions are scoped by the condition key ``arc-zonal-shift:ResourceIdentifier`` on any resource, as AWS's own
    example does it (ARC Developer Guide, "IAM and permissions for zonal shift")."""
    SHIFT_ORDERS_QUEUE = "shift_orders_queue"
    """The orders queue for whoever orders zonal shifts; none unless the policy lets Defib start them."""
    TABLE = "table"
    TABLE_INDEX = "table_index"
    SIGNALS_QUEUE = "signals_queue"
    ORDERS_QUEUE = "orders_queue"
    EVIDENCE_QUEUE = "evidence_queue"
    NOTICES_QUEUE = "notices_queue"
    SET_ASIDE_QUEUES = "set_aside_queues"
    """Those where messages wait for people."""
    EVIDENCE_BUCKET_OBJECTS = "evidence_bucket_objects"
    INCIDENTS_TOPIC = "incidents_topic"
    ALERTS_TOPIC = "alerts_topic"
    CHAT_TOPICS = "chat_topics"
    """The topics that chat channels subscribe to; none while no contact has a chat."""
    PAGE_BUCKET = "page_bucket"
    PAGE_BUCKET_OBJECTS = "page_bucket_objects"
    PAGE_QUEUE = "page_queue"
    SUBSCRIBERS_TOPIC = "subscribers_topic"
    """The page's subscribers; none unless customers may subscribe."""
    SUBSCRIBERS_BY_EMAIL = "subscribers_by_email"
    """The same topic, for e-mail addresses only (Service Authorization Reference, SNS, ``sns:Protocol``)."""
    SUBSCRIPTIONS = "subscriptions"
    """Of the table, the counts of subscriptions only (condition key ``dynamodb:LeadingKeys``)."""
    STASHBOARD_ITEMS = "stashboard_items"
    """Of the table, what the Stashboard API keeps, and what the page shows."""
    FOLLOWER_ITEMS = "follower_items"
    """Of the table, what the page shows, what is remembered of the pages that follow and told of them, and signs of
    life."""
    STASHBOARD_SECRET = "stashboard_secret"  # noqa: S105 - the name of a scope
    OTHER_PAGE_QUEUES = "other_page_queues"
    """Those of every page that follows this one."""
    OTHER_PAGE_QUEUE = "other_page_queue"
    """That of the one page that a function tells."""
    OTHER_PAGE_SECRET = "other_page_secret"  # noqa: S105 - the name of a scope
    """That of the one page that a function tells."""
    SMS_THROUGH_SNS = "sms_through_sns"
    """What SNS asks AWS End User Messaging in the caller's name (AWS managed policy AmazonSNSReadOnlyAccess)."""
    KILL_SWITCH = "kill_switch"
    ANSWERABLE_ITEMS = "answerable_items"
    """Items of the table about instances and services: what a page shows that somebody answers on."""
    LINK_ITEMS = "link_items"
    """Items of the table about links: how each has been used."""
    ANSWERS_SECRET = "answers_secret"  # noqa: S105 - the name of a scope
    OPERATOR_EVENTS = "operator_events"
    """The default event bus, for events of the operator's own source."""


@dataclass(frozen=True, slots=True)
class Permission:
    """IAM actions on one scope."""

    actions: tuple[str, ...]
    on: Scope


def union(*declared: Iterable[Permission]) -> tuple[Permission, ...]:
    """All of ``declared``: one permission a scope, each action once, sorted so that templates don't flap."""
    actions: dict[Scope, set[str]] = {}
    for permission in (permission for permissions in declared for permission in permissions):
        actions.setdefault(permission.on, set()).update(permission.actions)
    return tuple(Permission(tuple(sorted(actions[scope])), scope) for scope in Scope if scope in actions)
