"""Addresses for players. No session and no form: a bearer token says who asks."""

from __future__ import annotations

from django.urls import path

from beffroi_server.screens import device_api

urlpatterns = [
    path("enrol", device_api.enrol),
    path("documents", device_api.documents),
    path("assets/<str:sha256>", device_api.asset),
    path("report", device_api.report),
    path("capture", device_api.capture),
]
