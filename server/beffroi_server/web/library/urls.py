"""Addresses of announcements, images and videos."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.library import (
    act_views,
    announcement_list,
    announcement_views,
    archive_views,
    bulk_views,
    category_views,
    media_views,
    picker_views,
    plan_views,
    tag_views,
    thumbnail_views,
    version_views,
)

urlpatterns: list[URLPattern] = [
    path("categories/", category_views.category_list, name="categories"),
    path("categories/<int:pk>/", category_views.category_edit, name="category"),
    path("categories/<int:pk>/delete/", category_views.category_delete, name="category-delete"),
    path("images/", media_views.media_list, name="media"),
    path("images/<int:pk>/", media_views.media_edit, name="media-item"),
    path("images/<int:pk>/delete/", media_views.media_delete, name="media-delete"),
    path("uploads/", picker_views.upload_add, name="upload-add"),
    path("uploads/<uuid:pk>/", picker_views.upload_state, name="upload-state"),
    path("uploads/<uuid:pk>/dismiss/", media_views.upload_dismiss, name="upload-dismiss"),
    path("media/<str:sha256>/", media_views.asset_file, name="asset"),
    path("announcements/", announcement_list.announcement_list, name="announcements"),
    path("announcements/new/", announcement_views.announcement_add, name="announcement-new"),
    path("announcements/preview/", announcement_views.announcement_preview, name="announcement-preview"),
    path("announcements/preview.png", announcement_views.announcement_preview_page, name="announcement-page"),
    path("announcements/<uuid:pk>/thumbnail.webp", thumbnail_views.announcement_thumbnail, name="thumbnail"),
    path("announcements/<uuid:pk>/", announcement_views.announcement_edit, name="announcement"),
    path("announcements/plan/", plan_views.plan_page, name="plan"),
    path("announcements/plan/new/", plan_views.planned_add, name="planned-new"),
    path("announcements/plan/<int:pk>/", plan_views.planned_edit, name="planned"),
    path("announcements/plan/<int:pk>/remove/", plan_views.planned_remove, name="planned-remove"),
    path("announcements/bulk/", bulk_views.announcements_bulk, name="announcements-bulk"),
    path("announcements/tags/", tag_views.tag_list, name="tags"),
    path("announcements/tags/<int:pk>/delete/", tag_views.tag_delete, name="tag-delete"),
    path("announcements/<uuid:pk>/tags/", tag_views.announcement_tags, name="announcement-tags"),
    path("announcements/<uuid:pk>/take-off/", act_views.announcement_take_off, name="announcement-take-off"),
    path("announcements/<uuid:pk>/put-back/", act_views.announcement_put_back, name="announcement-put-back"),
    path("announcements/archive/", archive_views.archive_list, name="archive"),
    path("announcements/<uuid:pk>/archive/", archive_views.announcement_archive, name="announcement-archive"),
    path("announcements/<uuid:pk>/restore/", archive_views.announcement_restore, name="announcement-restore"),
    path("announcements/<uuid:pk>/delete/", archive_views.announcement_delete, name="announcement-delete"),
    path("announcements/<uuid:pk>/versions/", version_views.version_list, name="announcement-versions"),
    path(
        "announcements/<uuid:pk>/versions/<int:number>/restore/", version_views.version_restore, name="version-restore"
    ),
]
