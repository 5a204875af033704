"""What a watchtower asks of AWS that moto would answer otherwise: the simulated buses, alarms and metrics.

Of topics and texts, sim/addresses.py answers it as it answers the sweep.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta

from sim.alarms import Alarms
from sim.boundary import Boundary, Params, Response
from sim.breakdowns import Breakdowns
from sim.bus import Bus
from sim.customers import Customers
from sim.detail import MALFORMED, object_in
from sim.distribution import Distribution, Reply
from sim.gateway import Gateway
from sim.http_api import HttpRequest
from sim.internet import Internet, Later, Reached, Request
from sim.internet import Response as Answered
from sim.metrics import Measurements, Metric
from sim.template import region_of
from sim.wiring import Wiring

WATCHTOWER = "watchtower"
"""The word of its function."""


class Watching:
    """Answers in the Region that a call is put to."""

    def __init__(self, boundary: Boundary, bus: Bus, alarms: Alarms, measurements: Measurements) -> None:
        self._boundary, self._bus, self._alarms, self._measurements = boundary, bus, alarms, measurements
        boundary.answer("events:PutEvents", self._put_events)
        boundary.answer("events:ListRules", self._list_rules)
        boundary.answer("cloudwatch:DescribeAlarms", self._describe_alarms)
        boundary.answer("cloudwatch:GetMetricStatistics", self._statistics)

    @property
    def _region(self) -> str:
        assert self._boundary.call is not None
        return self._boundary.call.region

    def _put_events(self, params: Params) -> Response:
        entries = [self._taken(number, entry) for number, entry in enumerate(params["Entries"])]
        return {"FailedEntryCount": sum("ErrorCode" in entry for entry in entries), "Entries": entries}

    def _taken(self, number: int, entry: Mapping[str, str]) -> Response:
        """One event's part of the answer (EventBridge API, PutEventsResultEntry)."""
        detail = object_in(entry["Detail"])
        if detail is None:
            return {"ErrorCode": MALFORMED, "ErrorMessage": "Detail is malformed."}
        self._bus.put(entry["Source"], entry["DetailType"], detail, (), self._region)
        return {"EventId": str(number)}

    def _list_rules(self, params: Params) -> Response:
        return {
            "Rules": [
                {"Name": rule.name, "State": "ENABLED" if on else "DISABLED"}
                for rule, on in self._bus.listed(self._region)
                if rule.name.startswith(params.get("NamePrefix", ""))
            ]
        }

    def _describe_alarms(self, params: Params) -> Response:
        found = [alarm for alarm in self._alarms.all if alarm.region == self._region]
        return {
            "MetricAlarms": [
                {
                    "AlarmName": alarm.resource.name,
                    "StateValue": alarm.state,
                    "AlarmDescription": str(alarm.properties.get("AlarmDescription", "")),
                    "ActionsEnabled": True,
                }
                for alarm in found
                if alarm.resource.name.startswith(params.get("AlarmNamePrefix", ""))
            ]
        }

    def _statistics(self, params: Params) -> Response:
        dimensions = {d["Name"]: d["Value"] for d in params.get("Dimensions", ())}
        metric = Metric.of(params["Namespace"], params["MetricName"], **dimensions)
        (statistic,) = params["Statistics"]
        start, end = params["StartTime"].astimezone(UTC), params["EndTime"].astimezone(UTC)
        value = self._measurements.of(self._region).statistic(metric, statistic, start, end)
        points = [] if value is None else [{"Timestamp": end - timedelta(seconds=1), statistic: value}]
        return {"Datapoints": points}


def put_page_online(internet: Internet, wiring: Wiring, customers: Customers) -> None:
    """CloudFront answers for the status page from its edge, whatever has become of the bucket's Region."""
    address = next((found for f in wiring.functions if (found := f.environment.get("DEFIB_PAGE_URL", ""))), "")
    for distribution in wiring.distributions if address else ():

        def answer(request: Request, from_: Distribution = distribution) -> Answered:
            reply = from_.answer(request.method, request.target, request.headers, customers.files)
            return Answered(reply.code, reply.body, dict(reply.headers))

        internet.host(address.removeprefix("https://"), answer)


def put_apis_online(internet: Internet, wiring: Wiring, gateway: Gateway, breakdowns: Breakdowns) -> None:
    """API Gateway answers for every API from its own Region; among functions the watchtower alone asks."""
    asking = next((f.region for f in wiring.functions if f.word == WATCHTOWER), "")
    for api in wiring.apis if asking else ():
        region = region_of(wiring.function(api.function).arn)

        def answer(request: Request, host: str = api.host) -> Later:
            replies: list[Reply] = []
            asked = HttpRequest(request.method, request.target, request.headers, request.body)
            gateway.request(host, asked, replies.append)
            return Later(lambda: _answered(replies[0]) if replies else None)

        def reached(region: str = region) -> Reached:
            return Reached.SILENT if breakdowns.cuts_off(asking, region) else Reached.YES

        internet.host(api.host, answer, reached)


def _answered(reply: Reply) -> Answered:
    return Answered(reply.code, reply.body, dict(reply.headers))
