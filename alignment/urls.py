"""The URL map: each app's pages and API, health, documentation."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from alignment import home

handler500 = "alignment.kernel.views.server_error"

urlpatterns = [
    path("", home.home, name="home"),
    path("", include("alignment.health.urls")),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", include("handoff.api.urls")),
    path("api/v1/", include("reviews.api.urls")),
    path("", include("reviews.urls")),
    path("django-admin/", admin.site.urls),
    path("", include("handoff.urls")),
    path("", include("leads.urls")),
]
