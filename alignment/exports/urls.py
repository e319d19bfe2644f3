from django.urls import path

from alignment.exports.views import lists

app_name = "exports"
urlpatterns = [
    path("settings/exports/", lists.listing, name="list"),
    path("settings/exports/export/<slug:kind>/", lists.export, name="export"),
    path("settings/people/export/<slug:kind>/", lists.people, name="people"),
]
