from django.urls import path

from alignment.health import views

app_name = "health"
urlpatterns = [
    path("healthz", views.live, name="live"),
    path("readyz", views.ready, name="ready"),
]
