"""Addresses of the channels."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.channels import views

urlpatterns: list[URLPattern] = [
    path("channels/", views.channel_page, name="channels"),
    path("channels/subscriptions/", views.subscription_settings, name="subscription-settings"),
    path("channels/subscribers.csv", views.subscribers_csv, name="subscribers-csv"),
    path("channels/subscribers/delete/", views.subscriber_delete, name="subscriber-delete"),
    path("channels/<int:pk>/try/", views.channel_try, name="channel-try"),
    path("channels/<int:pk>/switch/", views.channel_switch, name="channel-switch"),
    path("channels/<int:pk>/delete/", views.channel_delete, name="channel-delete"),
    path("alerts/<uuid:pk>/channels/", views.alert_channels, name="alert-channels"),
]
