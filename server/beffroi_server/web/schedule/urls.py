"""Addresses of playlists, schedule rules, calendars and the week of a screen."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.schedule import (
    calendar_views,
    charter_views,
    entry_views,
    layout_views,
    placement_views,
    playlist_views,
    programme_views,
    proposal_views,
    rule_list,
    rule_views,
)

urlpatterns: list[URLPattern] = [
    path("playlists/", playlist_views.playlist_list, name="playlists"),
    path("playlists/<int:pk>/", playlist_views.playlist_detail, name="playlist"),
    path("playlists/<int:pk>/rename/", playlist_views.playlist_rename, name="playlist-rename"),
    path("playlists/<int:pk>/fill/", playlist_views.playlist_auto_fill, name="playlist-fill"),
    path("playlists/<int:pk>/delete/", playlist_views.playlist_delete, name="playlist-delete"),
    path("playlists/<int:pk>/add/", entry_views.entry_add, name="entry-add"),
    path("playlists/<int:pk>/order/", entry_views.entries_order, name="entries-order"),
    path("playlists/<int:pk>/selected/", entry_views.entries_selected, name="entries-selected"),
    path("entries/<int:pk>/", entry_views.entry_edit, name="entry"),
    path("entries/<int:pk>/move/", entry_views.entry_move, name="entry-move"),
    path("entries/<int:pk>/remove/", entry_views.entry_remove, name="entry-remove"),
    path("proposals/", proposal_views.proposal_list, name="proposals"),
    path("proposals/<int:pk>/approve/", proposal_views.proposal_approve, name="proposal-approve"),
    path("proposals/<int:pk>/decline/", proposal_views.proposal_decline, name="proposal-decline"),
    path("proposals/<int:pk>/withdraw/", proposal_views.proposal_withdraw, name="proposal-withdraw"),
    path("charter/", charter_views.charter_page, name="charter"),
    path("charter/new/", charter_views.charter_rule_add, name="charter-rule-new"),
    path("charter/<int:pk>/", charter_views.charter_rule_edit, name="charter-rule"),
    path("charter/<int:pk>/delete/", charter_views.charter_rule_delete, name="charter-rule-delete"),
    path("schedule/", rule_list.rule_list, name="rules"),
    path("schedule/calendars/", calendar_views.calendar_list, name="calendars"),
    path("schedule/calendars/imports/<int:pk>/", calendar_views.calendar_import, name="calendar-import"),
    path("schedule/calendars/<int:pk>/delete/", calendar_views.calendar_delete, name="calendar-delete"),
    path("screens/<slug:slug>/week/", calendar_views.screen_week, name="screen-week"),
    path("screens/<slug:slug>/layout/", layout_views.screen_layout, name="screen-layout"),
    path("groups/<int:pk>/layout/", layout_views.group_layout, name="group-layout"),
    path("layout/", layout_views.town_layout, name="town-layout"),
    path("layout/preview.png", layout_views.layout_image, name="layout-image"),
    path("calendar/", programme_views.programme, name="programme"),
    path("schedule/new/", rule_views.rule_add, name="rule-new"),
    path("schedule/sentence/", rule_views.rule_form_summary, name="rule-sentence"),
    path("schedule/shares/", rule_views.rule_share_list, name="rule-shares"),
    path("schedule/outlook/", placement_views.placement_outlook, name="placement-outlook"),
    path("schedule/outlook/<uuid:pk>/", placement_views.placement_outlook, name="placement-outlook-of"),
    path("schedule/<int:pk>/", rule_views.rule_edit, name="rule"),
    path("schedule/<int:pk>/delete/", rule_views.rule_delete, name="rule-delete"),
]
