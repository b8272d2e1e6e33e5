"""Addresses of the operators' pages; each area lists its own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(f"beffroi_server.web.{area}.urls"))
    for area in (
        "fleet",
        "plays",
        "library",
        "feeds",
        "schedule",
        "alerts",
        "outside_warnings",
        "drills",
        "software",
        "notifications",
        "accounts",
        "first_hour",
        "help",
        "outlets",
        "channels",
    )
]
