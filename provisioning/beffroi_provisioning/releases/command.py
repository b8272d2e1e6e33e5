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
    act = acts.add_parser(
        "replace-keys", help="make keys in place of lost or stolen ones, signed by two root keys; players follow"
    )
    act.add_argument("repository", type=Path, metavar="REPOSITORY", help="its folder")
    act.add_argument(
        "names", nargs="*", metavar="KEY",
        help="root-1, root-2, root-3, releases or freshness; without, the root file is signed for another ten years",
    )  # fmt: skip
    act.add_argument(
        "--keys", type=Path, action="append", required=True, metavar="KEYS",
        help="a folder of keys that are at hand, such as a stick; give it once for each",
    )  # fmt: skip
    act.add_argument(
        "--new", type=Path, default=Path("new-keys"), metavar="FOLDER", help="where new keys go (%(default)s)"
    )
    act.set_defaults(write=_replace_keys, hint=_HINT)


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

    repository.renew(options.repository, [options.keys], _now())
    return [options.repository / "metadata/timestamp.json"]


def _replace_keys(options: argparse.Namespace) -> list[Path]:
    from beffroi_provisioning.releases import key_replacement  # noqa: PLC0415

    names = list(dict.fromkeys(options.names))
    done = key_replacement.replace_keys(options.repository, names, options.keys, options.new, _now())
    print(f"Signed by {' and '.join(done.signed_by)}; the root file holds until {done.expires:%Y-%m-%d}.")
    if done.new_keys:
        print(f"Replaced: {', '.join(names)}. Take new root keys apart, offline; destroy the old ones.")
    print("Hand the repository on as it is now: players and servers follow by themselves.")
    print(f"Build packages from now on with --releases-root {done.root_file}")
    return [done.root_file, *done.new_keys]
