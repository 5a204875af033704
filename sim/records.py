"""What Defib has written into its table, read past the API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from defib.aws.codec import Codec
from defib.core.case import Case
from defib.core.drill_news import service_of
from defib.core.incident import Incident, Notice
from sim.template import ACCOUNT, REGION, Resource, region_of


class Records:
    """Those of the first stack's tables, among ``tables``."""

    def __init__(self, tables: Sequence[Resource]) -> None:
        self._tables = tuple(table for table in tables if region_of(table.arn) == REGION)

    def cases(self) -> tuple[Case, ...]:
        """Every case that Defib remembers, in the order in which they were opened."""
        codec = Codec()
        found = [codec.value(item, Case) for item in self._items("CASE#")]
        return tuple(sorted(found, key=lambda case: (case.opened_at, case.id)))

    def drills_of(self, contact: str) -> tuple[str, ...]:
        """The ids of a contact's drills, the newest last."""
        codec = Codec()
        found = (codec.value(item, Incident) for item in self._items("INCIDENT#") if "service" in item)
        drills = (incident for incident in found if incident.service == service_of(contact))
        return tuple(drill.id for drill in sorted(drills, key=lambda drill: drill.number))

    def notices(self) -> tuple[Notice, ...]:
        """Every notice that Defib wrote, in order."""
        codec = Codec()
        found = [codec.value(item, Notice) for item in self._items("NOTICE#")]
        return tuple(sorted(found, key=lambda notice: (notice.at, notice.incident_id, notice.sequence)))

    def unpublished(self) -> tuple[Notice, ...]:
        """Those of them of which nobody has been told."""
        codec = Codec()
        return tuple(codec.value(item, Notice) for item in self._items("NOTICE#") if "published_at" not in item)

    def audited(self) -> frozenset[str]:
        """The cases that the audit has lines of, and speaks of the end of, by their ids."""
        lines = (item for item in self._items("AUDIT#") if "decision" in item)
        return frozenset(str(item["case_id"]["S"]) for item in lines if item["decision"]["S"].startswith("close:"))

    def held(self) -> frozenset[tuple[str, str]]:
        """By which guard a repair of which service was held, as the audit says."""
        lines = [item for item in self._items("AUDIT#") if item.get("decision", {}).get("S", "").startswith("hold:")]
        return frozenset((line["service"]["S"], line["decision"]["S"].removeprefix("hold:")) for line in lines)

    def used_links(self) -> frozenset[str]:
        """The ids of the links by which somebody has answered."""
        return frozenset(item["link_id"]["S"] for item in self._items("USE"))

    def _items(self, prefix: str) -> Iterator[dict[str, Any]]:
        # Straight from moto: a scan through boto3 costs a second once there are a hundred lines of audit.
        for table in self._tables:
            for item in dynamodb_backends[ACCOUNT][REGION].tables[table.name].all_items():
                if item.range_key is not None and str(item.range_key.value).startswith(prefix):
                    yield {name: value.to_regular_json() for name, value in item.attrs.items()}
