"""A page as an HTTP response: escaped, without a script, remembered by nobody on its way."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup

from defib.answer.router import METHODS
from defib.core.answer.name import NAME_MAX
from defib.core.answer.page import Page, Tone

TEMPLATES = Path(__file__).parent / "templates"
RETRY_AFTER_S = 5

_CIRCLE = "M10 1a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z"
SHAPES = {
    Tone.ASKS: f"{_CIRCLE}M10 4.4c1.9 0 3.3 1.2 3.3 2.9 0 1.2-.6 1.9-1.4 2.5-.7.5-.9.8-.9 1.5v.3H9v-.4c0-1.3.5-2 "
    "1.4-2.6.6-.5.9-.8.9-1.3 0-.6-.5-1-1.3-1s-1.4.5-1.5 1.3h-2C6.7 5.6 8 4.4 10 4.4ZM9 13.2h2v2H9Z",
    Tone.DONE: f"{_CIRCLE}M8.8 14.2 4.6 10l1.5-1.5 2.7 2.7 5.1-5.2L15.4 7.5Z",
    Tone.OVER: f"{_CIRCLE}M5 9h10v2H5Z",
    Tone.WRONG: "M10 1.2 19.6 18H.4ZM9 7h2v6H9ZM9 14.2h2v2H9Z",
}
"""What stands within an SVG of 20 by 20: each tone has a shape of its own."""


def response(method: str, page: Page) -> dict[str, Any]:
    """What the function answers to API Gateway (Developer Guide, payload format version 2.0)."""
    headers = dict(_headers())
    if page.code == 405:
        headers["allow"] = ", ".join(METHODS)
    if page.code == 503:
        headers["retry-after"] = str(RETRY_AFTER_S)
    body = "" if method == "HEAD" else html(page)
    return {"statusCode": page.code, "headers": headers, "body": body, "isBase64Encoded": False}


def html(page: Page) -> str:
    """The page as a document that needs nothing but itself."""
    return _template().render(
        page=page,
        shape=SHAPES[page.tone],
        name_max=NAME_MAX,
        style=Markup(_style()),  # noqa: S704 - a file of ours
    )


@cache
def _headers() -> dict[str, str]:
    style = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": f"default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'",
        "cache-control": "no-store",
        # The address is the right to answer: it must not travel on to any other site.
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "x-robots-tag": "noindex, nofollow",
        "strict-transport-security": "max-age=31536000",
    }


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )
    return environment.get_template("page.html.j2")


@cache
def _style() -> str:
    return (TEMPLATES / "style.css").read_text(encoding="utf-8").replace("\n", "")
