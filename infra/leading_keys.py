"""Of the table, which items a function may touch that is not trusted with all: those whose partition keys begin so.

IAM knows no sort keys: who may write one item under ``PAGE`` may write all of them.
"""

from __future__ import annotations

from defib.aws.board_store import BOARD_KEY, EVENTS, NONCES
from defib.aws.heartbeats import HEARTBEATS
from defib.aws.mail_store import SUBSCRIPTIONS
from defib.aws.page_store import PAGE
from defib.aws.permission import Scope
from defib.core.page.elsewhere_news import PREFIX

LEADING_KEYS = {
    Scope.ANSWERABLE_ITEMS: ["INSTANCE#*", "MANY#*", "SERVICE#*"],
    Scope.LINK_ITEMS: ["LINK#*"],
    Scope.SUBSCRIPTIONS: [SUBSCRIPTIONS],
    Scope.STASHBOARD_ITEMS: [f"{NONCES}*", PAGE, BOARD_KEY["pk"], f"{EVENTS}*"],
    Scope.FOLLOWER_ITEMS: [HEARTBEATS, PAGE, f"SERVICE#{PREFIX}*"],
}
"""How the partition keys of the items begin (DynamoDB Developer Guide, "Using IAM policy conditions"); the puts of a
transaction are held to the same (ibid., "Using IAM with DynamoDB transactions")."""
