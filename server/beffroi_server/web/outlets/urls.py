"""Addresses of webhooks and of the settings of the public page."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.outlets import views

urlpatterns: list[URLPattern] = [
    path("outlets/", views.outlet_page, name="outlets"),
    path("outlets/cap/", views.cap_settings, name="cap-settings"),
    path("outlets/webhooks/", views.webhook_add, name="webhook-add"),
    path("outlets/webhooks/<int:pk>/delete/", views.webhook_delete, name="webhook-delete"),
    path("outlets/webhooks/<int:pk>/trial/", views.webhook_trial, name="webhook-trial"),
]
