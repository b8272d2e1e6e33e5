"""Addresses of drills and their reports."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.drills import views

urlpatterns: list[URLPattern] = [
    path("drills/", views.drill_list, name="drills"),
    path("drills/start/", views.drill_start, name="drill-start"),
    path("drills/settings/", views.drill_settings, name="drill-settings"),
    path("drills/<uuid:pk>/", views.drill_report, name="drill"),
]
