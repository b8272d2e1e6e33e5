"""Command ``keys``: makes root keys and signs with them, on a machine that needs neither server nor network."""

from __future__ import annotations

import argparse
import getpass
import html
import sys
from pathlib import Path

import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_content.key_changes import (
    KeyChange,
    KeyChangeRefused,
    describe_change,
    missing_signatures,
    read_change,
    sign_change,
)
from beffroi_content.root_key_files import read_root_file, write_root_file
from beffroi_content.root_keys import (
    ROOT_COUNT,
    PublicRootKeys,
    RootKeyUnreadable,
    identifier_of,
    paper_lines,
    read_paper,
)
from beffroi_content.trust import root_fingerprint
from beffroi_content.wire.envelope import public_hex

FAULTS = (KeyChangeRefused, RootKeyUnreadable)
PUBLIC_FILE = "root-keys.json"
_HINT = "Look at the folder, and at whether it can be written to"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of ``beffroi-provisioning``."""
    parser = commands.add_parser("keys", help="root keys: make them, sign with them, keep them on paper; no network")
    acts = parser.add_subparsers(required=True, metavar="ACT")
    make = acts.add_parser("make", help="make three root keys, each in a folder of its own, such as on a memory stick")
    make.add_argument("folders", type=Path, nargs=ROOT_COUNT, metavar="FOLDER")
    make.add_argument("--passphrase", action="store_true", help="ask for one, without which the files are of no use")
    make.add_argument("--first", type=int, default=1, help="the number of the first (%(default)s)")
    one = acts.add_parser("replace", help="make one root key in place of a lost one; the others are read")
    one.add_argument("folder", type=Path, help="for the new key")
    one.add_argument("--number", type=int, required=True, help="of the lost key")
    one.add_argument(
        "--keep", type=Path, action="append", required=True, metavar="FILE", help="a root key that is left"
    )
    show = acts.add_parser("show", help="say what a file from the server would change")
    show.add_argument("file", type=Path)
    sign = acts.add_parser("sign", help="sign a file from the server with root keys; two have to sign")
    sign.add_argument("file", type=Path)
    sign.add_argument("--root", type=Path, action="append", required=True, metavar="FILE", help="give it twice")
    sign.add_argument("--out", type=Path, help="where the signed file goes; by default in the place of the first")
    paper = acts.add_parser("paper", help="write a root key as a page to print")
    paper.add_argument("root", type=Path)
    paper.add_argument("--out", type=Path, required=True, metavar="FILE.html")
    typed = acts.add_parser("from-paper", help="make the file of a root key from its four lines on paper")
    typed.add_argument("out", type=Path, metavar="FILE.pem")
    for act, run in (
        (make, _make), (one, _replace), (show, _show), (sign, _sign), (paper, _print_paper), (typed, _from_paper),
    ):  # fmt: skip
        act.set_defaults(write=run, hint=_HINT)
        act.add_argument("--passphrase-file", type=Path, help="holds the passphrase, so that nobody is asked")


def _make(options: argparse.Namespace) -> list[Path]:
    if len({folder.resolve() for folder in options.folders}) < ROOT_COUNT:
        raise RootKeyUnreadable("give three different folders: on three memory sticks, as a rule")
    keys = [Ed25519PrivateKey.generate() for _ in options.folders]
    passphrase = _new_passphrase(options)
    written = []
    for number, (folder, key) in enumerate(zip(options.folders, keys, strict=True), options.first):
        written.append(_write_root(folder, number, key, passphrase))
    return written + _write_public(options.folders, keys)


def _replace(options: argparse.Namespace) -> list[Path]:
    kept = [read_root_file(path, options.passphrase_file) for path in options.keep]
    key = Ed25519PrivateKey.generate()
    passphrase = _new_passphrase(options) if options.passphrase_file else ""
    written = _write_root(options.folder, options.number, key, passphrase)
    return [written, *_write_public([options.folder], [*kept, key])]


def _show(options: argparse.Namespace) -> list[Path]:
    _say_change(_read_change(options.file))
    return []


def _sign(options: argparse.Namespace) -> list[Path]:
    change = _read_change(options.file)
    # Before anybody is asked for a passphrase: they should know what they sign.
    _say_change(change)
    for path in options.root:
        change = sign_change(change, read_root_file(path, options.passphrase_file))
    out = options.out or options.file
    part = out.with_name(f".{out.name}.part")
    part.write_bytes(change.to_json())
    part.replace(out)
    missing = missing_signatures(change)
    _say(f"{missing} more root keys have to sign it." if missing else "It is signed: beffroi-server keys install FILE")
    return [out]


def _print_paper(options: argparse.Namespace) -> list[Path]:
    key = read_root_file(options.root, options.passphrase_file)
    lines = paper_lines(key)
    code = segno.make("\n".join(lines), error="m", micro=False).svg_inline(scale=4)
    text = html.escape("\n".join(lines))
    options.out.touch(mode=0o600)
    options.out.write_text(
        f"<!doctype html><meta charset=utf-8><title>{html.escape(options.root.name)}</title>"
        f"<style>body{{font-family:sans-serif;max-width:40em;margin:2em auto}}pre{{font-size:1.3em}}</style>"
        f"<h1>Beffroi: {html.escape(options.root.stem)}</h1>"
        f"<p>Whoever has this page has the key. Keep it closed away, apart from the other two. / "
        f"Qui détient cette page détient la clé. À conserver sous clé, séparément des deux autres.</p>"
        f"<pre>{text}</pre>{code}"
        f"<p>Key {identifier_of(key)}. To use it again: <code>beffroi-provisioning keys from-paper "
        f"{html.escape(options.root.name)}</code>, then type the four lines.</p>",
        encoding="utf-8",
    )
    _say(f"Print {options.out}, then delete it: it holds the key in plain text.")
    return [options.out]


def _from_paper(options: argparse.Namespace) -> list[Path]:
    if sys.stdin.isatty():
        _say("Type the four lines as they are on paper; end with Ctrl-D.")
    key = read_paper(sys.stdin.read())
    write_root_file(options.out, key)
    _say(f"Key {identifier_of(key)}: compare it with the last line of the paper.")
    return [options.out]


def _write_root(folder: Path, number: int, key: Ed25519PrivateKey, passphrase: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"root-{number}.pem"
    write_root_file(path, key, passphrase)
    return path


def _write_public(folders: list[Path], keys: list[Ed25519PrivateKey]) -> list[Path]:
    """Write the public halves beside each key: the server is given one of these files."""
    public = PublicRootKeys(keys=tuple(map(public_hex, keys)))
    for folder in folders:
        (folder / PUBLIC_FILE).write_bytes(public.to_json())
    _say(f"Root fingerprint: {root_fingerprint(public.keys)[:32]}")
    return [folder / PUBLIC_FILE for folder in folders]


def _new_passphrase(options: argparse.Namespace) -> str:
    if options.passphrase_file is not None:
        return str(options.passphrase_file.read_text(encoding="utf-8").strip())
    if not options.passphrase:
        return ""
    first = getpass.getpass("Passphrase for the three keys: ")
    if not first or first != getpass.getpass("Again: "):
        raise RootKeyUnreadable("the two passphrases differ, or are empty: nothing was written")
    return first


def _say_change(change: KeyChange) -> None:
    for line in describe_change(change):
        _say(line)


def _read_change(path: Path) -> KeyChange:
    try:
        return read_change(path.read_bytes())
    except KeyChangeRefused as error:
        raise KeyChangeRefused(f"{path}: {error}") from error


def _say(line: str) -> None:
    print(line)
