"""Root of the URL configuration: the device interface, the REST API and the operators' pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from beffroi_server.api import metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("device/v1/", include("beffroi_server.device_api.urls")),
    path("api/v1/", include("beffroi_server.api.urls")),
    path("public/", include("beffroi_server.public.urls")),
    path("metrics", metrics.serve_metrics),
    path("health", metrics.serve_health),
    path("health/ready", metrics.serve_readiness),
    path("", include("beffroi_server.web.urls")),
]

handler500 = "beffroi_server.web.storage_pages.server_error"
