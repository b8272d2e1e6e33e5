"""Addresses of sign-in, the account, the town, users and the audit trail."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.accounts import audit_views, sign_in_views, token_views, undo_views, views

urlpatterns: list[URLPattern] = [
    path("sign-in/", sign_in_views.sign_in, name="sign-in"),
    path("sign-in/emergency/", sign_in_views.emergency_code, name="emergency-code"),
    path("sign-in/<str:token>/", sign_in_views.sign_in_link, name="sign-in-link"),
    path("sign-out/", sign_in_views.sign_out, name="sign-out"),
    path("language/", sign_in_views.language_choice, name="language"),
    path("account/", views.account_edit, name="account"),
    path("account/tokens/", token_views.token_list, name="api-tokens"),
    path("account/tokens/<int:pk>/revoke/", token_views.token_revoke, name="api-token-revoke"),
    path("town/", views.town_edit, name="town"),
    path("users/", views.user_list, name="users"),
    path("users/add/", views.user_add, name="user-add"),
    path("users/<int:pk>/", views.user_edit, name="user"),
    path("users/<int:pk>/link/", views.user_sign_in_link, name="user-link"),
    path("users/<int:pk>/emergency/", views.user_emergency_code, name="user-emergency-code"),
    path("undo/", undo_views.undo_list, name="undo-list"),
    path("undo/<uuid:pk>/", undo_views.undo_act, name="undo"),
    path("audit/", audit_views.audit_trail, name="audit"),
    path("audit/export.csv", audit_views.trail_csv, name="audit-csv"),
    path("audit/trail.jsonl", audit_views.trail_log, name="audit-log"),
]
