"""The confined process that reads a feed, seen from outside: start it, check what it returns, say why it refuses."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from django.utils.translation import gettext as _

from beffroi_content.model import WireModel, widgets
from beffroi_server.core import sandbox

READER_TIMEOUT_S = 90
"""Seconds for the process. It limits its own processor time to a quarter of this or less; a busy machine is slow."""
WIDGET_MODELS: dict[str, type[WireModel]] = {
    "calendar": widgets.AgendaWidget,
    "news": widgets.NewsWidget,
    "table": widgets.TableWidget,
    "weather": widgets.WeatherWidget,
    "vigilance": widgets.VigilanceWidget,
}
"""The widget that shows each kind of feed; special days have none."""


class FeedRefused(Exception):
    """There is nothing in a feed that can be shown; the message says why, for people."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def run_reader(content: bytes, **options: object) -> dict[str, Any]:
    """Read a feed in a confined process, and return what ``readers.read_feed`` found there.

    Args:
        content: The feed.
        options: Arguments of ``readers.read_feed``, as JSON has them.

    Raises:
        FeedRefused: there is nothing in it that can be shown.
    """
    command = ["beffroi_server.feeds.readers"]
    given = json.dumps(options).encode() + b"\n" + content
    try:
        done = sandbox.run_confined(command, given, timeout_s=READER_TIMEOUT_S)
        result: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
    except (subprocess.TimeoutExpired, ValueError):
        result = {}
    if "data" not in result:
        code = str(result.get("code", "too-complex"))
        raise FeedRefused(refusal_message(code), code)
    model = WIDGET_MODELS.get(str(options["kind"]))
    try:
        if model is not None:
            model.model_validate(result["data"])
    except ValueError as error:
        raise FeedRefused(_("It contains values that cannot be shown."), "not-showable") from error
    return result


def refusal_message(code: str) -> str:
    """Return the sentence for the code of a refusal."""
    reasons = {
        "not-a-calendar": _("This is not a calendar in iCal format. Look for an address that ends in .ics."),
        "not-a-feed": _("This is neither RSS nor Atom. Look for an “RSS” link on the page."),
        "not-a-table": _("This is not a table in CSV format."),
        "spreadsheet": _("This is a file of a spreadsheet program. Save it there as “CSV UTF-8”."),
        "not-a-forecast": _("The weather service’s response is not supported by this version."),
        "not-a-vigilance": _("The response from Météo-France is not supported by this version."),
        "not-vigicrues": _("The response from Vigicrues is not supported by this version."),
        "no-department": _("Météo-France does not know this department. Enter its number, for example 44 or 2A."),
        "too-wide": _("The table has more than 8 columns, which passers-by cannot read."),
        "empty": _("It is still empty."),
    }
    return reasons.get(code, _("It could not be read within the memory and time limits."))
