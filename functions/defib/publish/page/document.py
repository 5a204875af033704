"""One document of the status page: what is laid out under one path."""

from __future__ import annotations

from defib.core.frozen import dataclass

MAX_AGE_S = 15
"""How long a browser and CloudFront keep a document without asking: what customers read is at most so old."""
STALE_S = 86_400
"""How long they may show it when nobody answers any more: an old page is better than none, and it says its age."""


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes with their path from the page's root, and what HTTP says of them."""

    path: str
    content_type: str
    body: bytes

    @property
    def cache_control(self) -> str:
        """RFC 5861 for the stale parts; CloudFront follows both (CloudFront Developer Guide, Expiration)."""
        return f"public, max-age={MAX_AGE_S}, stale-while-revalidate={MAX_AGE_S * 4}, stale-if-error={STALE_S}"
