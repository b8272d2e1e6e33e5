"""Translated texts of the action codes in the audit trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from beffroi_server.accounts.models import AuditEvent
from beffroi_server.core import formatting

ACTION_TEXTS = {
    "account-changed": _("changed their name"),
    "alert-broadcast": _("broadcast the alert"),
    "alert-triggered": _("triggered on the spot: the alert"),
    "alert-begun": _("began as planned: the alert"),
    "alert-declined": _("declined the proposed alert"),
    "alert-proposed": _("proposed the alert"),
    "on-call-changed": _("changed who is on call"),
    "planned-alert-changed": _("changed the planned alert"),
    "planned-alert-created": _("planned the alert"),
    "planned-alert-deleted": _("deleted the planned alert"),
    "planned-alert-postponed": _("postponed the planned alert"),
    "planned-alert-skipped": _("skipped the next occurrence of the planned alert"),
    "alert-corrected": _("corrected the alert"),
    "alert-ended": _("ended the alert"),
    "alert-ended-locally": _("ended on the spot: the alert"),
    "alert-extended": _("extended the alert"),
    "alert-moved": _("moved the times of the alert, because the clock was set:"),
    "alert-found": _("found on the screens, unknown to the restored database: the alert"),
    "alert-held-back": _("held back after a restoration: the alert"),
    "alert-restarted": _("showed the alert again after a restoration:"),
    "alert-taken-off": _("took an unknown alert off the screens:"),
    "cap-output-changed": _("changed the publication of alerts as CAP of"),
    "drill-settings-changed": _("changed the settings of drills"),
    "drill-started": _("started the silent drill"),
    "alert-withdrawn": _("withdrew the alert"),
    "announcement-changed": _("changed the announcement"),
    "announcement-created": _("created the announcement"),
    "announcement-deleted": _("deleted the announcement"),
    "announcement-placed": _("published the announcement"),
    "announcement-put-back": _("put back on the screens: the announcement"),
    "announcement-taken-off": _("took off the screens: the announcement"),
    "announcement-tagged": _("changed the tags of"),
    "announcements-archived": _("archived"),
    "announcements-changed": _("changed several announcements:"),
    "announcements-restored": _("took out of the archive"),
    "act-undone": _("undid:"),
    "enrolment-opened": _("opened enrolment for the screen"),
    "box-chosen": _("chose the machine that is the player of"),
    "card-made": _("made an enrolment card for the screen"),
    "card-withdrawn": _("withdrew the enrolment card of the screen"),
    "sound-tried": _("played a trial sound on the screen"),
    "test-card-shown": _("showed a test card on the screen"),
    "walk-test-started": _("started a walk test"),
    "walk-test-noted": _("noted in a walk test what is on the screen"),
    "walk-test-ended": _("ended a walk test"),
    "calendar-changed": _("changed the calendar"),
    "calendar-created": _("imported the calendar"),
    "calendar-deleted": _("deleted the calendar"),
    "category-changed": _("changed the category"),
    "category-created": _("added the category"),
    "category-deleted": _("deleted the category"),
    "subscriber-deleted": _("deleted a subscriber of alerts of"),
    "subscribers-exported": _("downloaded the list of the subscribers to alerts of"),
    "subscriptions-changed": _("changed the subscriptions by mail of"),
    "channel-changed": _("changed the channel"),
    "channel-created": _("added the channel"),
    "channel-deleted": _("deleted the channel"),
    "channel-tried": _("tried the channel"),
    "charter-rule-changed": _("changed the rule of the charter"),
    "charter-rule-created": _("added to the charter"),
    "charter-rule-deleted": _("deleted from the charter"),
    "emergency-code-created": _("created an emergency code for"),
    "emergency-code-used": _("signed in with the emergency code:"),
    "entry-added": _("added to the playlist"),
    "entry-changed": _("changed an entry of the playlist"),
    "entry-moved": _("moved an entry of the playlist"),
    "entry-removed": _("removed from the playlist"),
    "feed-changed": _("changed the feed"),
    "feed-created": _("added the feed"),
    "feed-deleted": _("deleted the feed"),
    "group-changed": _("changed the group"),
    "group-created": _("created the group"),
    "former-keys-dropped": _("dropped the former keys of"),
    "keys-begun-anew": _("began with new root keys:"),
    "keys-changed": _("changed the keys of"),
    "layout-changed": _("changed the layout of"),
    "layout-removed": _("removed the layout of"),
    "incident-acknowledged": _("took care of"),
    "municipality-changed": _("changed the municipality"),
    "municipality-created": _("added the municipality"),
    "notifications-changed": _("changed what they are told:"),
    "link-created": _("created a sign-in link for"),
    "link-printed": _("made, by a command on the server, a sign-in link for"),
    "link-used": _("signed in with a link:"),
    "password-changed": _("changed their password"),
    "announcement-proposed": _("proposed the announcement"),
    "proposal-approved": _("approved the announcement"),
    "proposal-declined": _("declined the announcement"),
    "proposal-withdrawn": _("withdrew the proposal of"),
    "recovery-codes-made": _("made new recovery codes for"),
    "reset-requested": _("a new password was asked for by mail:"),
    "second-factor-added": _("added a second factor for"),
    "second-factor-removed": _("removed a second factor of"),
    "second-factor-reset": _("removed every second factor of"),
    "second-factor-failed": _("gave a wrong code as second factor:"),
    "session-ended": _("ended a session of"),
    "sessions-ended": _("ended all sessions of"),
    "rollout-started": _("began to roll out the version of the player"),
    "rollout-paused": _("paused the rollout of the version of the player"),
    "rollout-resumed": _("resumed the rollout of the version of the player"),
    "rollout-ended": _("ended the rollout of the version of the player"),
    "scope-changed": _("changed the scope of"),
    "single-sign-on-used": _("signed in with the town’s account:"),
    "user-changed": _("changed the user"),
    "user-created": _("added the user"),
    "picture-added": _("added the image"),
    "picture-changed": _("described the image"),
    "picture-deleted": _("deleted the image"),
    "plan-added": _("planned the announcement"),
    "plan-changed": _("changed in the editorial plan"),
    "plan-removed": _("removed from the editorial plan"),
    "pairing-confirmed": _("typed the code of a player for the screen"),
    "pairing-refused": _("refused a player that did not show the code that was typed, for the screen"),
    "playlist-created": _("created the playlist"),
    "playlist-deleted": _("deleted the playlist"),
    "playlist-filled": _("changed the automatic content of the playlist"),
    "playlist-renamed": _("renamed the playlist"),
    "restoration-checked": _("checked the alerts after a restoration"),
    "rule-changed": _("changed the schedule rule"),
    "rule-created": _("created the schedule rule"),
    "rule-deleted": _("deleted the schedule rule"),
    "contact-removed": _("removed a contact of the screen"),
    "contact-saved": _("set a contact of the screen"),
    "scenario-changed": _("changed the scenario"),
    "scenario-created": _("prepared the scenario"),
    "scenario-deleted": _("deleted the scenario"),
    "screen-captured": _("took a screen capture of"),
    "screen-changed": _("changed the screen"),
    "screen-class-changed": _("changed the screen class"),
    "screen-class-created": _("created the screen class"),
    "screen-created": _("added the screen"),
    "screen-enrolled": _("enrolled the player of"),
    "screen-paired": _("paired a player with the screen"),
    "screen-identified": _("showed the name on the screen"),
    "screen-restarted": _("restarted the player of"),
    "screen-switched-off": _("switched off the screen"),
    "screen-switched-on": _("switched on again the screen"),
    "screen-revoked": _("revoked the player of"),
    "tag-created": _("added the tag"),
    "tag-deleted": _("deleted the tag"),
    "tag-renamed": _("renamed the tag"),
    "token-created": _("made the API token"),
    "token-revoked": _("revoked the API token"),
    "warning-source-changed": _("changed the source of warnings"),
    "warning-source-created": _("added the source of warnings"),
    "warning-source-deleted": _("deleted the source of warnings"),
    "warning-source-secret": _("made a new secret for the source of warnings"),
    "webhook-created": _("added the webhook"),
    "webhook-changed": _("changed the webhook"),
    "webhook-deleted": _("deleted the webhook"),
    "public-page-changed": _("changed the public page of"),
    "town-changed": _("changed the town"),
    "town-created": _("created the town"),
    "town-backed-up": _("backed up, by a command on the server, all that belongs to"),
    "town-exported": _("exported, by a command on the server, all that was made by"),
    "town-restored": _("restored from a backup, by a command on the server, all that belongs to"),
}


def action_text(action: str) -> str:
    """Return the action as the middle of a sentence: “alice … the playlist Town life”."""
    return str(ACTION_TEXTS.get(action, action))


def detail_text(event: AuditEvent) -> str:
    """Return what is to be said of an event besides its subject, such as “4,210 rows in 96 files”; empty for most."""
    words = _DETAIL_TEXTS.get(event.action)
    try:
        return words(event.detail) if words is not None and isinstance(event.detail, dict) else ""
    except (KeyError, TypeError, ValueError):
        # Written by another version.
        return ""


def _export_text(detail: dict[str, Any]) -> str:
    rows, files = detail["rows"], detail["files"]
    counted = (
        ngettext("%(count)s row", "%(count)s rows", rows) % {"count": formatting.format_number(rows, 0)},
        ngettext("%(count)s file", "%(count)s files", files) % {"count": formatting.format_number(files, 0)},
    )
    return gettext("%(rows)s in %(files)s") % {"rows": counted[0], "files": counted[1]}


def _backup_text(detail: dict[str, Any]) -> str:
    text = gettext("encrypted, in %(folder)s") if detail["is_encrypted"] else gettext("not encrypted, in %(folder)s")
    return text % {"folder": detail["path"]}


def _restoration_text(detail: dict[str, Any]) -> str:
    return gettext("backup %(of_when)s") % {"of_when": formatting.moment_of(_instant(detail["backup_of"]))}


def _link_text(detail: dict[str, Any]) -> str:
    return gettext("valid %(until_when)s") % {"until_when": formatting.moment_until(_instant(detail["until"]))}


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


_DETAIL_TEXTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "link-printed": _link_text,
    "town-backed-up": _backup_text,
    "town-exported": _export_text,
    "town-restored": _restoration_text,
}
