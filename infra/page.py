"""The status page: a private bucket behind CloudFront, and the queue by which it follows Defib's incidents.

No reader's browser ever calls a function: what is served are files, which stay readable when all else is down.
"""

from __future__ import annotations

from typing import cast

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from defib.core.asking import EVENT_SOURCE, PUBLISH_TYPE
from defib.core.page.settings import PageSettings
from defib.publish.page.html import content_security_policy
from infra.acknowledgments import acknowledge
from infra.set_aside import SetAside
from infra.signals import EVENT_AGE, EVENT_ATTEMPTS, THIS_ACCOUNT, Queue
from infra.stashboard import SUBSCRIBE_PATH, PageApi, StashboardSecret
from infra.subscribers import SUBSCRIBERS, Subscribers

OLD_VERSIONS_KEPT = Duration.days(30)
"""How long what was overwritten can be restored: each put makes a version."""

A_YEAR = Duration.days(365)

CONNECT_WITHIN = Duration.seconds(3)
"""How long CloudFront waits for a connection; by default three times 10 s (CloudFront API, Origin)."""

ANSWER_WITHIN_S = 5
"""How long it waits for S3's answer; by default 30 s (CloudFront API, S3OriginConfig)."""


class Files(Construct):
    """A private bucket for the page's documents. ETags are MD5 sums, which the layout relies on: no KMS key."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str | None = None) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            lifecycle_rules=[s3.LifecycleRule(id="forget", noncurrent_version_expiration=OLD_VERSIONS_KEPT)],
            cors=[
                # Any page may read it, with whatever headers: without rules S3 refuses to say so beforehand
                # (S3 API, RESTOPTIONSobject).
                s3.CorsRule(
                    allowed_origins=["*"],
                    allowed_headers=["*"],
                    allowed_methods=[s3.HttpMethods.GET, s3.HttpMethods.HEAD],
                    max_age=86_400,
                )
            ],
            # Of a first deploy that fails nothing is left: one with a name of its own would be in the way of the next.
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        acknowledge(self.bucket, "S1", "Only the page function writes here, and what is read is public.")


class PageCopyStack(Stack):
    """The page's copy in another Region, which CloudFront shows when the first does not answer."""

    def __init__(self, scope: Construct, construct_id: str, *, region: str) -> None:
        super().__init__(
            scope,
            construct_id,
            env={"region": region},
            description="Defib: a copy of the status page in another Region.",
            analytics_reporting=False,
        )
        files = Files(self, "Files", name=copy_name(region))
        files.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CloudFrontReads",
                actions=["s3:GetObject"],
                resources=[files.bucket.arn_for_objects("*")],
                principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
                # The distribution belongs to the other stack; what else in this account may read is public anyway.
                conditions={
                    "ArnLike": {"aws:SourceArn": f"arn:{Aws.PARTITION}:cloudfront::{Aws.ACCOUNT_ID}:distribution/*"}
                },
            )
        )


def copy_name(region: str) -> str:
    """Both stacks must know it, and neither can ask the other across Regions."""
    return f"defib-page-{Aws.ACCOUNT_ID}-{region}"


