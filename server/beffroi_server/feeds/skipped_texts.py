"""Sentences for people about the parts of a feed that a reader skipped."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

PART_NAMES: dict[str, Promise] = {
    "event": gettext_lazy("Event in line %(where)s"),
    "line": gettext_lazy("Line %(where)s"),
    "item": gettext_lazy("Item %(where)s"),
    "row": gettext_lazy("Line %(where)s"),
    "cell": gettext_lazy("Cell in line %(where)s"),
    "letter": gettext_lazy("Letter in line %(where)s"),
    "date": gettext_lazy("Date of item %(where)s"),
    "hour": gettext_lazy("Hour %(where)s"),
    "phenomenon": gettext_lazy("Phenomenon %(where)s"),
    "domain": gettext_lazy("Area %(where)s"),
    "period": gettext_lazy("Period %(where)s"),
}
"""Names of parts by ``SkippedPart.what``."""
REASONS: dict[str, Promise] = {
    "no-title": gettext_lazy("it has neither a title nor a text, and is left out."),
    "too-many-items": gettext_lazy("only the first 1,000 items of a feed are read; these are left out."),
    "date-unknown": gettext_lazy("the date cannot be understood; the item is shown without it."),
    "date-too-old": gettext_lazy("the date is before 1970; the item is shown without it, at the end."),
    "date-too-far": gettext_lazy("the date is more than a year ahead; the item is shown without it, at the end."),
    "bad-byte": gettext_lazy("it is not in the encoding of the file and may be wrong. Save the file as CSV UTF-8."),
    "stray-quote": gettext_lazy("a quotation mark is missing or too many; the line is shown as it is."),
    "too-many-cells": gettext_lazy("it has more cells than the other lines; the last ones are joined."),
    "too-many-rows": gettext_lazy("a table shows 60 rows at most; these are left out."),
    "shortened": gettext_lazy("it is too long for a screen and was shortened."),
    "unreadable": gettext_lazy("it cannot be read, and is left out."),
    "unknown-colour": gettext_lazy("its level is missing or unknown; the screen says so."),
    "unknown-phenomenon": gettext_lazy("this version does not know it; its level counts all the same."),
    "private": gettext_lazy("it is marked as private or confidential, and is left out."),
    "cancelled": gettext_lazy("it is cancelled, and is left out."),
    "no-start": gettext_lazy("it has no start, and is left out."),
    "bad-start": gettext_lazy("its start is not a date, and it is left out."),
    "bad-end": gettext_lazy("its end is not a date; it is shown without it."),
    "end-before-start": gettext_lazy("it ends before it starts; it is shown without its end."),
    "repetition": gettext_lazy("its repetition cannot be understood; only its first date is shown."),
    "too-complex": gettext_lazy("reading its repetitions takes too long, and it is left out."),
    "too-many": gettext_lazy("there are more than the screens can show; the last ones are left out."),
    "too-many-lines": gettext_lazy(
        "the file is too long; what follows is left out. Choose one that covers fewer years."
    ),
    "cut-off": gettext_lazy("the file ends in the middle of it, and it is left out."),
    "not-understood": gettext_lazy("it is not in iCal format, and is passed over."),
    "no-holiday": gettext_lazy("it is a day on which school begins again, not a holiday, and is left out."),
    "end-assumed": gettext_lazy("the file has no end for it: check the last day that was assumed."),
}
"""Reasons by ``SkippedPart.reason``."""


def skipped_sentence(part: Mapping[str, str]) -> str:
    """Return “Line 3 “…”: it has no title.” for a part as ``Feed.skipped`` holds it."""
    name = PART_NAMES.get(part["what"])
    place = str(name) % {"where": part["where"]} if name else f"{part['what']} {part['where']}"
    title = _("“%(title)s”") % {"title": part["name"]} if part["name"] else ""
    reason = str(REASONS.get(part["reason"], part["reason"]))
    return _("%(part)s: %(reason)s") % {"part": " ".join(filter(None, (place.strip(), title))), "reason": reason}
