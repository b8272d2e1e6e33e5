"""Addresses of sign-in, the account, the town, users and the audit trail."""

from __future__ import annotations

from django.urls import URLPattern, path

from beffroi_server.web.accounts import (
    audit_views,
    password_views,
    second_factor_views,
    sign_in_views,
    single_sign_on_views,
    token_views,
    undo_views,
    views,
)

urlpatterns: list[URLPattern] = [
    path("sign-in/", sign_in_views.sign_in, name="sign-in"),
    path("sign-in/emergency/", sign_in_views.emergency_code, name="emergency-code"),
    path("sign-in/second-factor/", sign_in_views.sign_in_second_factor, name="sign-in-second-factor"),
    path("sign-in/passkey/", sign_in_views.sign_in_passkey, name="sign-in-passkey"),
    path("sign-in/forgotten/", password_views.password_forgotten, name="password-forgotten"),
    path("sign-in/account/<str:provider_id>/", single_sign_on_views.sign_on, name="openid_connect_login"),
    path(
        "sign-in/account/<str:provider_id>/back/",
        single_sign_on_views.sign_on_callback,
        name="openid_connect_callback",
    ),
    path("sign-in/<str:token>/", sign_in_views.sign_in_link, name="sign-in-link"),
    path("sign-out/", sign_in_views.sign_out, name="sign-out"),
    path("language/", sign_in_views.language_choice, name="language"),
    path("account/", views.account_edit, name="account"),
    path("account/tokens/", token_views.token_list, name="api-tokens"),
    path("account/tokens/<int:pk>/revoke/", token_views.token_revoke, name="api-token-revoke"),
    path("account/password/", password_views.choose_password, name="choose-password"),
    path("account/sessions/<int:pk>/end/", views.own_session_end, name="own-session-end"),
    path("account/second-factor/", second_factor_views.second_factor_page, name="second-factor"),
    path("account/second-factor/app/", second_factor_views.app_add, name="second-factor-app"),
    path("account/second-factor/passkey/", second_factor_views.passkey_add, name="second-factor-passkey"),
    path("account/second-factor/codes/", second_factor_views.recovery_codes_renew, name="second-factor-codes"),
    path("account/second-factor/<int:pk>/remove/", second_factor_views.factor_remove, name="second-factor-remove"),
    path("town/", views.town_edit, name="town"),
    path("users/", views.user_list, name="users"),
    path("users/add/", views.user_add, name="user-add"),
    path("users/<int:pk>/", views.user_edit, name="user"),
    path("users/<int:pk>/link/", views.user_sign_in_link, name="user-link"),
    path("users/<int:pk>/emergency/", views.user_emergency_code, name="user-emergency-code"),
    path("undo/", undo_views.undo_list, name="undo-list"),
    path("undo/<uuid:pk>/", undo_views.undo_act, name="undo"),
    path("users/<int:pk>/sessions/end/", views.user_sessions_end, name="user-sessions-end"),
    path("users/<int:pk>/second-factor/", views.user_second_factor_reset, name="user-second-factor-reset"),
    path("audit/", audit_views.audit_trail, name="audit"),
    path("audit/export.csv", audit_views.trail_csv, name="audit-csv"),
    path("audit/trail.jsonl", audit_views.trail_log, name="audit-log"),
]
