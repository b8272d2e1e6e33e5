"""Commands ``cap read`` and ``cap rehearse``: what is in CAP files, and what a policy does with it for a town.

Needs neither settings nor database nor network. The files count as what one source has sent, in this order: a message
that another one of them cancels or replaces is judged so.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from beffroi_server.cap.json_output import alert_json
from beffroi_server.cap.lifecycle import CapStore, KnownMessage, receive_all
from beffroi_server.cap.messages import CapAlert, CapDocument, CapUnreadable, NamedValue
from beffroi_server.cap.places import Place, PlaceError, make_place
from beffroi_server.cap.policy import MAX_POLICY_BYTES, Policy, PolicyError, read_policy
from beffroi_server.cap.reader import read_document
from beffroi_server.cap.reason_texts import error_sentence, note_sentence
from beffroi_server.cap.rehearsal import rehearse
from beffroi_server.cap.signature_outcomes import SignatureOutcome
from beffroi_server.cap.succession import order_of
from beffroi_server.cap.text_output import alert_lines, summary_line, totals_line
from beffroi_server.cap.verdicts import Verdict, judge
from beffroi_server.cap.xml_documents import MAX_BYTES

if TYPE_CHECKING:
    # Loaded only where there is something to verify: it takes as long as reading forty messages.
    from cryptography import x509

_BEFORE_ALL = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""When files were received: their own times count, not that of the command."""


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    content: bytes
    document: CapDocument | None
    error: str = ""


def main(arguments: Sequence[str]) -> int:
    """Run the command; return 0 if all files were read, 1 if one was not, 2 if the call is wrong."""
    parser = _build_parser()
    parsed = parser.parse_args(arguments)
    try:
        place = make_place(
            name=parsed.town, latitude=parsed.latitude, longitude=parsed.longitude, insee=parsed.insee,
            department=parsed.department, country=parsed.country, codes=tuple(parsed.code),
        )  # fmt: skip
        policy = _read_policy(parsed.policy)
        certificates = [each for path in parsed.certificate for each in _read_certificates(path)]
    except (PlaceError, PolicyError) as error:
        parser.error(str(error))
    files = [_read_file(name, parsed.language) for name in parsed.files]
    if parsed.action == "rehearse":
        _print_rehearsal(files, place, policy, parsed)
    else:
        _print_verdicts(files, place, policy, certificates, parsed)
    return 1 if any(file.document is None for file in files) else 0


def _print_verdicts(
    files: Sequence[_File], place: Place, policy: Policy, certificates: Sequence[x509.Certificate],
    parsed: argparse.Namespace,
) -> None:  # fmt: skip
    now = parsed.now or dt.datetime.now(dt.UTC)
    # In their own order, reasons are the same in whatever order the files are named; of two texts that say that they
    # were sent at the same instant, the one that is named later is the newer version.
    alerts = sorted(_alerts_of(files), key=lambda each: order_of(each)[:2])
    store, _ = receive_all(CapStore(), alerts, _BEFORE_ALL)
    for file in files:
        _print_file(file, store, place, policy, now, certificates, parsed)


def _print_rehearsal(files: Sequence[_File], place: Place, policy: Policy, parsed: argparse.Namespace) -> None:
    for file in files:
        _print_notes(file, parsed)
    found = rehearse(_alerts_of(files), place, policy)
    for alert, verdict in found:
        if parsed.json:
            _print_json(alert_json(alert, verdict, parsed.language))
        else:
            sys.stdout.write(summary_line(alert, verdict, parsed.language) + "\n")
    if not parsed.json:
        sys.stdout.write(totals_line([verdict for _, verdict in found], parsed.language) + "\n")


def _alerts_of(files: Sequence[_File]) -> list[CapAlert]:
    return [alert for file in files if file.document for alert in file.document.alerts]


def _print_file(
    file: _File, store: CapStore, place: Place, policy: Policy, now: dt.datetime,
    certificates: Sequence[x509.Certificate], parsed: argparse.Namespace,
) -> None:  # fmt: skip
    language = parsed.language
    _print_notes(file, parsed)
    for alert in file.document.alerts if file.document else ():
        signature = _signature(file, alert, certificates)
        message = store.known(alert) or KnownMessage(alert, _BEFORE_ALL, _BEFORE_ALL)
        verdict = judge(message, place, policy, now, signature)
        _print_alert(alert, verdict, signature, as_json=parsed.json, language=language)


def _print_notes(file: _File, parsed: argparse.Namespace) -> None:
    if file.document is None:
        _print_note(f"{file.name}: {file.error}")
        if parsed.json:
            _print_json({"file": file.name, "error": file.error})
        return
    for note in file.document.notes:
        _print_note(f"{file.name}: {note_sentence(note, parsed.language)}")
    for link in file.document.links:
        _print_note(f"{file.name}: → {link.address}")


