"""Alerts, their history, and scenarios."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.alerts import scenario_views, views

urlpatterns: list[URLPattern] = [
    path("alerts/", views.alert_list, name="alerts"),
    path("alerts/choose/", views.scenario_choice, name="alert-choose"),
    path("alerts/new/", views.alert_new, name="alert-new"),
    path("alerts/preview/", views.alert_preview, name="alert-preview"),
    path("alerts/preview.png", views.alert_preview_page, name="alert-page"),
    path("alerts/<uuid:pk>/", views.alert_detail, name="alert"),
    path("alerts/<uuid:pk>/receipts/", views.alert_receipts, name="alert-receipts"),
    path("alerts/<uuid:pk>/extend/", views.alert_extend, name="alert-extend"),
    path("alerts/<uuid:pk>/end/", views.alert_end, name="alert-end"),
    path("alerts/<uuid:pk>/withdraw/", views.alert_withdraw, name="alert-withdraw"),
    path("scenarios/", scenario_views.scenario_list, name="scenarios"),
    path("scenarios/new/", scenario_views.scenario_new, name="scenario-new"),
    path("scenarios/<int:pk>/", scenario_views.scenario_edit, name="scenario"),
    path("scenarios/<int:pk>/delete/", scenario_views.scenario_delete, name="scenario-delete"),
]
