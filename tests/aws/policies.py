"""Policies and services as the tests of the edges need them."""

from __future__ import annotations

from typing import Any

from defib.core.policy import Mode, Policy, Service, Tag, TargetGroup


def a_service(name: str = "web", **changes: Any) -> Service:
    """A service of the instances tagged with its name."""
    fields: dict[str, Any] = {"name": name, "match": {"service": (name,)}, "mode": Mode.HEAL}
    return Service(**(fields | changes))


def a_policy(*services: Service, **changes: Any) -> Policy:
    """Opt-in by ``self-heal=true``; the service ``web`` unless others are given."""
    fields: dict[str, Any] = {"opt_in": Tag("self-heal", "true"), "services": services or (a_service(),)}
    return Policy(**(fields | changes))


def group(arn: str) -> TargetGroup:
    return TargetGroup(arn, "app/web/50dc6c495c0c9188")
