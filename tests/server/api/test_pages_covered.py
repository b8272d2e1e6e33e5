"""What the pages can do, the API can do: every page has its operations, or a reason why it is for people only."""

from __future__ import annotations

from beffroi_server.api.document import openapi_document
from beffroi_server.web.urls import urlpatterns

SIGN_IN = "signs somebody in: a token is made for programs"
IDENTITY = "proves who somebody is: a token that leaks must not open an account"
FORM = "helps to fill in a form"
SESSION = "sets the language or the municipality of the pages; a request names them"
PAPER = "a form for paper of data that operations return"
HELP = "is read by people"

COVERED = {
    "now": "list_screens", "screens": "list_screens", "screen-add": "create_screen", "screen": "read_screen_now",
    "screen-problems": "read_screen_now", "screen-edit": "change_screen", "screen-hours": "change_screen",
    "screen-contacts": "list_screen_contacts add_screen_contact", "screen-contact-remove": "remove_screen_contact",
    "screen-off": "switch_screen_off", "screen-on": "switch_screen_on", "screen-enrolment": "open_enrolment",
    "pair": "read_pairing pair_screen create_screen", "pairing": "read_pairing", "pair-scanned": "read_pairing",
    "screen-identify": "identify_screen", "screen-restart": "restart_player", "screen-revoke": "revoke_player",
    "screen-trial-sound": "play_trial_sound",
    "screen-test-card": "show_test_card", "walk-tests": "list_walk_tests start_walk_test show_test_card",
    "walk-test": "list_walk_tests", "walk-test-again": "show_walk_test_again", "walk-test-end": "end_walk_test",
    "walk-test-csv": "list_walk_tests", "walk-test-note": "note_walk_result",
    "screen-box-choose": "list_machines choose_machine",
    "cards": "list_enrolment_cards make_enrolment_cards", "card-withdraw": "withdraw_enrolment_card",
    "screen-capture": "request_capture", "screen-capture-state": "read_capture", "screen-capture-image": "read_capture",
    "screen-screenshot": "read_screenshot", "screen-expected": "draw_expected_frame",
    "screen-classes": "list_screen_classes", "screen-class-add": "create_screen_class",
    "screen-class": "change_screen_class", "municipalities": "list_municipalities",
    "municipality-add": "create_municipality", "municipality": "change_municipality", "groups": "list_groups",
    "group-add": "create_group", "group": "change_group",
    "plays": "list_play_totals", "plays-csv": "list_play_totals", "plays-log": "read_display_log",
    "screen-day": "read_screen_day",
    "categories": "list_categories create_category", "category": "change_category",
    "category-delete": "delete_category", "media": "list_media upload_media", "media-item": "change_media",
    "media-delete": "delete_media", "upload-add": "upload_media", "upload-state": "read_upload",
    "upload-dismiss": "dismiss_upload", "asset": "read_media_file", "announcements": "list_announcements",
    "announcement-new": "create_announcement duplicate_announcement place_announcement propose_announcement",
    "announcement": "change_announcement place_announcement propose_announcement",
    "announcement-page": "draw_announcement", "announcement-preview": "draw_announcement check_placement",
    "thumbnail": "draw_announcement", "plan": "list_plan", "planned-new": "add_planned",
    "planned": "change_planned mark_planned_written", "planned-remove": "remove_planned",
    "announcements-bulk": "change_announcements", "tags": "list_tags rename_tag", "tag-delete": "delete_tag",
    "announcement-tags": "change_announcement", "announcement-take-off": "take_off_announcement",
    "announcement-put-back": "put_back_announcement", "archive": "list_announcements",
    "announcement-archive": "archive_announcement", "announcement-restore": "restore_announcement",
    "announcement-delete": "delete_announcement", "announcement-versions": "list_versions",
    "version-restore": "restore_version",
    "channels": "list_channels create_channel", "subscription-settings": "change_subscription_settings",
    "subscribers-csv": "export_subscribers", "subscriber-delete": "delete_subscriber", "channel-try": "try_channel",
    "channel-switch": "switch_channel", "channel-delete": "delete_channel", "alert-channels": "list_alert_messages",
    "feeds": "list_feeds create_feed", "feed": "change_feed", "feed-refresh": "request_reading",
    "feed-delete": "delete_feed",
    "pulse": "list_incidents", "attention": "list_incidents", "attention-list": "list_incidents",
    "acknowledge-all": "acknowledge_all_incidents", "acknowledge": "acknowledge_incident",
    "notification-choice": "read_notifications change_notifications", "notification-state": "read_notifications",
    "notification-test": "test_notification", "webhook-secret": "renew_notification_secret",
    "browser-remove": "list_browsers remove_browser",
    "outlets": "change_public_page list_webhooks", "cap-settings": "read_cap_output change_cap_output",
    "webhook-add": "create_webhook", "webhook-delete": "delete_webhook", "webhook-trial": "try_webhook",
    "playlists": "list_playlists create_playlist", "playlist": "read_playlist list_entries",
    "playlist-rename": "change_playlist", "playlist-fill": "change_playlist", "playlist-delete": "delete_playlist",
    "entry-add": "add_entry", "entries-order": "change_entry", "entries-selected": "remove_entry",
    "entry": "change_entry", "entry-move": "change_entry", "entry-remove": "remove_entry",
    "proposals": "list_announcement_proposals", "proposal-approve": "approve_announcement_proposal",
    "proposal-decline": "decline_announcement_proposal", "proposal-withdraw": "withdraw_announcement_proposal",
    "charter": "list_charter_rules", "charter-rule-new": "create_charter_rule", "charter-rule": "change_charter_rule",
    "charter-rule-delete": "delete_charter_rule", "rules": "list_rules", "calendars": "list_calendars create_calendar",
    "calendar-import": "create_calendar replace_calendar", "calendar-delete": "delete_calendar",
    "screen-week": "read_screen_programme", "screen-layout": "choose_screen_layout remove_screen_layout",
    "group-layout": "choose_group_layout remove_group_layout", "town-layout": "choose_town_layout remove_town_layout",
    "layout-image": "draw_layout", "programme": "read_screen_programme", "rule-new": "create_rule",
    "rule-sentence": "read_rule", "rule-shares": "read_screen_programme", "placement-outlook": "check_placement",
    "placement-outlook-of": "check_placement", "rule": "change_rule", "rule-delete": "delete_rule",
    "alerts": "list_alerts", "alert-choose": "list_scenarios", "alert-new": "broadcast_alert propose_alert",
    "alert-preview": "preview_alert", "alert-page": "draw_alert", "alert-restoration": "read_restoration",
    "restoration-close": "close_restoration", "alert-take-off": "take_off_unknown_alert",
    "planned-alerts": "list_planned_alerts", "planned-alert-new": "plan_alert", "planned-alert": "change_planned_alert",
    "planned-alert-skip": "skip_occurrence", "planned-alert-postpone": "postpone_occurrence",
    "planned-alert-delete": "delete_planned_alert", "on-call": "read_on_call", "on-call-members": "change_on_call",
    "on-call-swap": "add_on_call_exception", "on-call-remove": "remove_on_call_exception",
    "alert-proposal": "list_proposals", "proposal-confirm": "confirm_proposal", "proposal-alone": "broadcast_alone",
    "alert-proposal-decline": "decline_proposal", "alert-restart": "restart_held_back_alert",
    "alert-drop": "drop_held_back_alert", "alert": "read_alert", "alert-receipts": "list_receipts",
    "alert-dossier-json": "read_dossier", "alert-correct": "correct_alert", "alert-extend": "extend_alert",
    "alert-end": "end_alert", "alert-withdraw": "withdraw_alert", "scenarios": "list_scenarios",
    "scenario-new": "create_scenario", "scenario": "change_scenario", "scenario-delete": "delete_scenario",
    "warnings": "list_warnings list_warning_messages", "warning-sources": "list_warning_sources",
    "warning-source-add": "create_warning_source", "warning-source": "change_warning_source rehearse_policy",
    "warning-source-read": "request_warning_reading", "warning-source-secret": "renew_warning_secret",
    "warning-source-delete": "delete_warning_source",
    "drills": "list_drills", "drill-start": "start_drill", "drill": "read_drill",
    "drill-settings": "read_drill_settings change_drill_settings",
    "account": "change_own_name list_sessions", "api-token-revoke": "list_tokens revoke_token",
    "own-session-end": "end_session", "town": "change_town", "users": "list_users",
    "user-add": "create_user invite_user", "user": "change_user list_user_sessions",
    "user-sessions-end": "end_user_sessions", "undo-list": "list_undoable", "undo": "undo_act", "audit": "list_events",
    "audit-csv": "list_events", "audit-log": "list_events",
    "software": "list_player_versions list_screen_versions list_rollouts", "rollout-start": "start_rollout",
    "rollout-act": "pause_rollout resume_rollout end_rollout",
    "first-hour-hide": "hide_first_hour", "starter-set": "add_starter_scenarios", "try-out-end": "change_town",
}  # fmt: skip
"""By the name of a page, the operations that do the same."""
FOR_PEOPLE = {
    **dict.fromkeys(
        ("sign-in", "emergency-code", "sign-in-second-factor", "sign-in-passkey", "password-forgotten", "sign-in-link",
         "openid_connect_login", "openid_connect_callback", "sign-out"), SIGN_IN,
    ),
    **dict.fromkeys(
        ("api-tokens", "choose-password", "second-factor", "second-factor-app", "second-factor-passkey",
         "second-factor-codes", "second-factor-remove", "user-link", "user-emergency-code",
         "user-second-factor-reset"), IDENTITY,
    ),
    "screen-choices": FORM, "language": SESSION, "municipality-choose": SESSION,
    "plays-pdf": PAPER, "alert-dossier-pdf": PAPER, "plays-verify": HELP, "help": HELP,
    "browser-add": "a browser subscribes itself, with keys of its own", "cap-webhook": "is called by programs already",
    "server-examine": "the server does it by itself; programs read /health/ready",
}  # fmt: skip


def _page_names() -> set[str]:
    return {str(pattern.name) for area in urlpatterns for pattern in area.url_patterns}


def test_each_page_has_its_operations_or_is_for_people_only():
    known = COVERED.keys() | FOR_PEOPLE.keys()
    assert known == _page_names()
    assert not COVERED.keys() & FOR_PEOPLE.keys()


def test_the_operations_that_stand_for_pages_exist():
    exist = {each["operationId"] for path in openapi_document()["paths"].values() for each in path.values()}
    named = {name for names in COVERED.values() for name in names.split()}
    assert named <= exist
