"""Translated texts of the action codes in the audit trail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

ACTION_TEXTS = {
    "account-changed": _("changed their name"),
    "alert-broadcast": _("broadcast the alert"),
    "alert-ended": _("ended the alert"),
    "alert-extended": _("extended the alert"),
    "alert-moved": _("moved the times of the alert, because the clock was set:"),
    "alert-found": _("found on the screens, unknown to the restored database: the alert"),
    "alert-held-back": _("held back after a restoration: the alert"),
    "alert-restarted": _("showed the alert again after a restoration:"),
    "alert-taken-off": _("took an unknown alert off the screens:"),
    "alert-withdrawn": _("withdrew the alert"),
    "announcement-changed": _("changed the announcement"),
    "announcement-created": _("created the announcement"),
    "announcement-deleted": _("deleted the announcement"),
    "enrolment-opened": _("opened enrolment for the screen"),
    "calendar-changed": _("changed the calendar"),
    "calendar-created": _("imported the calendar"),
    "calendar-deleted": _("deleted the calendar"),
    "entry-added": _("added to the playlist"),
    "entry-changed": _("changed an entry of the playlist"),
    "entry-moved": _("moved an entry of the playlist"),
    "entry-removed": _("removed from the playlist"),
    "feed-changed": _("changed the feed"),
    "feed-created": _("added the feed"),
    "feed-deleted": _("deleted the feed"),
    "group-changed": _("changed the group"),
    "group-created": _("created the group"),
    "link-created": _("created a sign-in link for"),
    "link-used": _("signed in with a link:"),
    "password-changed": _("changed their password"),
    "user-changed": _("changed the user"),
    "user-created": _("added the user"),
    "picture-added": _("added the image"),
    "picture-changed": _("described the image"),
    "picture-deleted": _("deleted the image"),
    "playlist-created": _("created the playlist"),
    "playlist-deleted": _("deleted the playlist"),
    "playlist-filled": _("changed the automatic content of the playlist"),
    "playlist-renamed": _("renamed the playlist"),
    "restoration-checked": _("checked the alerts after a restoration"),
    "rule-changed": _("changed the schedule rule"),
    "rule-created": _("created the schedule rule"),
    "rule-deleted": _("deleted the schedule rule"),
    "scenario-changed": _("changed the scenario"),
    "scenario-created": _("prepared the scenario"),
    "scenario-deleted": _("deleted the scenario"),
    "screen-captured": _("took a screen capture of"),
    "screen-changed": _("changed the screen"),
    "screen-class-changed": _("changed the screen class"),
    "screen-class-created": _("created the screen class"),
    "screen-created": _("added the screen"),
    "screen-enrolled": _("enrolled the player of"),
    "screen-identified": _("showed the name on the screen"),
    "screen-restarted": _("restarted the player of"),
    "screen-revoked": _("revoked the player of"),
    "town-changed": _("changed the town"),
    "town-created": _("created the town"),
}


def action_text(action: str) -> str:
    """Return the action as the middle of a sentence: “alice … the playlist Town life”."""
    return str(ACTION_TEXTS.get(action, action))
