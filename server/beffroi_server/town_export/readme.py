"""The text that tells a stranger what is in an export, in the language of the town."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from beffroi_server.accounts.models import Town
from beffroi_server.core import formatting
from beffroi_server.town_export.kinds import KINDS
from beffroi_server.town_export.left_out import LEFT_OUT

NAME = "README.txt"
_WIDTH = 100


def readme_text(
    town: Town, made_at: dt.datetime, software: str, counts: Mapping[str, int], problems: Sequence[str]
) -> str:
    """Return the text.

    Args:
        town: Whose export it is.
        made_at: When it was made.
        software: Version of the server.
        counts: Rows by the names of the kinds.
        problems: What is missing.
    """
    title = _("Export of %(town)s") % {"town": town.name}
    moment = f"{formatting.format_day(made_at.date())}, {formatting.format_hour(made_at)}"
    values = {"town": town.name, "moment": moment, "version": software}
    lines = [title, "=" * len(title), "", *_wrapped(_about() % values), ""]
    lines += [*_section(_("What is missing")), *_items(problems), ""] if problems else []
    lines += [*_section(_("What is where")), *_items(_places()), ""]
    lines += [*_section(_("In the folders “json” and “tables”")), *_items(_rows(counts)), ""]
    lines += [*_section(_("How to read it")), *_items(_formats()), ""]
    lines += [*_section(_("What is not in it")), *_items(dict.fromkeys(map(str, LEFT_OUT.values()))), ""]
    lines += [*_section(_("Is it whole?")), *_wrapped(_check()), "", "    sha256sum -c SHA256SUMS", ""]
    return "\n".join(lines)


def _about() -> str:
    return _(
        "This is what %(town)s has made with Beffroi, the server of its screens, as of %(moment)s (version "
        "%(version)s). All of it was read at the same instant. It takes nothing but programs for texts, tables, "
        "images and videos. It names people who work for the town: keep it as carefully as other personal data."
    )


def _places() -> Iterator[str]:
    yield "json/, tables/: " + _("what the town has made, by subject, each as JSON and with the same rows as a table")
    yield "media/: " + _("the files of images and videos, with their numbers and names in json/media.json")
    yield "dossiers/: " + _(
        "for each alert, with its corrections, one file: what was broadcast and signed, who did what, what each "
        "screen has proven"
    )
    yield "alert-receipts.csv: " + _("every confirmation of a screen that it showed an alert")
    yield "plays/daily-totals.csv: " + _(
        "proof of play: how often and how long each content was on each screen, by day"
    )
    yield "plays/….csv: " + _("proof of play: every showing of a screen, as its player has recorded it")
    yield "audit-trail.jsonl, audit-trail.csv: " + _("audit trail: who changed what, and when")
    yield "settings.json: " + _("settings of the town; of the residents who subscribed to alerts, how many they are")
    yield "schemas/: " + _("the fields of each file in the folder “json”, as JSON Schema")
    yield "manifest.json: " + _("every file with its size and SHA-256, how many rows there are, what is missing")


def _rows(counts: Mapping[str, int]) -> Iterator[str]:
    for kind in KINDS:
        yield f"{kind.name} ({counts.get(kind.name, 0)}): {kind.title}"


def _formats() -> Iterator[str]:
    yield _("Texts are in UTF-8. A JSON file is a list with one row on each line.")
    yield _(
        "Where a row names another one, it does so by its “id” or “slug”: “picture”: 12 in announcements.json is the "
        "row with “id”: 12 in media.json."
    )
    yield _("Times are in UTC (“Z”) or with their offset; hours of rules and screens are those of the town.")
    yield _("A cell of a table that a spreadsheet could take for a formula begins with an apostrophe.")
    yield _(
        "The names of fields are those of Beffroi’s REST API. Audit trail and plays are chained by SHA-256, and "
        "dossiers hold signed documents: Beffroi’s documentation says how to verify them."
    )


def _check() -> str:
    return _(
        "SHA256SUMS has the SHA-256 of every file. On Linux, this command says whether all files are there and as they "
        "were written:"
    )


def _section(title: str) -> list[str]:
    return [title, "-" * len(title)]


def _items(texts: Any) -> Iterator[str]:
    for text in texts:
        yield from textwrap.wrap(str(text), _WIDTH, initial_indent="- ", subsequent_indent="  ")


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH)
