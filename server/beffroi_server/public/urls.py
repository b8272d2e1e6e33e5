"""Addresses of the public pages and feeds. They use no session, set no cookie, and are off by default."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.public import alert_views, browser_views, cap_views, feeds, subscription_views, views

urlpatterns: list[URLPattern] = [
    path("", views.announcement_list, name="public-announcements"),
    path("alerts/", alert_views.alert_list, name="public-alerts"),
    path("alerts/<uuid:pk>/", alert_views.alert_page, name="public-alert"),
    path("alerts.atom", alert_views.alerts_atom, name="public-alerts-atom"),
    path("alerts.json", alert_views.alerts_json, name="public-alerts-json"),
    path("embed/", views.embedded_list, name="public-embed"),
    path("feed.atom", feeds.atom_feed, name="public-atom"),
    path("feed.json", feeds.json_feed, name="public-json"),
    path("events.ics", feeds.calendar_feed, name="public-calendar"),
    path("in/<slug:slug>/", views.announcement_list, name="public-announcements-of"),
    path("in/<slug:slug>/embed/", views.embedded_list, name="public-embed-of"),
    path("in/<slug:slug>/feed.atom", feeds.atom_feed, name="public-atom-of"),
    path("in/<slug:slug>/feed.json", feeds.json_feed, name="public-json-of"),
    path("in/<slug:slug>/events.ics", feeds.calendar_feed, name="public-calendar-of"),
    path("cap/feed.atom", cap_views.cap_feed, name="cap-feed"),
    path("cap/certificate.pem", cap_views.cap_certificate, name="cap-certificate"),
    path("cap/<str:identifier>.cap", cap_views.cap_message, name="cap-message"),
    path("alerts-by-mail/", subscription_views.subscribe_page, name="subscribe"),
    path("alerts-by-mail/confirm/<str:token>/", subscription_views.confirm_page, name="subscription-confirm"),
    path("alerts-by-mail/<uuid:pk>/", subscription_views.own_page, name="subscription"),
    path("alerts-by-mail/<uuid:pk>/data.json", subscription_views.own_data, name="subscription-data"),
    path("alerts-by-mail/<uuid:pk>/unsubscribe/", subscription_views.end_page, name="subscription-end"),
    path("alerts-in-browser/", browser_views.browser_page, name="browser"),
    path("alerts-in-browser/subscribe", browser_views.browser_subscribe, name="browser-subscribe"),
    path("alerts-in-browser/stored", browser_views.browser_data, name="browser-data"),
    path("alerts-in-browser/end", browser_views.browser_end, name="browser-end"),
    path("alert-worker.js", browser_views.alert_worker, name="alert-worker"),
    path("alerts.webmanifest", browser_views.app_manifest, name="alerts-manifest"),
    path("<uuid:pk>/", views.announcement_page, name="public-announcement"),
    path("<uuid:pk>/image", views.announcement_image, name="public-image"),
]
