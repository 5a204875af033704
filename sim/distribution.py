"""The simulated CloudFront: the status page's bucket as a reader's browser gets to see it, as the template says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from sim.clock import SimulatorGap
from sim.recording import PageFile
from sim.template import Resource, Template

FORBIDDEN = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
)
"""What S3 says of what is not there to whoever may not list (S3 API, GetObject, Permissions)."""
READS = frozenset({"GET", "HEAD"})

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What HTTP sends back."""

    code: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What is shown instead of an error of the origin's."""

    code: int
    path: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """One distribution before one bucket."""

    root: str
    """What stands at ``/``; only there, not in folders (CloudFront Developer Guide, default root object)."""
    methods: frozenset[str]
    errors: Mapping[int, ErrorPage]
    headers: Headers
    """Of every answer."""
    cors: Headers
    """Of answers to requests from other origins (CloudFront API, ResponseHeadersPolicyCorsConfig)."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], files: Mapping[str, PageFile]) -> Reply:
        """``target`` is the request's path and query, ``headers`` are by name in lower case.

        S3 has no CORS rules here, so that it refuses a preflight; simple requests need none.
        """
        extra = self.headers + (self.cors if "origin" in headers else ())
        if method not in self.methods:
            return Reply(403, (("content-type", "text/plain"), *extra), b"This method is not allowed.\n")
        path = unquote(target.partition("?")[0]).removeprefix("/") or self.root
        file = files.get(path) if method in READS else None
        if file is not None:
            return _found(file, headers.get("if-none-match", ""), extra)
        page = self.errors.get(403)
        shown = files.get(page.path.removeprefix("/")) if page is not None else None
        if page is None or shown is None:
            return Reply(403, (("content-type", "application/xml"), *extra), FORBIDDEN)
        return Reply(page.code, (*_described(shown), *extra), shown.body)


def _found(file: PageFile, known: str, extra: Headers) -> Reply:
    described = (*_described(file), *extra)
    if known and dict(described)["etag"] in [tag.strip().removeprefix("W/") for tag in known.split(",")]:
        return Reply(304, described, b"")
    return Reply(200, described, file.body)


def _described(file: PageFile) -> Headers:
    # S3's ETag of an object that was put at once is its MD5 (S3 API, Object).
    etag = hashlib.md5(file.body, usedforsecurity=False).hexdigest()
    return (("content-type", file.content_type), ("cache-control", file.cache_control), ("etag", f'"{etag}"'))


def distributions_of(template: Template) -> tuple[Distribution, ...]:
    """Those of the template. Raises SimulatorGap for what is not simulated."""
    return tuple(_distribution(template, resource) for resource in template.of_type("AWS::CloudFront::Distribution"))


def _distribution(template: Template, resource: Resource) -> Distribution:
    settings = resource.properties["DistributionConfig"]
    behaviour = settings["DefaultCacheBehavior"]
    policy = _policy(template, behaviour["ResponseHeadersPolicyId"])
    return Distribution(
        root=settings["DefaultRootObject"],
        methods=frozenset(behaviour["AllowedMethods"]),
        errors={
            int(e["ErrorCode"]): ErrorPage(int(e["ResponseCode"]), e["ResponsePagePath"])
            for e in settings.get("CustomErrorResponses", ())
        },
        headers=tuple(_security(policy["SecurityHeadersConfig"])),
        cors=tuple(_cors(policy["CorsConfig"])),
    )


def _policy(template: Template, reference: str) -> Mapping[str, Any]:
    policies = template.of_type("AWS::CloudFront::ResponseHeadersPolicy")
    found: Resource = next(policy for policy in policies if policy.ref == reference)
    config: Mapping[str, Any] = found.properties["ResponseHeadersPolicyConfig"]
    unknown = set(config) - {"Comment", "Name", "CorsConfig", "SecurityHeadersConfig"}
    if unknown:
        raise SimulatorGap(f"{found.logical_id} has {sorted(unknown)}: sim/distribution.py adds no such headers")
    return config


def _security(config: Mapping[str, Any]) -> Headers:
    """CloudFront API, ResponseHeadersPolicySecurityHeadersConfig."""
    headers: dict[str, str] = {}
    for name, value in config.items():
        match name:
            case "ContentSecurityPolicy":
                headers["content-security-policy"] = value["ContentSecurityPolicy"]
            case "ContentTypeOptions":
                headers["x-content-type-options"] = "nosniff"
            case "FrameOptions":
                headers["x-frame-options"] = value["FrameOption"]
            case "ReferrerPolicy":
                headers["referrer-policy"] = value["ReferrerPolicy"]
            case "StrictTransportSecurity":
                whole = "; includeSubDomains" if value["IncludeSubdomains"] else ""
                headers["strict-transport-security"] = f"max-age={value['AccessControlMaxAgeSec']}{whole}"
            case _:
                raise SimulatorGap(f"{name}: sim/distribution.py knows no such security header")
    return tuple(headers.items())


def _cors(config: Mapping[str, Any]) -> Headers:
    return tuple(
        (f"access-control-allow-{header}", ", ".join(config[key]["Items"]))
        for header, key in (
            ("origin", "AccessControlAllowOrigins"),
            ("methods", "AccessControlAllowMethods"),
            ("headers", "AccessControlAllowHeaders"),
        )
    )