class Distribution(Construct):
    """CloudFront before the files: TLS only, security headers, an old page rather than none."""

    def __init__(
        self, scope: Construct, construct_id: str, *, files: Files, settings: PageSettings, form_action: str
    ) -> None:
        super().__init__(scope, construct_id)
        certificate = (
            acm.Certificate.from_certificate_arn(self, "Certificate", settings.certificate)
            if settings.certificate
            else None
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"Defib: status page of {settings.title}"[:128],
            default_root_object="index.html",
            domain_names=[settings.domain] if settings.domain else None,
            certificate=certificate,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            default_behavior=cloudfront.BehaviorOptions(
                origin=self._origin(files, settings.failover_region),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
                compress=True,
                cache_policy=self._cache(),
                origin_request_policy=cloudfront.OriginRequestPolicy.CORS_S3_ORIGIN,
                response_headers_policy=self._headers(form_action),
            ),
            # S3 says "forbidden" of what is not there to whoever may not list.
            error_responses=[
                cloudfront.ErrorResponse(
                    http_status=status,
                    response_http_status=404,
                    response_page_path="/404.html",
                    ttl=Duration.seconds(10),
                )
                for status in (403, 404)
            ],
        )
        self._answer_soon(2 if settings.failover_region else 1)
        self.url = f"https://{settings.domain or self.distribution.distribution_domain_name}"
        acknowledge(self.distribution, "CFR1", "A status page is for everybody, wherever they are.")
        acknowledge(self.distribution, "CFR2", "Static files; CloudFront itself absorbs floods (AWS Shield Standard).")
        acknowledge(self.distribution, "CFR3", "Who reads a public page is nobody's business.")
        if not settings.domain:
            acknowledge(self.distribution, "CFR4", "CloudFront sets its own policy where there is no certificate.")

    def _answer_soon(self, how_many: int) -> None:
        distribution = cast("cloudfront.CfnDistribution", self.distribution.node.default_child)
        for number in range(how_many):
            # The CDK's own origins of S3 have no word for it.
            waits = f"DistributionConfig.Origins.{number}.S3OriginConfig.OriginReadTimeout"
            distribution.add_property_override(waits, ANSWER_WITHIN_S)

    def _origin(self, files: Files, failover_region: str) -> cloudfront.IOrigin:
        access = cloudfront.S3OriginAccessControl(
            self, "Access", origin_access_control_name=self._name(), signing=cloudfront.Signing.SIGV4_ALWAYS
        )
        first = origins.S3BucketOrigin.with_origin_access_control(
            files.bucket, origin_access_control=access, connection_attempts=1, connection_timeout=CONNECT_WITHIN
        )
        if not failover_region:
            return first
        copy = s3.Bucket.from_bucket_attributes(
            self, "Copy", bucket_name=copy_name(failover_region), region=failover_region
        )
        return origins.OriginGroup(
            primary_origin=first,
            fallback_origin=origins.S3BucketOrigin.with_origin_access_control(
                copy, origin_access_control=access, connection_attempts=2, connection_timeout=CONNECT_WITHIN
            ),
            fallback_status_codes=[500, 502, 503, 504],
        )

    def _name(self) -> str:
        """For what is named once in an account, in whose other Regions Defib may stand too."""
        return f"{Stack.of(self).stack_name}-status-page-{Stack.of(self).region}"

    def _cache(self) -> cloudfront.CachePolicy:
        """As each document's Cache-Control says."""
        return cloudfront.CachePolicy(
            self,
            "Cache",
            comment="Defib: as the documents of the status page say",
            min_ttl=Duration.seconds(0),
            default_ttl=Duration.seconds(15),
            max_ttl=Duration.days(1),
            enable_accept_encoding_brotli=True,
            enable_accept_encoding_gzip=True,
        )

    def _headers(self, form_action: str) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            response_headers_policy_name=self._name(),
            comment="Defib: nothing from elsewhere in, everything readable by anyone",
            cors_behavior=cloudfront.ResponseHeadersCorsBehavior(
                access_control_allow_origins=["*"],
                access_control_allow_headers=["*"],
                access_control_allow_methods=["GET", "HEAD", "OPTIONS"],
                access_control_allow_credentials=False,
                origin_override=True,
            ),
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=content_security_policy(form_action), override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.STRICT_ORIGIN, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=A_YEAR, include_subdomains=False, override=True
                ),
            ),
        )


class StatusPage(Construct):
    """Where the page lies, how it is read, and the queue by which it is made anew.

    ``api`` is for those who subscribe or speak Stashboard's API: None where the settings have neither.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: PageSettings,
        set_aside: SetAside,
        api: PageApi | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.files = Files(self, "Files")
        self.kept_subscribers = Subscribers(self, SUBSCRIBERS, settings=settings)
        self.subscribers = self.kept_subscribers if settings.subscribe else None
        """None where nobody may subscribe, and nobody who has is told anything."""
        form = api.url if api is not None and settings.subscribe else ""
        self.subscribe_at = f"{form}{SUBSCRIBE_PATH}" if form else ""
        self.distribution = Distribution(
            self,
            "Distribution",
            files=self.files,
            settings=settings,
            form_action=form or "'none'",
        )
        self.copy = copy_name(settings.failover_region) if settings.failover_region else ""
        self.secret = StashboardSecret(self, "Stashboard").secret if settings.api else None
        """None where nobody writes to the page by the Stashboard API."""
        # FIFO for its deduplication: what is said twice is done once. Each turn is a group of its own.
        self.queue = Queue(self, "Turns", feeds="page", set_aside=set_aside, kept_for=Duration.hours(1), in_order=True)
        events.Rule(
            self,
            "PublishRule",
            description="A person publishes a draft of the status page",
            event_pattern=events.EventPattern(account=THIS_ACCOUNT, source=[EVENT_SOURCE], detail_type=[PUBLISH_TYPE]),
            targets=[
                targets.SqsQueue(
                    self.queue.queue,
                    message_group_id="publish",
                    dead_letter_queue=set_aside.undelivered,
                    max_event_age=EVENT_AGE,
                    retry_attempts=EVENT_ATTEMPTS,
                )
            ],
        )
