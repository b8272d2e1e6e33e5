"""The command ``beffroi-server cards``: make enrolment cards for screens, and put their files into an archive."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from beffroi_server.accounts.models import Town
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import enrolment_cards
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.new_screens import add_screens, read_new_screens

Row = TypeVar("Row", Screen, ScreenClass, ScreenGroup)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("screens", nargs="*", metavar="SCREEN", help="identifiers of screens that are there")
    parser.add_argument(
        "--new", type=Path, metavar="FILE",
        help="add screens: a name on each line, the place after a semicolon; - reads them here",
    )  # fmt: skip
    parser.add_argument("--class", dest="screen_class", default="", metavar="NAME", help="class of the new screens")
    parser.add_argument("--group", dest="groups", action="append", default=[], metavar="GROUP", help="of the new ones")
    parser.add_argument("--days", type=int, default=enrolment_cards.USUAL_DAYS, help="valid for (%(default)s)")
    parser.add_argument(
        "--server", dest="servers", action="append", default=[], metavar="URL",
        help="a further address of the server, such as http://192.168.1.10:8000",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the ZIP archive, as secret as a key")


def run(parsed: argparse.Namespace) -> int:
    """Run the command; return 0 if the archive was written.

    Raises:
        ValidationError: a screen, class or group is not there, or a value is not valid.
        OSError: a file cannot be read or written.
    """
    from beffroi_server.web.fleet.card_files import archive_cards  # noqa: PLC0415 - with all that draws PDF

    text = "" if parsed.new is None else sys.stdin.read() if str(parsed.new) == "-" else parsed.new.read_text("utf-8")
    town = Town.objects.get()
    # Opened first, and for this account alone: cards that cannot be written must not be made.
    handle = os.open(parsed.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with translation.override(town.locale), timezone.override(town.time_zone), os.fdopen(handle, "wb") as file:
        with serialised():
            screens = [_row(Screen, "slug", slug, "screen") for slug in parsed.screens]
            if wanted := read_new_screens(text):
                screen_class = _row(ScreenClass, "name", parsed.screen_class, "class of screens")
                groups = [_row(ScreenGroup, "slug", slug, "group") for slug in parsed.groups]
                screens += add_screens(wanted, screen_class, groups, user=None)
            cards = enrolment_cards.make_cards(screens, days=parsed.days, user=None, servers=parsed.servers)
        file.write(archive_cards(cards))
    for card in cards:
        sys.stdout.write(f"{card.screen}\t{card.name}\n")
    return 0


def _row(model: type[Row], key: str, value: str, what: str) -> Row:
    found = model._default_manager.filter(**{key: value}).first()
    if found is None:
        known = ", ".join(model._default_manager.values_list(key, flat=True)[:20]) or "none"
        raise ValidationError(f"there is no {what} {value!r}; there are: {known}")
    return found
