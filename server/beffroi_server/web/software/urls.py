"""Addresses of the versions of players."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.software import views

urlpatterns: list[URLPattern] = [
    path("software/", views.software_page, name="software"),
    path("software/start/", views.rollout_start, name="rollout-start"),
    path("software/<uuid:pk>/<slug:act>/", views.rollout_act, name="rollout-act"),
]
