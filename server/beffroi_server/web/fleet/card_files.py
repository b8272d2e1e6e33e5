"""The archive of enrolment cards that a technician downloads: a file for each screen, and a list for paper."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content.wire.enrolment_card import EnrolmentCard, file_name
from beffroi_server.accounts.models import Town
from beffroi_server.core.formatting import format_day
from beffroi_server.fleet.models import Screen
from beffroi_server.web.pdf_parts import draw_document, letterhead, register_fonts, table, text

CARD_FOLDER, SYSTEM_FOLDER = "cards", "raspberry-pi-os"
INSTALLED_CARDS = "/etc/beffroi"
"""Where cloud-init puts a card: a boot partition (FAT) cannot keep it from the other accounts."""


def archive_cards(cards: Sequence[EnrolmentCard]) -> bytes:
    """Return a ZIP archive of cards that were just made: it is the only place where their codes are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_("cards.pdf"), list_on_paper(cards))
        for card in cards:
            archive.writestr(f"{CARD_FOLDER}/{file_name(card.screen)}", card_text(card))
            archive.writestr(f"{SYSTEM_FOLDER}/{card.screen}/user-data", user_data(card))
    return buffer.getvalue()


def card_text(card: EnrolmentCard) -> str:
    """Return the content of the file of a card."""
    return json.dumps(card.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def user_data(card: EnrolmentCard) -> str:
    """Return a ``user-data`` of cloud-init: Raspberry Pi OS installs the player at its first start, with the card.

    The package of the player lies beside it on the boot partition. It is JSON, which is YAML as well.
    """
    install = "apt-get update && apt-get install --yes /boot/firmware/beffroi-player_*.deb"
    setup = {
        "hostname": f"beffroi-{card.screen}",
        "write_files": [
            {
                "path": f"{INSTALLED_CARDS}/{file_name(card.screen)}",
                "content": card_text(card),
                "permissions": "0600",
                "owner": "root:root",
            }
        ],
        "runcmd": [
            ["sh", "-c", f"for attempt in 1 2 3 4 5; do {install} && break; sleep 60; done"],
            ["systemctl", "enable", "--now", "beffroi-player"],
        ],
    }
    return f"#cloud-config\n# Beffroi: {card.screen}\n{json.dumps(setup, indent=1, ensure_ascii=False)}\n"


def list_on_paper(cards: Sequence[EnrolmentCard]) -> bytes:
    """Return the list of cards as PDF: which file is for which screen, and room to tick."""
    register_fonts()
    town = Town.objects.get()
    places = dict(Screen.objects.filter(slug__in=[card.screen for card in cards]).values_list("slug", "place"))
    until = dt.datetime.fromtimestamp(cards[0].expires_at_ms / 1000, timezone.get_current_timezone())
    valid = _("Valid until %(day)s, each for one player, once. Whoever has a file can become that screen.") % {
        "day": format_day(until.date())
    }
    steps = _(
        "1. Flash the memory card with the image of the player.\n"
        "2. Copy the file of the screen from the folder “cards” onto the small partition of the memory card that "
        "every computer can open (bootfs).\n"
        "3. Put the memory card into the player, and tick the line below.\n"
        "With Raspberry Pi OS instead of the image: copy “user-data” of the screen from the folder “raspberry-pi-os”, "
        "and the package beffroi-player_….deb, onto that partition."
    )
    rows = [("□", card.name, places.get(card.screen, ""), file_name(card.screen)) for card in cards]
    story = [
        letterhead(town.name, None),
        text(_("Enrolment cards"), "title", 18),
        text(valid, "plain", 10),
        text(steps, "plain", 10),
        table(("", _("Screen"), _("Place"), _("File")), rows, ("plain",) * 4, (0.06, 0.3, 0.3, 0.34)),
    ]
    return draw_document(_("Enrolment cards"), town.name, story, ", ".join(cards[0].servers))
