"""The URL map: each app's pages and API, health, documentation."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from alignment.accounts.views import preferences
from alignment.home import views as home

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # with our limits and second factor
handler404 = "alignment.kernel.views.not_found"
handler500 = "alignment.kernel.views.server_error"

urlpatterns = [
    path("", home.home, name="home"),
    path("", include("alignment.health.urls")),
    path("", include("alignment.demo.urls")),
    path("accounts/", include("alignment.accounts.doors")),
    path("preferences/language/", preferences.language, name="set_language"),
    path("preferences/theme/", preferences.theme, name="set_theme"),
    path("preferences/shortcuts/", preferences.shortcuts, name="set_shortcuts"),
    path("", include("alignment.accounts.urls")),
    path("", include("alignment.exports.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("api/v1/", include("handoff.api.urls")),
    path("api/v1/", include("leads.api.urls")),
    path("api/v1/", include("reviews.api.urls")),
    path("", include("reviews.urls")),
    path("django-admin/", admin.site.urls),
    path("", include("handoff.urls")),
    path("", include("leads.urls")),
]
