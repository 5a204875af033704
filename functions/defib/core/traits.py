"""What of an instance decides whether a stop would destroy something, and whether a start would help."""

from __future__ import annotations

from defib.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Traits:
    """From DescribeInstances; the last ones cost two calls of their own and are read only when a stop is near."""

    auto_public_ip: str = ""
    """A public IPv4 address that AWS assigned and takes back at a stop; empty with an Elastic IP address or none
    (AWSEC2 API, InstanceNetworkInterfaceAssociation, IpOwnerId ``amazon``)."""
    regains_public_ip: bool = True
    """Whether a start gives it another in its place: not where it has more than one network interface, or an Elastic IP
    address on a secondary private one (AWSEC2 UserGuide, Public IPv4 addresses)."""
    addresses: tuple[str, ...] = ()
    """Its private addresses, IPv6 ones included."""
    by_address: tuple[str, ...] = ()
    """The target groups of its service that have one of these for a target; those that have its id are no trait."""
    managed_by: str = ""
    """The AWS service that manages it in its owner's name, such as ``eks.amazonaws.com``: others may not stop it
    (AWSEC2 API, OperatorResponse; AWSEC2 UserGuide, Amazon EC2 managed instances)."""
    architecture: str = ""
    """Such as ``arm64``; what another instance type must support too."""
    windows: bool = False
    hibernation: bool = False
    """Configured for hibernation: its instance type can't be changed (AWSEC2 UserGuide, Hibernate)."""
    dedicated_host: str = ""
    """The id of the Dedicated Host that it has affinity with: every start puts it there again (AWSEC2 API,
    ModifyInstancePlacement, Affinity)."""
    placement_group: str = ""
    auto_recovery: bool = False
    """EC2 may recover it by itself when its host fails: simplified automatic recovery is on, and nothing that
    DescribeInstances shows rules it out (AWSEC2 UserGuide, Automatic instance recovery)."""
    started_again: bool = False
    """It was launched once, and has been stopped and started since: its primary network interface, which can't be
    detached, was attached before (AWSEC2 UserGuide, Elastic network interfaces)."""
    instance_store: bool | None = None
    """Its type has instance-store volumes, whose data a stop loses; None: not known."""
    stop_protected: bool | None = None
    """EC2 refuses to stop it by API (AWSEC2 UserGuide, Enable stop protection); None: not known."""
    unread: str = ""
    """Why the two above could not be read; empty when they were, or when nobody asked since no stop seemed near."""
    unanswered: bool = False
    """Nothing answered when they were asked for: the next look may read them."""

    @property
    def known(self) -> bool:
        """Whether it is known what a stop would destroy; until then nothing is stopped."""
        return self.instance_store is not None and self.stop_protected is not None


NO_TRAITS = Traits()
