"""The command line ``beffroi-server``: set a server up, run it, and look after it.

Imported once Django is set up: see ``__main__``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import execute_from_command_line
from django.db import DatabaseError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from beffroi_content.root_key_files import read_public_keys
from beffroi_server import bootstrap
from beffroi_server.accounts.models import LinkKind, Town, User, UserRole
from beffroi_server.accounts.services import create_printed_link, create_user
from beffroi_server.backups import backup_command, restoration_note
from beffroi_server.backups.layout import BackupFault
from beffroi_server.bootstrap import StartError
from beffroi_server.core import mail
from beffroi_server.delivery import broker_files, key_files, keys_command, signing_keys
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.doctor import doctor_command
from beffroi_server.monitoring.proof import plays_command
from beffroi_server.notifications import conditions
from beffroi_server.software import software_command
from beffroi_server.town_export import export_command
from beffroi_server.web.fleet import cards_command


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code: 0 done, 1 it failed, 2 it was not understood."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["django"]:
        execute_from_command_line(["beffroi-server django", *arguments[1:]])
        return 0
    parsed = _build_parser().parse_args(arguments)
    try:
        if parsed.command not in OWN_CHECKS:
            bootstrap.check_database()
            bootstrap.keep_secret_key()
            restoration_note.record_noted()
        return int(COMMANDS[parsed.command](parsed) or 0)
    except DatabaseError as error:
        return _print_error(bootstrap.unusable_database(error))
    except OSError as error:
        return _print_error(f"{error.filename or 'the system'}: {error.strerror or error}")
    except (StartError, KeysMissing, BackupFault, *keys_command.FAULTS) as error:
        return _print_error(str(error))
    except ValidationError as error:
        return _print_error("; ".join(error.messages))


def _run_init(parsed: argparse.Namespace) -> int:
    bootstrap.prepare_database()
    town, administrator = bootstrap.initialise_town(
        parsed.town,
        site=parsed.site,
        time_zone=parsed.time_zone,
        with_starter_set=parsed.starter_set,
        is_try_out=parsed.try_out,
        roots=read_public_keys(parsed.root_keys) if parsed.root_keys else None,
    )
    if signing_keys.published_key_list() is None:
        _print_line(f"{town.name} ({town.site}) waits for its key list. Sign it with two root keys:")
        _print_line("beffroi-server keys renew --request FILE, beffroi-provisioning keys sign FILE, keys install FILE")
    else:
        _print_line(f"{town.name} ({town.site}) is ready. Root fingerprint: {bootstrap.root_fingerprint()}")
    if here := ", ".join(path.name for path in key_files.root_files()):
        _print_line(f"Move {here} away from here, each to a medium of its own (beffroi-server keys move-root).")
    if administrator is not None:
        _print_line(f"Sign in, once, within a day: {create_printed_link(administrator, dt.timedelta(days=1))}")
    return 0


def _run_serve(parsed: argparse.Namespace) -> int:
    bootstrap.check_ports(parsed.host, parsed.port)
    from beffroi_server import service  # noqa: PLC0415 - loading it takes a third as long as all that other commands need

    service.run_service(parsed.host, parsed.port)
    return 0


def _print_sign_in_link(parsed: argparse.Namespace) -> int:
    active = User.objects.filter(is_active=True)
    found = active.filter(username=parsed.username) if parsed.username else active.filter(role=UserRole.ADMINISTRATOR)
    user = found.order_by("pk").first()
    if user is None:
        return _print_error(f"there is no user {parsed.username}" if parsed.username else "there is no administrator")
    _print_line(create_printed_link(user, dt.timedelta(hours=parsed.hours), LinkKind.RESCUE))
    return 0


def _add_user(parsed: argparse.Namespace) -> int:
    user = create_user(parsed.username, parsed.role, first_name=parsed.name)
    _print_line(create_printed_link(user, dt.timedelta(days=7), LinkKind.INVITATION))
    return 0


def _write_broker_files(parsed: argparse.Namespace) -> int:
    for path in broker_files.write_broker_files(parsed.folder, parsed.broker):
        _print_line(str(path))
    return 0


def _send_test_mail(parsed: argparse.Namespace) -> int:
    town = Town.objects.get()
    with translation.override(town.locale):
        text = _("This is a test: mail of Beffroi arrives here. Sent by %(url)s.") % {"url": settings.PUBLIC_URL}
        try:
            mail.send_mail(parsed.address, _("Test of Beffroi"), text, sender_name=town.name)
        except mail.MailFailed as error:
            return _print_error(str(error))
    _print_line(f"the mail server {settings.EMAIL_HOST} has accepted the mail to {parsed.address}")
    return 0


def _record_backup(parsed: argparse.Namespace) -> int:
    conditions.record_backup(timezone.now(), problem=(parsed.reason or "–") if parsed.outcome == "failed" else "")
    return 0


COMMANDS = {
    "init": _run_init,
    "run": _run_serve,
    "link": _print_sign_in_link,
    "user": _add_user,
    "broker-files": _write_broker_files,
    "plays": plays_command.run,
    "cards": cards_command.run,
    "doctor": doctor_command.run,
    "releases": software_command.run,
    "test-mail": _send_test_mail,
    "backup-result": _record_backup,
    "keys": keys_command.run,
    "export": export_command.run,
    **backup_command.COMMANDS,
}


OWN_CHECKS = frozenset({"init", "doctor"}) | backup_command.NEED_NO_TOWN
"""Commands that check the database themselves, or make it."""


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="beffroi-server", description="The server of Beffroi: pages, broker, publication."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="make database, keys and town; does no harm when run again")
    init.add_argument("--town", required=True, metavar="NAME", help="the town's name, as screens show it")
    init.add_argument("--site", default="", help="its part of every topic, such as saint-aubin; for good")
    init.add_argument("--starter-set", action="store_true", help="add drafts of usual alerts, and categories")
    init.add_argument("--try-out", action="store_true", help="say on every page that this is a try-out")
    init.add_argument(
        "--root-keys", type=Path, metavar="FILE",
        help="root-keys.json of “beffroi-provisioning keys make”; by default root keys are made here",
    )  # fmt: skip
    init.add_argument("--time-zone", default="", help="by default BEFFROI_TIME_ZONE")
    run = commands.add_parser("run", help="serve pages, players and the broadcast")
    run.add_argument("--host", default="0.0.0.0", help="the address to listen at")  # noqa: S104 - players are elsewhere
    run.add_argument("--port", type=int, default=8000)
    link = commands.add_parser("link", help="print an address that signs a user in, once")
    link.add_argument("username", nargs="?", help="by default the first administrator")
    link.add_argument("--hours", type=int, default=1)
    user = commands.add_parser("user", help="users of the pages").add_subparsers(dest="action", required=True)
    add = user.add_parser("add", help="add a user, and print an address that signs the user in, once")
    add.add_argument("username")
    add.add_argument("--role", default="editor", choices=("editor", "officer", "technician", "administrator"))
    add.add_argument("--name", default="")
    files = commands.add_parser("broker-files", help="write the files of a broker that the server cannot tell accounts")
    files.add_argument("folder", type=Path)
    files.add_argument(
        "--for", dest="broker", choices=sorted(broker_files.WRITERS), default="mosquitto",
        help="Mosquitto's password file and access list (the default), the accounts of its dynamic-security plugin for "
        "a new broker with thousands of screens, or a configuration of NATS to be included",
    )  # fmt: skip
    plays = commands.add_parser(
        "plays", help="check that the play logs are complete and unchanged, or write proof of play"
    )
    plays_command.add_arguments(plays)
    cards_command.add_arguments(
        commands.add_parser("cards", help="make files that enrol players, each once, for the memory cards of many")
    )
    doctor_command.add_parser(commands)
    software_command.add_arguments(
        commands.add_parser("releases", help="versions of the player: which are here, and copying new ones")
    )
    backup_command.add_parsers(commands)
    export_command.add_parser(commands)
    keys_command.add_parser(commands)
    result = commands.add_parser("backup-result", help="say how a backup by another program ended")
    result.add_argument("outcome", choices=("ok", "failed"))
    result.add_argument("--reason", default="no reason was given", help="what went wrong, for people")
    test_mail = commands.add_parser("test-mail", help="send a mail to an address, to try the mail server")
    test_mail.add_argument("address")
    # Never reached: they need no settings, see ``__main__``.
    commands.add_parser("alerts", help="verify the dossier of an alert (alerts verify)", add_help=False)
    commands.add_parser("audit", help="verify an export of the audit trail (audit verify)", add_help=False)
    commands.add_parser("calendar", help="say which special days are in a file, and what is skipped", add_help=False)
    commands.add_parser("cap", help="say what is in CAP files, and what a policy would do with it", add_help=False)
    commands.add_parser("feed", help="say what a feed in a file would show, and what is skipped", add_help=False)
    commands.add_parser("media", help="say what the library would take in of a file, page by page", add_help=False)
    commands.add_parser("django", help="run a command of Django", add_help=False)
    return parser


def _print_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _print_error(reason: str) -> int:
    sys.stderr.write(f"beffroi-server: {reason}\n")
    return 1
