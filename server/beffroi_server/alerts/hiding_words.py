"""Why an alert is not to be seen on a screen, in words."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.timeline import AlertStatement, AlertVisibility
from beffroi_server.core.formatting import from_milliseconds, join_names, moment_until, name_some

MOST_NAMED = 6
"""Titles that a sentence names at most."""


def statement_words(statement: AlertStatement) -> str:
    """Return why an alert is not visible, and until when; empty where it is."""
    until = from_milliseconds(statement.until_ms)
    if statement.visibility is AlertVisibility.DARK:
        if statement.is_lost or until is None:
            return _("the display is off")
        return _("the display is off %(until)s") % {"until": moment_until(until)}
    if statement.visibility is not AlertVisibility.MASKED:
        return ""
    if statement.is_lost or until is None:
        return hidden_to_its_end(statement.masked_by)
    names = quote_titles(statement.masked_by)
    return _("hidden by %(names)s %(until)s") % {"names": names, "until": moment_until(until)}


def hidden_to_its_end(hiding: Sequence[content.Alert]) -> str:
    """Return that some alerts hide another one until it is over, or did."""
    return _("hidden by %(names)s up to its end") % {"names": quote_titles(hiding)}


def quote_titles(alerts: Sequence[content.Alert]) -> str:
    """Return the titles of alerts in a row: ``“Crue” and “Vent”``."""
    return list_titles([each.title for each in alerts])


def list_titles(titles: Sequence[str]) -> str:
    """Return titles in a row, of many the first ones and how many more there are."""
    quoted = [_("“%(title)s”") % {"title": title} for title in titles]
    return join_names(quoted) if len(quoted) <= MOST_NAMED else name_some(quoted, MOST_NAMED)
