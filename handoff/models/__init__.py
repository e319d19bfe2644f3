"""The models of this app."""

from handoff.models.clocks import Clock, SlaPolicy
from handoff.models.handoffs import Handoff, HandoffEvent, RejectionReason
from handoff.models.routing import RotationSlot, RoutingRule

__all__ = ["Clock", "Handoff", "HandoffEvent", "RejectionReason", "RotationSlot", "RoutingRule", "SlaPolicy"]
