"""What whoever has sent the page's form reads next: a page of its own, in the page's language and looks."""

from __future__ import annotations

from defib.core.page.settings import PageSettings
from defib.core.page.subscribing import Answer
from defib.core.page.words import words
from defib.publish.page.html import CONTENT_TYPE, render_alone, style_digest


def answer_page(answer: Answer, settings: PageSettings, url: str) -> str:
    """``url`` is the status page's own address. Holds nothing of what was sent."""
    said = words(settings.language)
    heading, body = {
        Answer.SENT: (said.mail_sent, said.mail_sent_body),
        Answer.WRONG: (said.mail_wrong, said.mail_wrong_body),
        Answer.FULL: (said.mail_full, said.mail_full_body),
        Answer.LATER: (said.mail_later, said.mail_later_body),
    }[answer]
    return render_alone("answer", settings, url=url, heading=heading, body=body)


def headers() -> dict[str, str]:
    """HTTP's: nothing from elsewhere, nothing that runs, in nobody's frame, kept by nobody."""
    policy = f"default-src 'none'; style-src '{style_digest()}'; base-uri 'none'; form-action 'none'"
    return {
        "content-type": CONTENT_TYPE,
        "content-security-policy": f"{policy}; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "strict-transport-security": "max-age=31536000",
        "cache-control": "no-store",
    }
