"""Addresses of proof of play."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.plays import export_views, play_views

urlpatterns: list[URLPattern] = [
    path("plays/", play_views.play_totals, name="plays"),
    path("plays/verify/", play_views.verification_help, name="plays-verify"),
    path("plays/export.csv", export_views.totals_csv, name="plays-csv"),
    path("plays/log.jsonl", export_views.display_log, name="plays-log"),
    path("plays/report.pdf", export_views.report_pdf_file, name="plays-pdf"),
    path("screens/<slug:slug>/day/", play_views.screen_day, name="screen-day"),
]
