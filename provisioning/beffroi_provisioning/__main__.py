"""``beffroi-provisioning``: sets up a server and its broker, uses root keys, writes files of Mosquitto and systemd."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from beffroi_content.model.base_models import IDENTIFIER_PATTERN
from beffroi_provisioning import broker_setup, card_taking, cards, keys_command, mosquitto, server_setup, units
from beffroi_provisioning.files import write_text
from beffroi_provisioning.releases import command as release_command
from beffroi_provisioning.releases.faults import RepositoryFault

CONFIGURATION_FILE = "mosquitto.conf"
ACCESS_FILE = "beffroi.access"
ACCOUNT_FILE = broker_setup.ACCOUNT_FILE.name
_OTHER_FOLDER = "Give a folder that you may write to with --out"
WATCHDOG_FILE = "beffroi-watchdog.conf"
_LED_ADDRESS = re.compile(r"(?:ddp|artnet|sacn)://[A-Za-z0-9.-]+(?::\d{1,5})?/?(?:\?[a-z]+=[\d.]+(?:&[a-z]+=[\d.]+)*)?")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what was asked for. Return 0, or 1 if a file could not be written."""
    options = _build_parser().parse_args(arguments)
    try:
        for path in options.write(options):
            print(path)
    except (broker_setup.SetupRefused, RepositoryFault, *keys_command.FAULTS) as error:
        return _print_error(str(error))
    except ValueError as error:
        return _print_error(f"{error}. Mend that line, then run this command again")
    except LookupError as error:
        return _print_error(f"{error}: run apt install mosquitto, then this command again")
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        return _print_error(f"{what}. {options.hint}")
    return 0


def _print_error(reason: str) -> int:
    print(f"beffroi-provisioning: {reason}", file=sys.stderr)
    return 1


def _write_rendered(options: argparse.Namespace) -> list[Path]:
    files: dict[str, str] = options.render(options)
    for name, text in files.items():
        write_text(options.out / name, text)
    return [options.out / name for name in files]


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="beffroi-provisioning", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_server(
        commands.add_parser("server", help="set up the server whose package is installed, and start it; as root")
    )
    _add_broker(commands.add_parser("broker", help="set up Mosquitto on this machine, beside the server; as root"))
    renewal = commands.add_parser(
        "renew-broker", help="write the rules of this version for the broker that was set up here; the package does so"
    )
    renewal.add_argument("--root", type=Path, default=Path("/"), help="folder of the machine's files (%(default)s)")
    renewal.set_defaults(
        write=lambda options: broker_setup.renew_broker(options.root), hint="Run this command with sudo"
    )
    _add_mosquitto(commands.add_parser("mosquitto", help="the configuration and the access list of Mosquitto"))
    _add_units(commands.add_parser("units", help="what systemd reads: server, player, hardware watchdog"))
    release_command.add_arguments(
        commands.add_parser("release", help="the signed repository of releases of the player; for who makes them")
    )
    _add_cards(commands.add_parser("cards", help="put an enrolment card onto the boot partition of a memory card"))
    taking = commands.add_parser(
        "take-card", help="hand the card on the boot partition to the player; as root, at boot"
    )
    taking.add_argument("--root", type=Path, default=Path("/"), help="folder of the machine's files (%(default)s)")
    taking.add_argument("--only-remove", action="store_true", help="only delete the cards that were handed over")
    taking.set_defaults(
        write=lambda options: card_taking.run(options.root, only_remove=options.only_remove),
        hint="Run this command with sudo",
    )
    keys_command.add_parser(commands)
    return parser


