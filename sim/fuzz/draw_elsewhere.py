"""Pages of the kinds Instatus and webhook, besides any other page that follows."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from defib.core.page.elsewhere import Kind

ONE_IN = 4
"""Of so many policies with a page one has a further page that follows."""


def further_page(table: Mapping[str, Any], random: Random) -> dict[str, dict[str, Any]]:
    """One page by its name, or none, for a policy that begins with ``table``."""
    shown = [name for name, service in table["services"].items() if "page" in service]
    if not shown or random.randrange(ONE_IN):
        return {}
    if random.random() < 0.5:
        place = {"kind": Kind.WEBHOOK.value, "url": "https://hooks.example.com/status"}
        return {"hook": {**place, "secret": "defib/hook", "tell_after": _tell_after(random)}}
    # Instatus shows two services as one where the operators have it so.
    there = {name: [f"i-{name}"] if random.random() < 0.7 else ["i-all", f"i-{name}"] for name in shown}
    place = {"kind": Kind.INSTATUS.value, "page_id": "ckf01fvnxywz60a35saa"}
    page = {**place, "secret": "defib/instatus", "components": there, "notify": random.random() < 0.5}
    return {"instatus": {**page, "tell_after": _tell_after(random)}}


def _tell_after(random: Random) -> str:
    return random.choice(("1m", "10m", "30m"))
