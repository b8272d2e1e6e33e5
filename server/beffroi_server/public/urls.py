"""Addresses of the public pages and feeds. They use no session, set no cookie, and are off by default."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.public import cap_views, feeds, views

urlpatterns: list[URLPattern] = [
    path("", views.announcement_list, name="public-announcements"),
    path("embed/", views.embedded_list, name="public-embed"),
    path("feed.atom", feeds.atom_feed, name="public-atom"),
    path("feed.json", feeds.json_feed, name="public-json"),
    path("events.ics", feeds.calendar_feed, name="public-calendar"),
    path("cap/feed.atom", cap_views.cap_feed, name="cap-feed"),
    path("cap/certificate.pem", cap_views.cap_certificate, name="cap-certificate"),
    path("cap/<str:identifier>.cap", cap_views.cap_message, name="cap-message"),
    path("<uuid:pk>/", views.announcement_page, name="public-announcement"),
    path("<uuid:pk>/image", views.announcement_image, name="public-image"),
]
