"""Addresses of warnings from outside and of their sources."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.outside_warnings import source_views, warning_views, webhook_views

urlpatterns: list[URLPattern] = [
    path("warnings/", warning_views.warning_list, name="warnings"),
    path("warnings/sources/", source_views.source_list, name="warning-sources"),
    path("warnings/sources/add/", source_views.source_add, name="warning-source-add"),
    path("warnings/sources/<int:pk>/", source_views.source_edit, name="warning-source"),
    path("warnings/sources/<int:pk>/read/", source_views.source_read, name="warning-source-read"),
    path("warnings/sources/<int:pk>/secret/", source_views.source_secret, name="warning-source-secret"),
    path("warnings/sources/<int:pk>/delete/", source_views.source_delete, name="warning-source-delete"),
    path("cap/<str:token>/", webhook_views.receive_cap, name="cap-webhook"),
]
