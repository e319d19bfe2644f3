"""Mounted at /api/v1/, before those of the leads: ``leads/`` is shared, and the door for new ones is ours."""

from __future__ import annotations

from django.urls import path

from handoff.api import handoffs, leads

app_name = "handoff-api"

urlpatterns = [
    path("leads/", leads.LeadsAndSubmissionView.as_view(), name="leads"),
    path("leads/batch/", leads.LeadBatchView.as_view(), name="leads-batch"),
    path("handoffs/", handoffs.HandoffsView.as_view(), name="handoffs"),
    path("handoffs/<int:pk>/", handoffs.HandoffView.as_view(), name="handoff"),
    path("handoffs/<int:pk>/accept/", handoffs.AcceptView.as_view(), name="accept"),
    path("handoffs/<int:pk>/reject/", handoffs.RejectView.as_view(), name="reject"),
    path("handoffs/<int:pk>/withdraw/", handoffs.WithdrawView.as_view(), name="withdraw"),
]
