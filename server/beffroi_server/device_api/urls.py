"""Addresses of the device interface. They use no session: a bearer token identifies the player."""

from __future__ import annotations

from django.urls import path

from beffroi_server.device_api import authority_views, pairing_views, views

urlpatterns = [
    path("enrol", views.enrol_device),
    path("pairings", pairing_views.open_pairing),
    path("pairings/<str:handle>", pairing_views.read_pairing),
    path("pairings/<str:handle>/answer", pairing_views.answer_pairing),
    path("authorities", authority_views.say_authorities),
    path("documents", views.list_documents),
    path("assets/<str:sha256>", views.download_asset),
    path("releases/<str:name>", views.read_release_metadata),
    path("report", views.receive_report),
    path("receipts", views.receive_receipts),
    path("acts", views.receive_acts),
    path("alert-sets", views.receive_alert_sets),
    path("capture", views.receive_capture),
]
