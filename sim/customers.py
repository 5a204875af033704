"""What customers saw: the status page's documents as the simulated bucket holds them, and the story that they told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from sim.boundary import Boundary, Params, Response
from sim.clock import VirtualTime
from sim.recording import Message, PageFile, PageMoment, PublicUpdate
from sim.wiring import Wiring

MAIN = "index.html"
"""The last document to be laid out: once it is there, all of the page is."""
SUMMARY = "api/v2/summary.json"
INCIDENTS = "api/v2/incidents.json"
SUBSCRIBERS = "subscribers of the status page"


def page_bucket(wiring: Wiring) -> str:
    """The bucket that CloudFront reads; empty where the policy has no status page."""
    return max((function.environment.get("DEFIB_PAGE_BUCKET", "") for function in wiring.functions), default="")


def subscribers_topic(wiring: Wiring) -> str:
    """The topic of those who have subscribed to the page; empty where nobody can."""
    return max((function.environment.get("DEFIB_SUBSCRIBERS_TOPIC", "") for function in wiring.functions), default="")


class Customers:
    """Watches the page's bucket, and reads the page as a customer does each time that it is whole.

    One of them has subscribed to it by e-mail, where customers can, and followed the link.
    """

    def __init__(self, time: VirtualTime, wiring: Wiring, tell: Callable[[str], None]) -> None:
        self._time = time
        self._bucket = page_bucket(wiring)
        self._topic = subscribers_topic(wiring)
        self._tell = tell
        self._files: dict[str, PageFile] = {}
        """By path, as they lie in the bucket now: while a page is being laid out, some are older than others."""
        self.moments: list[PageMoment] = []
        """The page each time that it was laid out, renewals that changed nothing but its age among them."""
        self.updates: list[PublicUpdate] = []
        self.letters: list[Message] = []
        """What subscribers were sent, once each."""
        self._read: set[str] = set()

    @property
    def files(self) -> Mapping[str, PageFile]:
        """What lies in the bucket at this moment, by path."""
        return self._files

    def watch(self, boundary: Boundary) -> None:
        if self._bucket:
            boundary.amend("s3:PutObject", self._put)
        if self._topic:
            boundary.amend("sns:Publish", self._mailed)

    def _mailed(self, params: Params, _: Response) -> None:
        if params["TopicArn"] != self._topic:
            return
        subject, body = str(params["Subject"]), str(params["Message"])
        self.letters.append(Message(self._time.now, "email", SUBSCRIBERS, subject, body, "", ""))
        self._tell(f"subscribers are mailed: {subject}")

    def _put(self, params: Params, _: Response) -> None:
        if params["Bucket"] != self._bucket:
            return
        path = str(params["Key"])
        # botocore has put the bytes into a file by now, and read it to its end.
        self._files[path] = PageFile(params["ContentType"], params["CacheControl"], params["Body"].getvalue())
        if path == MAIN:
            self._look(self._time.now, params["Metadata"]["page"])

    def _look(self, at: datetime, stamp: str) -> None:
        summary = json.loads(self._files[SUMMARY].body)["status"]
        version = int(stamp.partition(" ")[0])
        self.moments.append(PageMoment(at, version, summary["indicator"], summary["description"], dict(self._files)))
        found = [(u, i) for i in json.loads(self._files[INCIDENTS].body)["incidents"] for u in i["incident_updates"]]
        for update, incident in sorted(found, key=lambda pair: str(pair[0]["created_at"])):
            if update["id"] not in self._read:
                self._read.add(update["id"])
                self.updates.append(PublicUpdate(at, update["status"], incident["name"], update["body"]))
                self._tell(f"{update['status']}: {incident['name']}")
