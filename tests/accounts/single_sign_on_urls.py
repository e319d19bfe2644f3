"""The URL map of an installation with a sign-on provider."""

from django.urls import include, path

from alignment import urls
from alignment.accounts.doors import SINGLE_SIGN_ON

handler404, handler500 = urls.handler404, urls.handler500
urlpatterns = [*urls.urlpatterns, path("accounts/", include(SINGLE_SIGN_ON))]