def _print_alert(
    alert: CapAlert, verdict: Verdict, signature: SignatureOutcome | None, *, as_json: bool, language: str
) -> None:
    if as_json:
        _print_json(alert_json(alert, verdict, language))
    else:
        sys.stdout.write("\n".join([*alert_lines(alert, verdict, signature, language), "", ""]))


def _signature(file: _File, alert: CapAlert, certificates: Sequence[x509.Certificate]) -> SignatureOutcome | None:
    """Return what is known of a signature; in a feed or envelope it cannot be looked at on its own."""
    if not alert.is_signed:
        return None
    if file.document is None or file.document.kind != "alert":
        return SignatureOutcome.NOT_VERIFIABLE
    from beffroi_server.cap.signatures import check_signature  # noqa: PLC0415 - see above

    return check_signature(file.content, certificates, alert.sent)


def _read_file(name: str, language: str) -> _File:
    try:
        if name == "-":
            content = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        return _File(name, content, read_document(content))
    except OSError as error:
        return _File(name, b"", None, error.strerror or str(error))
    except CapUnreadable as error:
        return _File(name, b"", None, error_sentence(str(error), language))


def _read_policy(path: Path | None) -> Policy:
    if path is None:
        return Policy()
    try:
        with path.open("rb") as file:
            return read_policy(file.read(MAX_POLICY_BYTES + 1))
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror or error}") from error
    except PolicyError as error:
        raise PolicyError(f"{path}: {error}") from error


def _read_certificates(path: Path) -> list[x509.Certificate]:
    from cryptography import x509  # noqa: PLC0415 - see above

    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise PolicyError(f"{path}: no certificate in PEM form") from error


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="beffroi-server cap", description="Warnings in CAP from other authorities.")
    actions = parser.add_subparsers(dest="action", required=True)
    read = actions.add_parser(
        "read",
        help="say what is in CAP files, and what a policy would do with it for a town",
        description="Say what is in CAP files (messages, Atom and RSS feeds, EDXL envelopes, JSON, zip archives of "
        "them), and what a policy would do with it for a town. The files count as what one source has sent: a message "
        "that another one cancels or replaces is judged so. Without a policy all that may concern the town is "
        "proposed; without a place it may always. docs/cap.md says more.",
    )
    _add_arguments(read)
    read.add_argument("--now", metavar="INSTANT", type=_instant, help="the instant for which to judge; by default now")
    read.add_argument("--certificate", metavar="FILE", action="append", default=[], type=Path,
                      help="a certificate (PEM) by which signatures are verified; may be repeated")  # fmt: skip
    rehearsal = actions.add_parser(
        "rehearse",
        help="say what a policy would have done with past messages",
        description="Say what a policy would have done for a town, each message at the instant at which it was sent. "
        "Signatures are not looked at.",
    )
    _add_arguments(rehearsal)
    rehearsal.set_defaults(certificate=[])
    return parser


def _add_arguments(read: argparse.ArgumentParser) -> None:
    read.add_argument("files", metavar="FILE", nargs="+", help="a file; - for standard input")
    read.add_argument("--json", action="store_true", help="print one JSON object a line")
    read.add_argument("--policy", metavar="FILE", type=Path, help="the policy, in TOML or JSON")
    read.add_argument("--town", metavar="NAME", default="", help="the town's name")
    read.add_argument("--latitude", metavar="DEGREES", type=float)
    read.add_argument("--longitude", metavar="DEGREES", type=float)
    read.add_argument("--insee", metavar="CODE", default="", help="its INSEE code, such as 35288")
    read.add_argument("--department", metavar="N", default="", help="its department, such as 35, 2A or 974")
    read.add_argument("--country", metavar="CC", default="", help="ISO 3166-1; FR where a department is given")
    read.add_argument("--code", metavar="SCHEME=VALUE", action="append", default=[], type=_code,
                      help="another code of the town, such as SAME=006109; may be repeated")  # fmt: skip
    read.add_argument("--language", choices=("en", "fr"), default="en", help="of reasons")


def _code(text: str) -> NamedValue:
    name, separator, value = text.partition("=")
    if not separator or not name.strip() or not value.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is no code such as SAME=006109")
    return NamedValue(name.strip(), value.strip())


def _instant(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1970 <= moment.year <= 2199:
        raise argparse.ArgumentTypeError(f"{text!r} is no instant with an offset, such as 2026-11-29T09:00+01:00")
    return moment


def _print_json(value: object) -> None:
    # Escaped where the terminal could not show it: the output is for programs, too.
    is_plain = (sys.stdout.encoding or "").lower() != "utf-8"
    sys.stdout.write(json.dumps(value, ensure_ascii=is_plain) + "\n")


def _print_note(line: str) -> None:
    sys.stderr.write(f"beffroi-server: {line}\n")
