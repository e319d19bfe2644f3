from django.urls import path

from alignment.health import views

app_name = "health"
urlpatterns = [
    path("healthz", views.live, name="live"),
    path("readyz", views.ready, name="ready"),
    path("metrics", views.figures, name="metrics"),
    path("settings/operations/", views.operations, name="operations"),
    path("settings/operations/mails/send-all/", views.send_all_again, name="mails-send-all"),
    path("settings/operations/mails/<int:pk>/send/", views.send_again, name="mail-send"),
]
