"""Every address of the server: each application lists its own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("device/v1/", include("beffroi_server.device_api.urls")),
    path("", include("beffroi_server.web.urls")),
]
