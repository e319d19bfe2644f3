"""The pages of measuring and reviewing together."""

from __future__ import annotations

from django.urls import path

from reviews.views import actions, kpis, reviews

app_name = "reviews"

urlpatterns = [
    path("kpis/", kpis.overview, name="kpis"),
    path("kpis/<slug:key>/", kpis.detail, name="kpi"),
    path("kpis/<slug:key>/rows/", kpis.rows, name="kpi-rows"),
    path("kpis/<slug:key>/rows/export/<slug:kind>/", kpis.export, name="kpi-rows-export"),
    path("reviews/", reviews.latest, name="list"),
    path("reviews/<int:pk>/", reviews.detail, name="detail"),
    path("reviews/<int:pk>/exceptions/<int:position>/", reviews.exception, name="exception"),
    path("reviews/<int:pk>/minutes/", reviews.minutes, name="minutes"),
    path("reviews/<int:pk>/close/", reviews.close, name="close"),
    path("reviews/<int:pk>/actions/", actions.add, name="action-add"),
    path("reviews/<int:pk>/actions/export/<slug:kind>/", actions.export, name="action-export"),
    path("reviews/<int:pk>/actions/<int:action_pk>/done/", actions.done, name="action-done"),
    path("reviews/<int:pk>/actions/<int:action_pk>/drop/", actions.drop, name="action-drop"),
]
