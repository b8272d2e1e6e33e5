"""Command ``keys``: what the keys of the town are, new ones, and the file that people sign with their root keys."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from django.utils import timezone

from beffroi_content.key_changes import KeyChange, KeyChangeRefused, describe_change, missing_signatures, read_change
from beffroi_content.root_key_files import read_public_keys, read_root_file, write_root_file
from beffroi_content.root_keys import RootKeyUnreadable
from beffroi_content.wire.documents import KeyList, SigningRole
from beffroi_server.delivery import key_files, key_rotation, key_state
from beffroi_server.delivery.key_rotation import WantedKeys
from beffroi_server.delivery.key_state import KeyState, KeyTask

FAULTS = (KeyChangeRefused, RootKeyUnreadable)
_ROLES = tuple(role.value for role in key_files.SIGNING_ROLES)
TASK_SENTENCES = {
    KeyTask.MISSING: "there is no key list: sign one with two root keys (docs/keys.en.md)",
    KeyTask.KEY_LOST: "the key of a role is missing or is another one: put it back from the backup, or replace it",
    KeyTask.ENDED: "the key list has ended: new players refuse it until it is signed again with two root keys",
    KeyTask.ENDING_SOON: "the key list ends within two weeks: sign it again with two root keys (keys renew)",
    KeyTask.ENDING: "the key list ends within half a year: sign it again with two root keys (keys renew)",
    KeyTask.ROOTS_HERE: "%s are still on this machine: move each to a medium of its own (keys move-root)",
}


def task_sentences(state: KeyState) -> list[str]:
    """Return what is to be done about the keys, the most urgent first."""
    return [TASK_SENTENCES[task].replace("%s", ", ".join(state.root_files)) for task in state.tasks]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of ``beffroi-server``."""
    parser = commands.add_parser("keys", help="the town's keys: what they are, new ones, renewal (docs/keys.en.md)")
    acts = parser.add_subparsers(dest="act", metavar="ACT")
    acts.add_parser("show", help="say which keys count, until when, and what is to be done (the default)")
    renew = acts.add_parser("renew", help="have the key list signed again, with the same keys")
    rotate = acts.add_parser("rotate", help="have a new key made for roles, and listed")
    rotate.add_argument("roles", nargs="+", choices=[*_ROLES, "all"], metavar="ROLE", help=f"{', '.join(_ROLES)}, all")
    rotate.add_argument(
        "--at-once", action="store_true", help="the former key was stolen or lost: screens refuse it from now on"
    )
    roots = acts.add_parser("roots", help="have other root keys listed, made by “beffroi-provisioning keys make”")
    roots.add_argument("public", type=Path, metavar="root-keys.json", help="their public halves")
    for act in (renew, rotate, roots):
        act.add_argument(
            "--root", type=Path, action="append", default=[], metavar="FILE",
            help="a root key on a medium, to sign with here; give it twice",
        )  # fmt: skip
        act.add_argument("--request", type=Path, metavar="FILE", help="write what is to be signed elsewhere")
        act.add_argument("--passphrase-file", type=Path, help="holds the passphrase of the root keys")
        act.add_argument("--dry-run", action="store_true", help="only say what would change")
    install = acts.add_parser("install", help="take in a signed file, and publish what is in it")
    install.add_argument("file", type=Path)
    install.add_argument("--dry-run", action="store_true", help="only say what would change")
    move = acts.add_parser("move-root", help="move a root key from this machine to a medium, such as a memory stick")
    move.add_argument("number", type=int, choices=(1, 2, 3))
    move.add_argument("folder", type=Path, help="on the medium")
    anew = acts.add_parser("start-anew", help="make new root keys although two are lost: every player is enrolled anew")
    anew.add_argument("--enrol-every-player-again", action="store_true", required=True)


def run(parsed: argparse.Namespace) -> int:
    """Run an act.

    Raises:
        KeyChangeRefused: a change cannot be signed or taken in.
        RootKeyUnreadable: a root key cannot be used.
        KeysMissing: a key is not there.
    """
    match parsed.act:
        case "renew" | "rotate" | "roots":
            return _change(parsed, _wanted(parsed))
        case "install":
            return _take_in(_read_file(parsed.file), is_dry=parsed.dry_run)
        case "move-root":
            return _move_root(parsed.number, parsed.folder)
        case "start-anew":
            return _start_anew()
        case _:
            _print_lines(_state_lines())
            return 0


