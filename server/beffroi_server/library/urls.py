"""Pictures and announcements."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.library import announcement_views as announcements
from beffroi_server.library import picture_views as pictures

urlpatterns: list[URLPattern] = [
    path("pictures/", pictures.pictures, name="pictures"),
    path("pictures/<int:pk>/", pictures.picture, name="picture"),
    path("pictures/<int:pk>/delete/", pictures.picture_delete, name="picture-delete"),
    path("media/<str:sha256>/", pictures.asset, name="asset"),
    path("announcements/", announcements.announcements, name="announcements"),
    path("announcements/new/", announcements.announcement_new, name="announcement-new"),
    path("announcements/preview/", announcements.announcement_preview, name="announcement-preview"),
    path("announcements/preview.png", announcements.announcement_page, name="announcement-page"),
    path("announcements/<uuid:pk>/", announcements.announcement, name="announcement"),
    path("announcements/<uuid:pk>/delete/", announcements.announcement_delete, name="announcement-delete"),
]
