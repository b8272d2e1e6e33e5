"""What is on now, screens, their classes and groups."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.screens import kind_views, live_views, views

urlpatterns: list[URLPattern] = [
    path("", live_views.overview_page, name="now"),
    path("screens/", views.screen_list, name="screens"),
    path("screens/add/", views.screen_add, name="screen-add"),
    path("screens/<slug:slug>/", views.screen_detail, name="screen"),
    path("screens/<slug:slug>/edit/", views.screen_edit, name="screen-edit"),
    path("screens/<slug:slug>/enrolment/", views.screen_enrolment, name="screen-enrolment"),
    path("screens/<slug:slug>/identify/", views.screen_identify, name="screen-identify"),
    path("screens/<slug:slug>/restart/", views.screen_restart, name="screen-restart"),
    path("screens/<slug:slug>/revoke/", views.screen_revoke, name="screen-revoke"),
    path("screens/<slug:slug>/capture/", views.screen_capture, name="screen-capture"),
    path("screens/<slug:slug>/capture/state/", live_views.screen_capture_state, name="screen-capture-state"),
    path("screens/<slug:slug>/capture.png", live_views.screen_capture_image, name="screen-capture-picture"),
    path("screens/<slug:slug>/screenshot.jpg", live_views.screen_screenshot, name="screen-screenshot"),
    path("screens/<slug:slug>/expected.png", live_views.screen_expected, name="screen-expected"),
    path("screen-classes/", kind_views.screen_class_list, name="screen-classes"),
    path("screen-classes/add/", kind_views.screen_class_add, name="screen-class-add"),
    path("screen-classes/<int:pk>/", kind_views.screen_class_edit, name="screen-class"),
    path("groups/", kind_views.group_list, name="groups"),
    path("groups/add/", kind_views.group_add, name="group-add"),
    path("groups/<int:pk>/", kind_views.group_edit, name="group"),
]
