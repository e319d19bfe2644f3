"""Pages of leads, definitions, deals, campaigns and companies."""

from __future__ import annotations

from django.urls import path

from leads.views import definition_builder, definitions

app_name = "leads"

urlpatterns = [
    path("definition/", definitions.current, name="definition"),
    path("definition/start/", definitions.start, name="definition-start"),
    path("definition/<int:number>/", definitions.version, name="definition-version"),
    path("definition/<int:number>/edit/", definition_builder.edit, name="definition-edit"),
    path("definition/<int:number>/propose/", definitions.propose, name="definition-propose"),
    path("definition/<int:number>/sign/", definitions.sign, name="definition-sign"),
    path("definition/<int:number>/send-back/", definitions.send_back, name="definition-send-back"),
    path("definition/<int:number>/withdraw/", definitions.withdraw, name="definition-withdraw"),
]
