"""Addresses of feeds."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.feeds import views

urlpatterns: list[URLPattern] = [
    path("feeds/", views.feed_list, name="feeds"),
    path("feeds/<int:pk>/", views.feed_edit, name="feed"),
    path("feeds/<int:pk>/refresh/", views.feed_refresh, name="feed-refresh"),
    path("feeds/<int:pk>/delete/", views.feed_delete, name="feed-delete"),
]
