"""Addresses for players. No session and no form: a bearer token says who asks."""

from __future__ import annotations

from django.urls import path

from beffroi_server.screens import device_api

urlpatterns = [
    path("enrol", device_api.enrol_device),
    path("documents", device_api.list_documents),
    path("assets/<str:sha256>", device_api.download_asset),
    path("report", device_api.receive_report),
    path("capture", device_api.receive_capture),
]
