"""EC2's and the load balancers' endpoint for all who take part: MiniStack's, seen through the hardware that breaks."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from defib.shell.ports import Clock
from tests.e2e import overlay
from tests.e2e.hardware import Call, Hardware

ANSWERS_WITHIN_S = 30
OK = 200
CHANGES = frozenset({"RebootInstances", "StopInstances", "StartInstances", "TerminateInstances"})


class Ec2Proxy:
    """Answers requests to EC2 and to Elastic Load Balancing; ``tell`` hears of every call that changes an instance."""

    def __init__(self, upstream_port: int, hardware: Hardware, clock: Clock, tell: Callable[[str], None]) -> None:
        self._upstream_port = upstream_port
        self._hardware = hardware
        self._clock = clock
        self._tell = tell

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """HTTP status and content for one request."""
        form = parse_qs(body.decode())
        action, now = form["Action"][0], self._clock.now()
        if action == "GetConsoleOutput":
            return OK, overlay.console_output(form, now)
        if action == "GetConsoleScreenshot":
            return OK, overlay.console_screenshot(form)
        if action == "DescribeInstanceAttribute" and form["Attribute"] == ["disableApiStop"]:
            return OK, overlay.stop_protection(form)
        status, content = self._forward(path, headers, body)
        if status != OK:
            return status, content
        if action == "DescribeInstanceStatus":
            return status, overlay.statuses(content, form, self._hardware.machine, now)
        if action == "DescribeInstances":
            return status, overlay.instances(content, form, self._hardware.machine)
        if action == "DescribeTargetHealth":
            return status, overlay.target_health(content, self._hardware.machine)
        if action in CHANGES:
            call = Call(action, overlay.instance_ids(form))
            self._hardware.accepted(call)
            self._tell(f"EC2: {call.action} {' '.join(call.instance_ids)}")
        return status, content

    def _forward(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._upstream_port, timeout=ANSWERS_WITHIN_S)
        with contextlib.closing(connection):
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()


@contextlib.contextmanager
def serving(proxy: Ec2Proxy) -> Iterator[str]:
    """The proxy's URL while it serves."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, content = proxy.answer(self.path, dict(self.headers.items()), body)
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Keep quiet: what matters is told."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
