"""Whose machine it is: others may be in charge of stopping and starting it."""

from __future__ import annotations

from collections.abc import Mapping

from defib.core.case import Action
from defib.core.guards.question import CUTS_POWER, Question, Refusal

OWNERS: Mapping[str, str] = {
    "karpenter.sh/nodepool": "Karpenter",
    "karpenter.sh/nodeclaim": "Karpenter",
    "karpenter.sh/provisioner-name": "Karpenter",
    "karpenter.k8s.aws/ec2nodeclass": "Karpenter",
    "eks:kubernetes-node-pool-name": "Amazon EKS",
    "eks:cluster-name": "Amazon EKS",
    "eks:eks-cluster-name": "Amazon EKS",
    "eks:nodegroup-name": "Amazon EKS",
    "aws:eks:cluster-name": "Amazon EKS",
    "KubernetesCluster": "Kubernetes",
    "AmazonECSManaged": "Amazon ECS",
    "aws:ecs:clusterName": "Amazon ECS",
    "AWSBatchServiceTag": "AWS Batch",
    "aws:elasticmapreduce:job-flow-id": "Amazon EMR",
    "elasticbeanstalk:environment-id": "AWS Elastic Beanstalk",
    "elasticbeanstalk:environment-name": "AWS Elastic Beanstalk",
    "aws:pcs:cluster-id": "AWS PCS",
    "aws:pcs:compute-node-group-id": "AWS PCS",
    "parallelcluster:queue-name": "AWS ParallelCluster",
}
"""Tag keys by which instances are known to be another system's, whatever the value.

Karpenter: pkg/apis/v1/labels.go (NodePoolTagKey, NodeClaimTagKey, NodeClassTagKey, EKSClusterNameTagKey), and
``provisioner-name`` before v0.32. EKS: EC2 User Guide, Capacity Manager (tags that AWS provides), and EKS User Guide,
Tag your Amazon EKS resources; a node pool's tag is EKS Auto Mode's. ECS: ECS Developer Guide, Capacity providers.
Batch: AWS Batch User Guide, AWS managed policies (BatchServiceRolePolicy may terminate only what carries its tag).
EMR: EMR Management Guide, Tag clusters. Beanstalk: Elastic Beanstalk Developer Guide, Tagging your environment's
resources. PCS: AWS PCS User Guide, Finding compute node group instances. ParallelCluster: AWS ParallelCluster User
Guide, View tags; a queue's name is on compute nodes only, which the cluster replaces, and not on the head node, which
nobody does. ``KubernetesCluster`` is cloud-provider-aws's legacy tag.
"""

CLUSTER_TAG = "kubernetes.io/cluster/"
"""The beginning of the tag key of a Kubernetes node; the cluster's name follows (cloud-provider-aws, Prerequisites)."""


def owned_by_others(asked: Question) -> Refusal | None:
    """What a cluster manager has in hand it drains, replaces or repairs by itself: a stop would only confuse it."""
    operator = asked.observation.traits.managed_by
    if operator:
        return Refusal(
            "owned_by_others",
            f"EC2 says that {operator} manages it, so hands off; let that repair or replace it, or take the opt-in tag "
            "off it",
        )
    tags = asked.observation.tags
    found = next(((key, owner) for key, owner in OWNERS.items() if key in tags), None)
    if found is None:
        found = next(((key, "Kubernetes") for key in sorted(tags) if key.startswith(CLUSTER_TAG)), None)
    if found is None:
        return None
    key, owner = found
    return Refusal(
        "owned_by_others",
        f"it belongs to {owner} (tag {key}={tags[key]}), so hands off; let {owner} repair or replace it, "
        "or take the opt-in tag off it",
    )


INTERRUPTED = frozenset({"Server.SpotInstanceShutdown", "Server.SpotInstanceTermination"})
"""StateReason codes of a spot interruption (AWSEC2 UserGuide, Find interrupted Spot Instances)."""


def spot_interrupted(asked: Question) -> Refusal | None:
    """Only EC2 can restart what it interrupted, when there is capacity (AWSEC2 UserGuide, interruption-behavior)."""
    facts = asked.observation
    if asked.action not in CUTS_POWER | {Action.START} or facts.lifecycle != "spot":
        return None
    if facts.state_reason_code not in INTERRUPTED:
        return None
    return Refusal(
        "spot_interrupted",
        f"EC2 interrupted this spot instance ({facts.state_reason_code}), and only EC2 can start it again; it does so "
        "when there is capacity. Launch another if you need it sooner",
    )


def spot(asked: Question) -> Refusal | None:
    """A one-time spot request can't be stopped (AWSEC2 UserGuide, Stop a Spot Instance).

    Nor is it known of a stopped one that EC2 would let anyone start it.
    """
    if asked.observation.lifecycle != "spot" or asked.action not in CUTS_POWER | {Action.START}:
        return None
    if asked.action is Action.START:
        return Refusal("spot", "it is a spot instance, which EC2 starts by itself if its request is persistent")
    return Refusal(
        "spot",
        "it is a spot instance: one of a one-time request can't be stopped, and none is sure to start; replace it",
    )
