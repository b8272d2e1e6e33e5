"""Addresses of the overview, of screens, and of their classes and groups."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.fleet import (
    capture_views,
    card_views,
    class_and_group_views,
    contact_views,
    enrolment_views,
    hours_views,
    municipality_views,
    overview_views,
    pairing_views,
    screen_views,
)

urlpatterns: list[URLPattern] = [
    path("", overview_views.overview_page, name="now"),
    path("screens/", screen_views.screen_list, name="screens"),
    path("screen-choices/", screen_views.screen_choices, name="screen-choices"),
    path("screens/add/", screen_views.screen_add, name="screen-add"),
    path("P/<str:code>", pairing_views.pair_scanned, name="pair-scanned"),
    path("pairing/", pairing_views.pair_player, name="pair"),
    path("pairing/<int:pk>/", pairing_views.pairing_state, name="pairing"),
    path("screens/<slug:slug>/", screen_views.screen_detail, name="screen"),
    path("screens/<slug:slug>/problems/", screen_views.screen_problems, name="screen-problems"),
    path("screens/<slug:slug>/edit/", screen_views.screen_edit, name="screen-edit"),
    path("screens/<slug:slug>/hours/", hours_views.screen_hours, name="screen-hours"),
    path("screens/<slug:slug>/contacts/", contact_views.screen_contacts, name="screen-contacts"),
    path("screens/<slug:slug>/contacts/<int:pk>/remove/", contact_views.contact_remove, name="screen-contact-remove"),
    path("screens/<slug:slug>/off/", hours_views.screen_off, name="screen-off"),
    path("screens/<slug:slug>/on/", hours_views.screen_on, name="screen-on"),
    path("screens/<slug:slug>/enrolment/", enrolment_views.screen_enrolment, name="screen-enrolment"),
    path("screens/<slug:slug>/identify/", screen_views.screen_identify, name="screen-identify"),
    path("screens/<slug:slug>/restart/", screen_views.screen_restart, name="screen-restart"),
    path("screens/<slug:slug>/machine/", screen_views.screen_box_choose, name="screen-box-choose"),
    path("screens/<slug:slug>/revoke/", screen_views.screen_revoke, name="screen-revoke"),
    path("screens/<slug:slug>/capture/", capture_views.screen_capture, name="screen-capture"),
    path("screens/<slug:slug>/capture/state/", capture_views.screen_capture_state, name="screen-capture-state"),
    path("screens/<slug:slug>/capture.png", capture_views.screen_capture_image, name="screen-capture-image"),
    path("screens/<slug:slug>/screenshot.jpg", capture_views.screen_screenshot, name="screen-screenshot"),
    path("screens/<slug:slug>/expected.png", capture_views.screen_expected, name="screen-expected"),
    path("cards/", card_views.card_list, name="cards"),
    path("cards/<int:pk>/withdraw/", card_views.card_withdraw, name="card-withdraw"),
    path("screen-classes/", class_and_group_views.screen_class_list, name="screen-classes"),
    path("screen-classes/add/", class_and_group_views.screen_class_add, name="screen-class-add"),
    path("screen-classes/<int:pk>/", class_and_group_views.screen_class_edit, name="screen-class"),
    path("municipalities/", municipality_views.municipality_list, name="municipalities"),
    path("municipalities/add/", municipality_views.municipality_add, name="municipality-add"),
    path("municipalities/choose/", municipality_views.municipality_choose, name="municipality-choose"),
    path("municipalities/<int:pk>/", municipality_views.municipality_edit, name="municipality"),
    path("groups/", class_and_group_views.group_list, name="groups"),
    path("groups/add/", class_and_group_views.group_add, name="group-add"),
    path("groups/<int:pk>/", class_and_group_views.group_edit, name="group"),
]
