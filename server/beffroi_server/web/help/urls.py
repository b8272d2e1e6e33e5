"""Address of the help."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.help import views

urlpatterns: list[URLPattern] = [path("help/", views.guide, name="help")]
