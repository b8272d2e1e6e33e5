"""Addresses of alerts, their history, and scenarios."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.alerts import (
    alert_views,
    broadcast_views,
    dossier_views,
    on_call_views,
    plan_views,
    proposal_views,
    restoration_views,
    scenario_views,
)

urlpatterns: list[URLPattern] = [
    path("alerts/", alert_views.alert_list, name="alerts"),
    path("alerts/choose/", broadcast_views.scenario_choice, name="alert-choose"),
    path("alerts/new/", broadcast_views.alert_new, name="alert-new"),
    path("alerts/preview/", broadcast_views.alert_preview, name="alert-preview"),
    path("alerts/preview.png", broadcast_views.alert_preview_page, name="alert-page"),
    path("alerts/restoration/", restoration_views.restoration_page, name="alert-restoration"),
    path("alerts/restoration/close/", restoration_views.restoration_close, name="restoration-close"),
    path("alerts/take-off/", restoration_views.alert_take_off, name="alert-take-off"),
    path("alerts/planned/", plan_views.plan_list, name="planned-alerts"),
    path("alerts/planned/new/", plan_views.plan_new, name="planned-alert-new"),
    path("alerts/planned/<int:pk>/", plan_views.plan_edit, name="planned-alert"),
    path("alerts/planned/<int:pk>/skip/", plan_views.plan_skip, name="planned-alert-skip"),
    path("alerts/planned/<int:pk>/postpone/", plan_views.plan_postpone, name="planned-alert-postpone"),
    path("alerts/planned/<int:pk>/delete/", plan_views.plan_delete, name="planned-alert-delete"),
    path("alerts/on-call/", on_call_views.on_call_page, name="on-call"),
    path("alerts/on-call/members/", on_call_views.on_call_members, name="on-call-members"),
    path("alerts/on-call/swap/", on_call_views.on_call_swap, name="on-call-swap"),
    path("alerts/on-call/<int:pk>/remove/", on_call_views.on_call_remove, name="on-call-remove"),
    path("alerts/proposals/<uuid:pk>/", proposal_views.alert_proposal, name="alert-proposal"),
    path("alerts/proposals/<uuid:pk>/confirm/", proposal_views.proposal_confirm, name="proposal-confirm"),
    path("alerts/proposals/<uuid:pk>/alone/", proposal_views.proposal_alone, name="proposal-alone"),
    path("alerts/proposals/<uuid:pk>/decline/", proposal_views.proposal_decline, name="alert-proposal-decline"),
    path("alerts/<uuid:pk>/restart/", restoration_views.alert_restart, name="alert-restart"),
    path("alerts/<uuid:pk>/drop/", restoration_views.alert_drop, name="alert-drop"),
    path("alerts/<uuid:pk>/", alert_views.alert_detail, name="alert"),
    path("alerts/<uuid:pk>/receipts/", alert_views.alert_receipts, name="alert-receipts"),
    path("alerts/<uuid:pk>/dossier.pdf", dossier_views.dossier_pdf_file, name="alert-dossier-pdf"),
    path("alerts/<uuid:pk>/dossier.json", dossier_views.dossier_json_file, name="alert-dossier-json"),
    path("alerts/<uuid:pk>/correct/", broadcast_views.alert_correct, name="alert-correct"),
    path("alerts/<uuid:pk>/extend/", alert_views.alert_extend, name="alert-extend"),
    path("alerts/<uuid:pk>/end/", alert_views.alert_end, name="alert-end"),
    path("alerts/<uuid:pk>/withdraw/", alert_views.alert_withdraw, name="alert-withdraw"),
    path("scenarios/", scenario_views.scenario_list, name="scenarios"),
    path("scenarios/new/", scenario_views.scenario_new, name="scenario-new"),
    path("scenarios/<int:pk>/", scenario_views.scenario_edit, name="scenario"),
    path("scenarios/<int:pk>/delete/", scenario_views.scenario_delete, name="scenario-delete"),
]
