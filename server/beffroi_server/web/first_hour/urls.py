"""Addresses of the first hour."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.first_hour import views

urlpatterns: list[URLPattern] = [
    path("first-hour/hide/", views.first_hour_hide, name="first-hour-hide"),
    path("starter-set/", views.starter_set_add, name="starter-set"),
    path("try-out/end/", views.try_out_end, name="try-out-end"),
]
