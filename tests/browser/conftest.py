"""The page in a real browser: Debian's headless Chromium, and a server that answers as CloudFront does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from defib.publish.page.html import content_security_policy
from tests.publish.page import gallery
from tests.publish.page.pages import API

REMEDY = "needs Chromium: `apt-get install chromium`, or set CHROMIUM to the path of one"


class Static(SimpleHTTPRequestHandler):
    """Files with the security headers that the distribution adds; says nothing."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", content_security_policy(API))
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
        pass


@pytest.fixture(scope="session")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page in every state, each in a folder of its name."""
    folder = tmp_path_factory.mktemp("page")
    gallery.write(folder)
    return folder


@pytest.fixture(scope="session")
def site(laid_out: Path) -> Iterator[str]:
    """The address under which it lies."""
    with serving(laid_out) as address:
        yield address


class serving:  # noqa: N801 - a context manager that reads as a word
    """Serves a folder on a free port of this machine's own."""

    def __init__(self, folder: Path) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Static, directory=str(folder)))

    def __enter__(self) -> str:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise pytest.UsageError(REMEDY)
    with sync_playwright() as playwright:
        # Containers and root have no sandbox to offer; what is opened is our own.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


Opening = Callable[..., Page]


@pytest.fixture
def opened(chromium: Browser, site: str) -> Iterator[Opening]:
    """Opens the page in a state: ``opened("outage", color_scheme="dark", java_script_enabled=False)``."""
    contexts = []

    def open_it(state: str, path: str = "index.html", at: str | None = None, **options: object) -> Page:
        context = chromium.new_context(timezone_id="America/New_York", locale="en-US", **options)  # type: ignore[arg-type]  # passed on
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        if at is not None:
            page.clock.set_fixed_time(at)
        page.goto(f"{site}/{state}/{path}")
        return page

    yield open_it
    for context in contexts:
        context.close()


def reloaded(page: Page) -> tuple[bytes, list[str], list[str]]:
    """Its document once more, what it asks for on the way, and what the browser complains of."""
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = page.reload()
    page.wait_for_load_state("networkidle")
    assert answer is not None
    return answer.body(), requests, complaints
