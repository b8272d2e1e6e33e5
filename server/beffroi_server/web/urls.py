"""Every address that people open: each application lists its own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(f"beffroi_server.{application}.urls"))
    for application in ("screens", "library", "feeds", "programme", "alerts", "accounts")
]
