"""A right ``defib.toml``, changed table by table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from defib.core.parse import PolicyError, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/6d0ecf831eec9f09"
GROUP = f'{{ arn = "{ARN}", load_balancer = "app/web/50dc6c495c0c9188" }}'
BASE = {
    "defib": 'opt_in_tag = "self-heal=true"',
    "services.web": 'match = { service = "web" }',
    "contacts.oncall": 'email = ["oncall@example.com"]',
}


def file(changes: Mapping[str, str]) -> str:
    """A right file with some tables added or replaced."""
    return "\n".join(f"[{table}]\n{lines}" for table, lines in {**BASE, **changes}.items())


def error(text: str) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        parse(text)
    return caught.value


def mistakes(text: str) -> list[str]:
    return [str(mistake) for mistake in error(text).mistakes]
