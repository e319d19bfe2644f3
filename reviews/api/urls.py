"""Mounted at /api/v1/."""

from __future__ import annotations

from django.urls import path

from reviews.api import kpis

app_name = "reviews-api"

urlpatterns = [
    path("kpis/", kpis.KpisView.as_view(), name="kpis"),
    path("kpis/<slug:key>/rows/", kpis.KpiRowsView.as_view(), name="kpi-rows"),
]
