"""Pages of leads, definitions, deals, campaigns and companies."""

from __future__ import annotations

from django.urls import path

from leads.views import (
    accounts,
    campaigns,
    company_duplicates,
    deals,
    definition_builder,
    definitions,
    duplicates,
    imports,
    leads,
)

app_name = "leads"

urlpatterns = [
    path("leads/", leads.listing, name="list"),
    path("leads/duplicates/", duplicates.listing, name="duplicate-list"),
    path("leads/duplicates/<int:pk>/dismiss/", duplicates.dismiss, name="duplicate-dismiss"),
    path("leads/merges/<int:pk>/undo/", duplicates.unmerge, name="unmerge"),
    path("leads/<int:pk>/", leads.detail, name="detail"),
    path("leads/<int:pk>/merge/", duplicates.choose, name="merge-choose"),
    path("leads/<int:pk>/merge/<int:other>/", duplicates.compare, name="merge"),
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
    path("imports/<int:pk>/undo/", imports.undo, name="import-undo"),
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
    path("companies/", accounts.listing, name="account-list"),
    path("companies/duplicates/", company_duplicates.listing, name="company-duplicate-list"),
    path("companies/duplicates/<int:pk>/dismiss/", company_duplicates.dismiss, name="company-duplicate-dismiss"),
    path("companies/merges/<int:pk>/undo/", company_duplicates.unmerge, name="company-unmerge"),
    path("companies/<int:pk>/", accounts.detail, name="account-detail"),
    path("companies/<int:pk>/merge/", company_duplicates.choose, name="company-merge-choose"),
    path("companies/<int:pk>/merge/<int:other>/", company_duplicates.compare, name="company-merge"),
]
