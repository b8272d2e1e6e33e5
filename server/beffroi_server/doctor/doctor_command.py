"""The command ``beffroi-server doctor``: what is wrong, in order of harm, why, and the next step."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress

from django.db import DatabaseError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from beffroi_content.findings import exit_code, json_text, plain_text
from beffroi_content.terminal_language import LANGUAGES, terminal_language
from beffroi_server.accounts.models import Town
from beffroi_server.core.database import is_database_missing
from beffroi_server.doctor import examination
from beffroi_server.monitoring import finding_texts

EPILOGUE = """\
It changes nothing and needs no running server. Run it as the account of the server, which the package sees to:

  sudo beffroi-server doctor

It looks at the disk and its permissions, the clock, keys and key list, certificates, the broker, what waits to be sent,
jobs, mail, backups, the whole database and audit trail, fonts, decoders, how files of strangers are opened, and in what
players differ from this server. The page “Needs attention” and /health/ready say the same.

Exit codes: 0 nothing is wrong, 1 there are only warnings, 2 the command line is wrong, 3 something fails.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of ``beffroi-server``."""
    parser = commands.add_parser(
        "doctor", help="say what is wrong with this server, why, and the next step", epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Say what is wrong with this server, the greatest harm first, why, and the next step.",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print it for other programs")
    parser.add_argument("--quick", action="store_true", help="leave out what takes long, such as the whole database")
    parser.add_argument("--record", action="store_true", help="leave it for the pages, as the server does by itself")
    parser.add_argument("--language", choices=LANGUAGES, help="by default that of the terminal, or of the town")


def run(parsed: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    found = examination.examine(timezone.now(), is_thorough=not parsed.quick)
    if parsed.record:
        examination.record_examination(found)
    with translation.override(parsed.language or _usual_language()):
        explained = [finding_texts.explain(each) for each in found.findings]
        if parsed.json:
            values = {each.code: each.values for each in found.findings}
            sys.stdout.write(json_text(explained, values, {"at": found.at.isoformat(), **found.readings}))
        else:
            sys.stdout.write(plain_text(explained, finding_texts.severity_names()) or _("Nothing is wrong.") + "\n")
    return exit_code(each.severity for each in explained)


def _usual_language() -> str:
    if language := terminal_language():
        return language
    if is_database_missing():
        return "en"
    with suppress(DatabaseError):
        if (town := Town.objects.first()) is not None:
            return town.locale
    return "en"
