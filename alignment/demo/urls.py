from django.urls import path

from alignment.demo import views

app_name = "demo"

urlpatterns = [
    path("demo/enter/", views.enter, name="enter"),
    path("demo/mailbox/", views.mailbox, name="mailbox"),
    path("demo/mailbox/<int:pk>/", views.mail, name="mail"),
]
