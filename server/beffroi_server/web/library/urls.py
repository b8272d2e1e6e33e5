"""Pictures and announcements."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.library import announcement_views as announcements
from beffroi_server.web.library import image_views as pictures

urlpatterns: list[URLPattern] = [
    path("pictures/", pictures.media_list, name="pictures"),
    path("pictures/<int:pk>/", pictures.media_edit, name="picture"),
    path("pictures/<int:pk>/delete/", pictures.media_delete, name="picture-delete"),
    path("media/<str:sha256>/", pictures.asset_file, name="asset"),
    path("announcements/", announcements.announcement_list, name="announcements"),
    path("announcements/new/", announcements.announcement_add, name="announcement-new"),
    path("announcements/preview/", announcements.announcement_preview, name="announcement-preview"),
    path("announcements/preview.png", announcements.announcement_preview_page, name="announcement-page"),
    path("announcements/<uuid:pk>/", announcements.announcement_edit, name="announcement"),
    path("announcements/<uuid:pk>/delete/", announcements.announcement_delete, name="announcement-delete"),
]