def _add_cards(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(write=_put_card, hint="Give the folder where the boot partition is mounted")
    parser.add_argument(
        "archive", type=Path, help="the archive of the page Enrolment cards, or of beffroi-server cards"
    )
    parser.add_argument("boot", type=Path, help="where the boot partition is mounted, such as /media/me/bootfs")
    parser.add_argument("screen", nargs="?", default="", help="identifier of the screen; by default the next one")
    parser.add_argument("--raspberry-pi-os", action="store_true", help="for Raspberry Pi OS instead of the image")
    parser.add_argument("--package", type=Path, help="with it: the package of the player, which is copied as well")


def _put_card(options: argparse.Namespace) -> list[Path]:
    return cards.put_card(
        options.archive, options.boot, options.screen, with_system=options.raspberry_pi_os, package=options.package
    )


def _add_server(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(write=_set_up_server, hint="Run this command with sudo")
    parser.add_argument("--town", required=True, metavar="NAME", help="the town's name, as screens show it")
    parser.add_argument(
        "--url", type=_url_argument, required=True,
        help="the address of the pages, such as https://screens.example.org",
    )  # fmt: skip
    parser.add_argument("--site", type=_site_argument, help="by default made of the town's name; for good")
    parser.add_argument("--postgresql", action="store_true", help="use PostgreSQL of this machine instead of SQLite")
    parser.add_argument(
        "--backups",
        type=_folder_argument,
        default=server_setup.BACKUPS,
        help="where backups go every night (%(default)s)",
    )


def _set_up_server(options: argparse.Namespace) -> list[Path]:
    setup = server_setup.ServerSetup(
        town=options.town,
        url=options.url,
        site=options.site or "",
        with_postgresql=options.postgresql,
        backups=options.backups,
    )
    server_setup.set_up_server(setup)
    return []


def _add_broker(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(write=_set_up_broker, hint="Run this command with sudo")
    parser.add_argument(
        "--site", type=_site_argument, required=True, help="the identifier of the town, as in every topic"
    )
    parser.add_argument("--public-host", required=True, help="the name of this machine as players reach it")
    parser.add_argument("--host", default=broker_setup.BrokerSetup.host, help="the address to listen on (every one)")
    parser.add_argument("--port", type=_port_argument, help="the port to listen on (1883, with TLS 8883)")
    parser.add_argument("--tls", type=Path, nargs=3, metavar=("CERTIFICATE", "KEY", "AUTHORITY"), help="PEM files")
    parser.add_argument("--root", type=Path, default=Path("/"), help="folder of the machine's files (%(default)s)")
    parser.add_argument("--plugin", type=Path, help="the dynamic-security plugin, where it is not Debian's")


def _set_up_broker(options: argparse.Namespace) -> list[Path]:
    setup = broker_setup.BrokerSetup(
        site=options.site,
        public_host=options.public_host,
        host=options.host,
        port=options.port or (8883 if options.tls else 1883),
        certificates=mosquitto.BrokerCertificates(*options.tls) if options.tls else None,
    )
    plugin = options.plugin or broker_setup.find_plugin(options.root)
    return broker_setup.set_up_broker(setup, plugin, options.root)


def _add_mosquitto(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(render=_mosquitto_files, write=_write_rendered, hint=_OTHER_FOLDER)
    parser.add_argument(
        "--site", type=_site_argument, required=True, help="the identifier of the town, as in every topic"
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--host", default=mosquitto.MosquittoSettings.host, help="the address to listen on (every one)")
    parser.add_argument("--port", type=_port_argument, help="the port to listen on (1883, with TLS 8883)")
    parser.add_argument(
        "--password-file", type=Path, default=mosquitto.MosquittoSettings.password_file, help="(%(default)s)"
    )
    parser.add_argument("--acl-file", type=Path, help=f"the access list (OUT/{ACCESS_FILE})")
    parser.add_argument(
        "--persistence",
        type=Path,
        default=mosquitto.MosquittoSettings.persistence,
        help="folder of retained messages (%(default)s)",
    )
    parser.add_argument(
        "--account", default=mosquitto.MosquittoSettings.account, help="account of the machine (%(default)s)"
    )
    parser.add_argument("--tls", type=Path, nargs=3, metavar=("CERTIFICATE", "KEY", "AUTHORITY"), help="PEM files")
    parser.add_argument(
        "--plugin", type=Path,
        help="the dynamic-security plugin, by which the server manages the accounts: the password file then has only "
        "that of the server",
    )  # fmt: skip


def _add_units(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(render=_unit_files, write=_write_rendered, hint=_OTHER_FOLDER)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument(
        "--programs", type=Path, default=units.PROGRAMS, help="the folder of the beffroi programs (%(default)s)"
    )
    parser.add_argument(
        "--output", type=_output_argument, default="fullscreen", metavar="WHERE",
        help="what the player shows its frames on: fullscreen, or the address of a LED controller such as "
        "ddp://192.168.1.40, artnet://192.168.1.40?universe=0, sacn://192.168.1.40?universe=1 (%(default)s)",
    )  # fmt: skip


def _mosquitto_files(options: argparse.Namespace) -> dict[str, str]:
    access_file = options.acl_file or (options.out / ACCESS_FILE).absolute()
    broker = mosquitto.MosquittoSettings(
        site=options.site,
        host=options.host,
        port=options.port or (8883 if options.tls else 1883),
        password_file=options.password_file,
        access_file=access_file,
        persistence=options.persistence,
        certificates=mosquitto.BrokerCertificates(*options.tls) if options.tls else None,
        account=options.account,
        plugin=mosquitto.AccountPlugin(options.plugin, options.persistence / ACCOUNT_FILE) if options.plugin else None,
    )
    files = {CONFIGURATION_FILE: mosquitto.configuration_text(broker)}
    # Elsewhere the server writes it, with the passwords: beffroi-server broker-files.
    if access_file.parent == options.out.absolute():
        files[access_file.name] = mosquitto.access_list_text(broker.site)
    return files


def _unit_files(options: argparse.Namespace) -> dict[str, str]:
    return {
        "beffroi-server.service": units.server_unit(options.programs),
        "beffroi-player.service": units.player_unit(options.programs, options.output),
        "beffroi-card.service": units.card_unit(options.programs),
        WATCHDOG_FILE: units.watchdog_drop_in(),
    }


def _site_argument(text: str) -> str:
    if not re.fullmatch(IDENTIFIER_PATTERN, text):
        raise argparse.ArgumentTypeError(f"{text!r}: use lower-case letters, digits and dashes")
    return text


def _output_argument(text: str) -> str:
    # Nothing that systemd would expand (percent and dollar signs, quotes, spaces); the player checks the rest.
    if text != "fullscreen" and not _LED_ADDRESS.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an output: write fullscreen, or an address like ddp://192.168.1.40, "
            "artnet://192.168.1.40?universe=0 or sacn://192.168.1.40?universe=1; gamma may be added, such as ?gamma=2.2"
        )
    return text


def _url_argument(text: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?/?", text):
        raise argparse.ArgumentTypeError(f"{text!r}: give an address such as https://screens.example.org")
    return text.rstrip("/")


def _folder_argument(text: str) -> Path:
    # Nothing that systemd would expand.
    if not re.fullmatch(r"/[A-Za-z0-9._/-]+", text):
        raise argparse.ArgumentTypeError(f"{text!r}: give a folder such as /var/backups/beffroi-server")
    return Path(text)


def _port_argument(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
