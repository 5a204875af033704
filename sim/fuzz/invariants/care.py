"""Whose an instance is, by its tags: in Defib's care, of which service, or another system's (docs/configuration.md)."""

from __future__ import annotations

from collections.abc import Mapping

from defib.core.policy import Policy, Service

ANOTHERS = (
    "karpenter.sh/",
    "karpenter.k8s.aws/",
    "kubernetes.io/cluster/",
    "KubernetesCluster",
    "eks:",
    "aws:eks:",
    "AmazonECSManaged",
    "aws:ecs:",
    "AWSBatchServiceTag",
    "aws:elasticmapreduce:",
    "elasticbeanstalk:",
    "aws:pcs:",
    "parallelcluster:queue-name",
)
"""How the tags begin that Karpenter, Kubernetes, EKS, ECS, Batch, EMR, Elastic Beanstalk, PCS and ParallelCluster's
queues set."""


def is_opted_in(policy: Policy, tags: Mapping[str, str]) -> bool:
    """Whether its owner wants it in Defib's care: by that very tag, with that very value."""
    return (policy.opt_in.key, policy.opt_in.value) in tags.items()


def service_of(policy: Policy, tags: Mapping[str, str]) -> Service | None:
    """The one of which every key is among its tags, with one of that key's values."""
    for service in policy.services:
        wanted = {(key, value) for key, values in service.match.items() for value in values}
        if len(wanted & tags.items()) == len(service.match):
            return service
    return None


def is_anothers(tags: Mapping[str, str]) -> bool:
    """Whether another system has it in hand."""
    return any(key.startswith(ANOTHERS) for key in tags)
