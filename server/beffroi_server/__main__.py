"""``beffroi-server``: set the server up, run it, let people in."""

from __future__ import annotations

# ruff: noqa: PLC0415 - models can be imported only once Django is set up
import argparse
import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code: 0 done, 1 it did not work, 2 it was not understood."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beffroi_server.settings")
    if arguments[:1] == ["django"]:
        from django.core.management import execute_from_command_line

        execute_from_command_line(["beffroi-server django", *arguments[1:]])
        return 0
    parsed = _build_parser().parse_args(arguments)

    import django
    from django.core.exceptions import ValidationError

    django.setup()
    from beffroi_server.bootstrap import StartError
    from beffroi_server.delivery.key_files import KeysMissing

    try:
        return int(COMMANDS[parsed.command](parsed) or 0)
    except (StartError, KeysMissing) as error:
        return _print_error(str(error))
    except ValidationError as error:
        return _print_error("; ".join(error.messages))


def _run_init(parsed: argparse.Namespace) -> int:
    from beffroi_server import bootstrap
    from beffroi_server.accounts.services import create_sign_in_link

    bootstrap.prepare_database()
    town, administrator = bootstrap.initialise_town(parsed.town, site=parsed.site, time_zone=parsed.time_zone)
    _print_line(f"{town.name} ({town.site}) is ready. Root fingerprint: {bootstrap.root_fingerprint()}")
    _print_line("Keep root-1.pem, root-2.pem and root-3.pem away from this machine: the server runs without them.")
    if administrator is not None:
        _print_line(f"Sign in, once, within a day: {create_sign_in_link(administrator, dt.timedelta(days=1))}")
    return 0


def _run_serve(parsed: argparse.Namespace) -> int:
    from beffroi_server import service

    service.run_service(parsed.host, parsed.port)
    return 0


def _print_sign_in_link(parsed: argparse.Namespace) -> int:
    from beffroi_server.accounts.models import User, UserRole
    from beffroi_server.accounts.services import create_sign_in_link

    people = User.objects.filter(is_active=True)
    found = people.filter(username=parsed.username) if parsed.username else people.filter(role=UserRole.ADMINISTRATOR)
    person = found.order_by("pk").first()
    if person is None:
        return _print_error(f"nobody is called {parsed.username}" if parsed.username else "there is no administrator")
    _print_line(create_sign_in_link(person, dt.timedelta(hours=parsed.hours)))
    return 0


def _add_user(parsed: argparse.Namespace) -> int:
    from beffroi_server.accounts.services import create_sign_in_link, create_user

    person = create_user(parsed.username, parsed.role, first_name=parsed.name)
    _print_line(create_sign_in_link(person, dt.timedelta(days=1)))
    return 0


def _write_broker_files(parsed: argparse.Namespace) -> int:
    from beffroi_server.delivery import mosquitto_files

    for path in mosquitto_files.write_mosquitto_files(parsed.folder):
        _print_line(str(path))
    return 0


def _audit_plays(parsed: argparse.Namespace) -> int:
    from beffroi_server.fleet import play_audit as plays
    from beffroi_server.fleet.models import Screen

    screens = Screen.objects.filter(slug=parsed.screen) if parsed.screen else Screen.objects.all()
    if parsed.screen and not screens:
        return _print_error(f"no screen is called {parsed.screen}")
    worst = 0
    for screen in screens:
        found = plays.audit_plays(screen)
        _print_line(f"{screen.slug}: {found.count} plays, {'whole' if found.is_whole else 'NOT WHOLE'}")
        if found.ended:
            reasons = sorted(found.ended.items(), key=lambda pair: -pair[1])
            _print_line("  ended: " + ", ".join(f"{count} {reason or 'unsaid'}" for reason, count in reasons))
        if found.forgotten:
            _print_line(f"  forgotten by age: up to {found.forgotten}; the chain goes on from {found.chain}")
        for first, last in found.missing:
            _print_line(f"  missing: {first} to {last}")
        for number in found.broken:
            _print_line(f"  changed, or what was before it: {number}")
        for number in found.begun:
            _print_line(f"  the player began a new chain at {number}: its log was lost")
        worst |= not found.is_whole
    return int(worst)


def _check_deployment(_parsed: argparse.Namespace) -> int:
    from beffroi_server import bootstrap

    bootstrap.check_ready()
    findings = bootstrap.deployment_findings()
    for finding in findings:
        _print_line(finding)
    return 1 if findings else 0


COMMANDS = {
    "init": _run_init,
    "run": _run_serve,
    "link": _print_sign_in_link,
    "person": _add_user,
    "broker-files": _write_broker_files,
    "plays": _audit_plays,
    "check": _check_deployment,
}


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="beffroi-server", description="The town hall's side of Beffroi.")
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="make database, keys and town; does no harm when run again")
    init.add_argument("--town", required=True, metavar="NAME", help="the town's name, as screens show it")
    init.add_argument("--site", default="", help="its part of every topic, such as saint-aubin; for good")
    init.add_argument("--time-zone", default="", help="by default BEFFROI_TIME_ZONE")
    run = commands.add_parser("run", help="serve pages, players and the broadcast")
    run.add_argument("--host", default="0.0.0.0", help="the address to listen at")  # noqa: S104 - players are elsewhere
    run.add_argument("--port", type=int, default=8000)
    link = commands.add_parser("link", help="print an address that signs somebody in, once")
    link.add_argument("username", nargs="?", help="by default the first administrator")
    link.add_argument("--hours", type=int, default=1)
    person = commands.add_parser("person", help="people").add_subparsers(dest="action", required=True)
    add = person.add_parser("add", help="add somebody, and print an address that signs them in")
    add.add_argument("username")
    add.add_argument("--role", default="editor", choices=("editor", "officer", "technician", "administrator"))
    add.add_argument("--name", default="")
    files = commands.add_parser("broker-files", help="write Mosquitto's password file and access list")
    files.add_argument("folder", type=Path)
    plays = commands.add_parser("plays", help="say whether the play logs are whole: nothing missing, nothing changed")
    plays.add_argument("screen", nargs="?", help="the identifier of one screen; by default all")
    commands.add_parser("check", help="say what is not as it should be in service")
    commands.add_parser("django", help="any command of Django's", add_help=False)
    return parser


def _print_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _print_error(reason: str) -> int:
    sys.stderr.write(f"beffroi-server: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
