"""Pictures and announcements."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.library import views

urlpatterns: list[URLPattern] = [
    path("pictures/", views.pictures, name="pictures"),
    path("pictures/<int:pk>/", views.picture, name="picture"),
    path("pictures/<int:pk>/delete/", views.picture_delete, name="picture-delete"),
    path("media/<str:sha256>/", views.asset, name="asset"),
    path("announcements/", views.announcements, name="announcements"),
    path("announcements/new/", views.announcement_new, name="announcement-new"),
    path("announcements/preview/", views.announcement_preview, name="announcement-preview"),
    path("announcements/preview.png", views.announcement_page, name="announcement-page"),
    path("announcements/<uuid:pk>/", views.announcement, name="announcement"),
    path("announcements/<uuid:pk>/delete/", views.announcement_delete, name="announcement-delete"),
]
