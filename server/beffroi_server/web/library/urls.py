"""Pictures and announcement_views."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.library import announcement_views, category_views, media_views

urlpatterns: list[URLPattern] = [
    path("categories/", category_views.category_list, name="categories"),
    path("categories/<int:pk>/", category_views.category_edit, name="category"),
    path("categories/<int:pk>/delete/", category_views.category_delete, name="category-delete"),
    path("images/", media_views.media_list, name="media"),
    path("images/<int:pk>/", media_views.media_edit, name="media-item"),
    path("images/<int:pk>/delete/", media_views.media_delete, name="media-delete"),
    path("uploads/<uuid:pk>/dismiss/", media_views.upload_dismiss, name="upload-dismiss"),
    path("media/<str:sha256>/", media_views.asset_file, name="asset"),
    path("announcements/", announcement_views.announcement_list, name="announcements"),
    path("announcements/new/", announcement_views.announcement_add, name="announcement-new"),
    path("announcements/preview/", announcement_views.announcement_preview, name="announcement-preview"),
    path("announcements/preview.png", announcement_views.announcement_preview_page, name="announcement-page"),
    path("announcements/<uuid:pk>/", announcement_views.announcement_edit, name="announcement"),
    path("announcements/<uuid:pk>/delete/", announcement_views.announcement_delete, name="announcement-delete"),
]
