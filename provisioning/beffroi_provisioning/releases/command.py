"""The command ``beffroi-provisioning release``: for whoever makes releases of the player, not for a town."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

_HINT = "Give a folder that you may write to"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the acts and their arguments."""
    acts = parser.add_subparsers(required=True, metavar="ACT")
    act = acts.add_parser("keys", help="make the keys of a new repository; keep the three root keys apart, offline")
    act.add_argument("keys", type=Path, metavar="KEYS", help="an empty folder")
    act.set_defaults(write=_create_keys, hint=_HINT)
    act = acts.add_parser("init", help="make an empty repository; prints the file of root keys for the packages")
    _add_places(act)
    act.set_defaults(write=_init, hint=_HINT)
    act = acts.add_parser("add", help="sign archives, as make release builds them, and put them into the repository")
    _add_places(act)
    act.add_argument("archives", type=Path, nargs="+", metavar="ARCHIVE")
    act.set_defaults(write=_add, hint=_HINT)
    act = acts.add_parser("renew", help="sign what is there again, before its signatures expire after 500 days")
    _add_places(act)
    act.set_defaults(write=_renew, hint=_HINT)


def _add_places(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("repository", type=Path, metavar="REPOSITORY", help="its folder")
    parser.add_argument("--keys", type=Path, required=True, help="the folder of the keys that are at hand")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def _create_keys(options: argparse.Namespace) -> list[Path]:
    from beffroi_provisioning.releases import repository  # noqa: PLC0415 -- other commands do without its libraries

    return repository.create_keys(options.keys)


def _init(options: argparse.Namespace) -> list[Path]:
    from beffroi_provisioning.releases import repository  # noqa: PLC0415

    return [repository.init_repository(options.repository, options.keys, _now())]


def _add(options: argparse.Namespace) -> list[Path]:
    from beffroi_provisioning.releases import archive, repository  # noqa: PLC0415

    found = [archive.describe_archive(path) for path in options.archives]
    return repository.add_release(options.repository, options.keys, found, _now())


def _renew(options: argparse.Namespace) -> list[Path]:
    from beffroi_provisioning.releases import repository  # noqa: PLC0415

    repository.renew(options.repository, options.keys, _now())
    return [options.repository / "metadata/timestamp.json"]
