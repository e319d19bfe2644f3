"""Pages of leads, definitions, deals, campaigns and companies."""

from __future__ import annotations

from django.urls import path

from leads.views import accounts, campaigns, capture_forms, deals, definition_builder, definitions, imports, leads

app_name = "leads"

urlpatterns = [
    path("leads/", leads.listing, name="list"),
    path("leads/<int:pk>/", leads.detail, name="detail"),
    path("leads/<int:pk>/timeline/", leads.timeline, name="timeline"),
    path("leads/<int:pk>/edit/", leads.edit, name="edit"),
    path("leads/<int:pk>/touches/", leads.add_touch, name="touch-add"),
    path("leads/<int:pk>/deals/", deals.open_for_lead, name="deal-open"),
    path("imports/", imports.listing, name="import-list"),
    path("imports/new/", imports.new, name="import-new"),
    path("imports/<int:pk>/", imports.detail, name="import-detail"),
    path("imports/<int:pk>/columns/", imports.columns, name="import-columns"),
    path("imports/<int:pk>/run/", imports.run, name="import-run"),
    path("imports/<int:pk>/cancel/", imports.cancel, name="import-cancel"),
    path("imports/<int:pk>/refused/", imports.refused, name="import-refused"),
    path("deals/", deals.listing, name="deal-list"),
    path("deals/new/", deals.open_new, name="deal-new"),
    path("deals/<int:pk>/", deals.detail, name="deal-detail"),
    path("deals/<int:pk>/edit/", deals.update, name="deal-update"),
    path("deals/<int:pk>/win/", deals.win, name="deal-win"),
    path("deals/<int:pk>/lose/", deals.lose, name="deal-lose"),
    path("definition/", definitions.current, name="definition"),
    path("definition/start/", definitions.start, name="definition-start"),
    path("definition/<int:number>/", definitions.version, name="definition-version"),
    path("definition/<int:number>/edit/", definition_builder.edit, name="definition-edit"),
    path("definition/<int:number>/propose/", definitions.propose, name="definition-propose"),
    path("definition/<int:number>/sign/", definitions.sign, name="definition-sign"),
    path("definition/<int:number>/send-back/", definitions.send_back, name="definition-send-back"),
    path("definition/<int:number>/withdraw/", definitions.withdraw, name="definition-withdraw"),
    path("campaigns/", campaigns.listing, name="campaign-list"),
    path("campaigns/new/", campaigns.new, name="campaign-new"),
    path("campaigns/<int:pk>/", campaigns.edit, name="campaign-edit"),
    path("forms/", capture_forms.listing, name="form-list"),
    path("forms/new/", capture_forms.new, name="form-new"),
    path("forms/<int:pk>/", capture_forms.detail, name="form-detail"),
    path("forms/<int:pk>/edit/", capture_forms.edit, name="form-edit"),
    path("forms/<int:pk>/preview/", capture_forms.preview, name="form-preview"),
    path("forms/<int:pk>/publish/", capture_forms.publish, name="form-publish"),
    path("forms/<int:pk>/close/", capture_forms.close, name="form-close"),
    path("forms/<int:pk>/submissions/", capture_forms.submissions, name="form-submissions"),
    path("forms/submissions/<int:pk>/", capture_forms.submission, name="form-submission"),
    path("companies/", accounts.listing, name="account-list"),
    path("companies/<int:pk>/", accounts.detail, name="account-detail"),
]
