"""Mounted at /api/v1/, after those of the handoff, which serves ``leads/`` itself."""

from __future__ import annotations

from django.urls import path

from leads.api import custom_fields, deals, definitions, leads, touch_kinds, touches

app_name = "leads-api"

urlpatterns = [
    path("custom-fields/", custom_fields.CustomFieldsView.as_view(), name="custom-fields"),
    path("leads/<int:pk>/", leads.LeadView.as_view(), name="lead"),
    path("leads/<int:pk>/deals/", deals.LeadDealsView.as_view(), name="lead-deals"),
    path("touches/batch/", touches.TouchBatchView.as_view(), name="touches-batch"),
    path("touch-kinds/", touch_kinds.TouchKindsView.as_view(), name="touch-kinds"),
    path("definitions/", definitions.DefinitionsView.as_view(), name="definitions"),
    path("definitions/<int:number>/", definitions.DefinitionView.as_view(), name="definition"),
    path("deals/", deals.DealsView.as_view(), name="deals"),
    path("deals/<int:pk>/", deals.DealView.as_view(), name="deal"),
    path("deals/<int:pk>/win/", deals.WinView.as_view(), name="deal-win"),
    path("deals/<int:pk>/lose/", deals.LoseView.as_view(), name="deal-lose"),
]
