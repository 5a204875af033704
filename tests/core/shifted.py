"""An impaired zone, and shifts of traffic away from it, as far as each has come."""

from __future__ import annotations

from dataclasses import replace

from defib.core.limits import Limits, ZonalShift
from defib.core.policy import TargetGroup
from defib.core.shift import Served, Shift, ShiftAnswer, load_balancer_of
from defib.core.stack import Impairment, Stack
from tests.core.facts import NOON, POLICY, SERVICE, after

A, B = "us-east-1a", "us-east-1b"
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"
GROUP = TargetGroup(ARN, "app/web/50dc6c495c0c9188")
BALANCER = load_balancer_of(GROUP)
LIMITS = Limits(zonal_shift=ZonalShift.START)
STARTS = replace(POLICY, services=(replace(SERVICE, target_groups=(GROUP,)),), limits=LIMITS)
IMPAIRED = Impairment(A, NOON, 40, incident=1)
WANTED = Shift(BALANCER, A, "use1-az4")
CLAIMED = replace(WANTED, ordered_at=NOON, claimed_at=NOON)
SHIFTED = replace(CLAIMED, answer=ShiftAnswer.DONE, id="shift-1", until=after(hours=3), said=ShiftAnswer.DONE)
BY_AWS = replace(CLAIMED, answer=ShiftAnswer.DONE, answered_at=NOON, said=ShiftAnswer.DONE, detail="AWS has")
SERVING = {ARN: {A: Served(5, 2), B: Served(5, 5)}}
STACK = Stack(impaired=(IMPAIRED,), shifts=(CLAIMED,))
