"""Addresses of what needs attention, and of each user's notifications."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.notifications import attention_views, choice_views, server_views

urlpatterns: list[URLPattern] = [
    path("pulse/", attention_views.pulse, name="pulse"),
    path("attention/", attention_views.attention_page, name="attention"),
    path("attention/list/", attention_views.attention_list, name="attention-list"),
    path("attention/server/", server_views.examine_server, name="server-examine"),
    path("attention/acknowledge/", attention_views.acknowledge_all, name="acknowledge-all"),
    path("attention/<int:pk>/acknowledge/", attention_views.acknowledge, name="acknowledge"),
    path("notifications/", choice_views.choice_edit, name="notification-choice"),
    path("notifications/state/", choice_views.way_states, name="notification-state"),
    path("notifications/test/<slug:way>/", choice_views.send_test, name="notification-test"),
    path("notifications/secret/", choice_views.renew_secret, name="webhook-secret"),
    path("notifications/browsers/", choice_views.browser_add, name="browser-add"),
    path("notifications/browsers/<int:pk>/remove/", choice_views.browser_remove, name="browser-remove"),
]