def _wanted(parsed: argparse.Namespace) -> WantedKeys:
    if parsed.act == "roots":
        return WantedKeys(roots=read_public_keys(parsed.public))
    if parsed.act == "renew":
        return WantedKeys()
    roles = frozenset[SigningRole](
        key_files.SIGNING_ROLES if "all" in parsed.roles else [SigningRole(name) for name in parsed.roles]
    )
    return WantedKeys(replaced=roles) if parsed.at_once else WantedKeys(rotated=roles)


def _start_anew() -> int:
    key_rotation.start_anew(timezone.now())
    _print("New root keys are in force. Every player refuses what this server signs until it is enrolled again;")
    _print("until then it goes on with what it has. Open an enrolment for each on the page of its screen.")
    return 0


def _change(parsed: argparse.Namespace, wanted: WantedKeys) -> int:
    change = key_rotation.propose_change(wanted, timezone.now())
    here = [read_root_file(path, parsed.passphrase_file) for path in parsed.root] if not parsed.request else []
    if not parsed.request and not here:
        here = key_files.root_keys()
    change = key_rotation.sign_with(change, here)
    if parsed.request and not parsed.dry_run:
        _print_lines(describe_change(change))
        parsed.request.write_bytes(change.to_json())
        _print(f"{parsed.request} is written. On a machine with the root keys, which needs no network:")
        _print(f"  beffroi-provisioning keys sign {parsed.request.name} --root root-1.pem --root root-2.pem")
        _print(f"then here: beffroi-server keys install {parsed.request.name}")
        return 0
    return _take_in(change, is_dry=parsed.dry_run)


def _take_in(change: KeyChange, *, is_dry: bool) -> int:
    _print_lines(describe_change(change))
    if is_dry:
        missing = missing_signatures(change)
        _print(f"Nothing was changed. {missing} more root keys have to sign it." if missing else "Nothing was changed.")
        if not missing:
            key_rotation.check_change(change)
        return 0
    lists = key_rotation.install_change(change, timezone.now())
    _print_lines(_consequences(lists))
    return 0


def _consequences(lists: list[KeyList]) -> Iterator[str]:
    yield f"Key list {lists[0].sequence} is in force. Players that are off take it once they are on."
    yield "A running server signs with new keys as soon as the broker has the list, and signs anew what screens have."
    if len(lists) > 1:
        yield f"Key list {lists[1].sequence}, without the former keys, follows by itself a day after that."
    yield "No screen changes what it shows. “beffroi-server keys” says how far it is."


def _move_root(number: int, folder: Path) -> int:
    source = key_files.key_path(f"root-{number}")
    key = read_root_file(source)
    if is_same_medium(folder, source):
        raise RootKeyUnreadable(f"{folder} is on the same disk as {source}: give a folder on another medium")
    target = folder / source.name
    write_root_file(target, key)
    source.unlink()
    _print(f"{target} is written and was read back; it is no longer on this machine.")
    _print(f"For a copy on paper: beffroi-provisioning keys paper {target} --out root-{number}.html")
    if left := key_files.root_files():
        _print(f"Still here: {', '.join(path.name for path in left)}.")
    return 0


def is_same_medium(folder: Path, file: Path) -> bool:
    """Tell whether a folder and a file are on the same disk."""
    return folder.resolve().stat().st_dev == file.stat().st_dev


def _state_lines() -> Iterator[str]:
    state = key_state.read_key_state(timezone.now())
    if state.ends_at is not None:
        until = f"new players accept it until {state.ends_at:%Y-%m-%d}"
        yield f"Key list {state.sequence}, signed {state.signed_at:%Y-%m-%d}: {until}"
        yield f"Root fingerprint {state.fingerprint}"
    for role, keys in state.roles.items():
        note = " (the former one still counts)" if role in state.changing else ""
        yield f"  {role.value:<10} {', '.join(keys)}{note}"
    if state.changing:
        when = f"at the earliest {state.drops_at:%Y-%m-%d %H:%M} UTC" if state.drops_at else "once all is signed anew"
        yield f"The former keys count no more: {when}"
    here = ", ".join(state.root_files)
    yield f"Root keys on this machine: {here or 'none, as it should be'}"
    for sentence in task_sentences(state):
        yield f"To do: {sentence}"


def _read_file(path: Path) -> KeyChange:
    try:
        return read_change(path.read_bytes())
    except KeyChangeRefused as error:
        raise KeyChangeRefused(f"{path}: {error}") from error


def _print_lines(lines: Iterator[str] | list[str]) -> None:
    for line in lines:
        _print(line)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
