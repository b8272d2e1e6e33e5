"""Verification of the dossier of an alert: needs neither server nor database, so that anybody can run it.

What is checked: the hash of each audit event, and that each follows from the one before where both are there; the
signature of each alert set with the town's keys; that the texts are those that were signed; and that each receipt names
a set that carried its text. With an exported audit trail, also that the events are in it.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beffroi_content.model import Alert
from beffroi_content.trust import RootKeys
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import AlertSet, KeyList, SigningRole
from beffroi_content.wire.local_triggers import SignedStatement, StatementRefused, verify_statement
from beffroi_content.wire.topics import Topic
from beffroi_server.accounts import audit_verification
from beffroi_server.accounts.audit_verification import event_hash

FORMAT = "beffroi-alert-dossier"
VERSION = 1
MAX_BYTES = 64 * 1024 * 1024
MAX_NAMED = 50
_COMPARED = (
    "level", "status", "hazard", "title", "description", "instruction", "short_text", "phone", "link", "source",
    "translations",
)  # fmt: skip
_READING_ERRORS = (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error)


class DossierUnreadable(Exception):
    """Refusal of a file that is no dossier, or of a key list; the message says why, and what to do."""


@dataclass
class DossierVerification:
    """The result for a dossier."""

    sha256: str
    faults: list[str] = field(default_factory=list)
    """What is not as it should be."""
    notes: list[str] = field(default_factory=list)
    """What could not be checked."""
    events: int = 0
    signed_sets: int = 0
    proven_texts: int = 0
    receipts: int = 0
    root_fingerprint: str = ""
    """Of the root keys of now."""
    former_fingerprints: set[str] = field(default_factory=set)
    """Of the root keys of before, from which the signed key lists lead to those of now."""
    has_own_keys: bool = False
    """Whether nothing but the file itself says that the keys are the town's."""
    is_in_trail: bool = False
    """Whether the events were found in a trail that is whole."""

    @property
    def is_whole(self) -> bool:
        """True if everything that was checked is right."""
        return not self.faults


def verify_dossier(
    text: bytes, keys: bytes | None = None, trail: Sequence[bytes] | None = None, root: str = ""
) -> DossierVerification:
    """Return the result for a dossier.

    Args:
        text: The file.
        keys: The town's signed key list, from elsewhere; None: that of the dossier itself.
        trail: Lines of an exported audit trail.
        root: The root fingerprint that the keys must have; empty: any.

    Raises:
        DossierUnreadable: it is no dossier, or there are no keys.
    """
    values = _read(text)
    found = DossierVerification(hashlib.sha256(text).hexdigest())
    try:
        _check_events(found, values["events"])
        if trail is not None:
            _check_trail(found, values["events"], trail)
        listed = _read_keys(found, values, keys)
        found.has_own_keys = keys is None and not root
        rules = _alert_rules(found, values, listed)
        if root and root.lower() not in {found.root_fingerprint, *found.former_fingerprints}:
            found.faults.append(f"the root fingerprint of the keys is not {root}")
        carried = _check_sets(found, values, rules)
        _check_texts(found, values["texts"], carried)
    except _READING_ERRORS as error:
        raise DossierUnreadable(f"it is no dossier as it was exported ({error}). Ask for the file again") from None
    return found


def _read(text: bytes) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or values.get("format") != FORMAT or values.get("version") != VERSION:
        raise DossierUnreadable("it is no dossier of an alert, or one of a newer version")
    return values


def _check_events(found: DossierVerification, events: list[dict[str, Any]]) -> None:
    before: dict[str, Any] | None = None
    for each in events:
        computed = event_hash(*(each[name] for name in ("before", "at", "actor", "action", "subject", "detail")))
        if computed != each["hash"]:
            found.faults.append(f"audit event {each['number']} was altered")
        if before is not None and before["number"] >= each["number"]:
            found.faults.append(f"audit event {each['number']} is not in its order")
        if before is not None and before["number"] + 1 == each["number"] and each["before"] != before["hash"]:
            found.faults.append(f"audit event {each['number']} does not follow from the one before")
        before, found.events = each, found.events + 1


def _check_trail(found: DossierVerification, events: list[dict[str, Any]], trail: Sequence[bytes]) -> None:
    try:
        checked = audit_verification.verify_lines(trail)
    except audit_verification.TrailUnreadable as error:
        raise DossierUnreadable(f"the audit trail: {error}") from None
    if not checked.is_whole:
        found.faults.append("the audit trail is not whole: see beffroi-server audit verify")
    hashes = {each.get("hash") for each in map(json.loads, trail)}
    missing = [each["number"] for each in events if each["hash"] not in hashes]
    found.faults += [f"audit event {number} is not in the audit trail" for number in missing]
    found.is_in_trail = checked.is_whole and not missing


def _read_keys(found: DossierVerification, values: dict[str, Any], keys: bytes | None) -> KeyList:
    payload = keys if keys is not None else base64.b64decode(values["key_list"] or "", validate=True)
    if not payload:
        raise DossierUnreadable("it has no key list: give the town's with --keys")
    try:
        sealed = envelope.parse_envelope(payload)
        listed = KeyList.model_validate_json(sealed.decode_body())
    except ValueError:
        raise DossierUnreadable("the key list cannot be read. It is the retained message …/down/all/keys") from None
    if not _is_signed_by_roots(sealed, listed, listed, values["site"]):
        found.faults.append("the key list is not signed by the root keys that it names")
    found.root_fingerprint = RootKeys.of(listed).fingerprint[:32]
    return listed


def _is_signed_by_roots(sealed: envelope.Envelope, listed: KeyList, trusted: KeyList, site: str) -> bool:
    """Tell whether enough of the root keys of a trusted list have signed a list, each under its own name."""
    roots = RootKeys.of(trusted)
    own = all(envelope.key_identifier(key) == name for name, key in listed.keys.items())
    signers = sealed.valid_signers(f"{site}/all", roots.keys)
    return sealed.role is SigningRole.ROOT and own and len(signers) >= roots.threshold


def _note_former_roots(found: DossierVerification, chain: list[tuple[envelope.Envelope, KeyList]], site: str) -> None:
    """Note the root keys from which each list of a chain, the oldest first, is signed by those of the one before."""
    former: set[str] = set()
    for (_, before), (sealed, after) in itertools.pairwise(chain):
        former.add(RootKeys.of(before).fingerprint[:32])
        if not _is_signed_by_roots(sealed, after, before, site):
            # After all root keys were lost: whoever knows those of before has no proof of these.
            former.clear()
    found.former_fingerprints = former - {found.root_fingerprint}


def _alert_rules(
    found: DossierVerification, values: dict[str, Any], listed: KeyList
) -> list[tuple[int, int, dict[str, str], int]]:
    """Return who might sign alerts in which time: from and before which instant, keys, and how many of them.

    A key that was taken out of the list may have been stolen: it proves nothing of what was sent after that.
    """
    chain = []
    for text in values.get("former_key_lists", ()):
        sealed = envelope.parse_envelope(base64.b64decode(text, validate=True))
        former = KeyList.model_validate_json(sealed.decode_body())
        # By its digest the newest list vouches also for those that other root keys have signed.
        if sealed.digest in listed.earlier or _is_signed_by_roots(sealed, former, listed, values["site"]):
            chain.append((sealed, former))
        else:
            found.notes.append(f"key list {former.sequence} is not signed by the root keys of the newest")
    chain.sort(key=lambda each: each[1].sequence)
    newest = envelope.parse_envelope(base64.b64decode(values["key_list"] or "")) if values.get("key_list") else None
    _note_former_roots(found, [*chain, *([(newest, listed)] if newest else [])], values["site"])
    lists = [*(former for _, former in chain), listed]
    ends = [each.issued_at_ms for each in lists[1:]] + [sys.maxsize]
    rules = []
    for each, end in zip(lists, ends, strict=True):
        if (rule := each.roles.get(SigningRole.ALERT)) is not None:
            keys = {name: each.keys[name] for name in rule.keys if name in each.keys}
            rules.append((each.issued_at_ms if each is not listed else 0, end, keys, rule.threshold))
    return rules


def _is_signed_in_time(
    sealed: envelope.Envelope, audience: str, issued_at_ms: int, rules: list[tuple[int, int, dict[str, str], int]]
) -> bool:
    return any(
        begin <= issued_at_ms < end and len(sealed.valid_signers(audience, keys)) >= threshold
        for begin, end, keys, threshold in rules
    )


def _read_set(sealed: envelope.Envelope) -> AlertSet | None:
    try:
        return AlertSet.model_validate_json(sealed.decode_body())
    except ValueError:
        return None


def _check_sets(
    found: DossierVerification, values: dict[str, Any], rules: list[tuple[int, int, dict[str, str], int]]
) -> dict[tuple[str, int], AlertSet]:
    """Return the sets whose signature is right, by stream and sequence."""
    carried: dict[tuple[str, int], AlertSet] = {}
    for each in values["sets"]:
        name = f"alert set {each['sequence']} of {each['topic']}"
        if each["payload"] is None:
            found.notes.append(f"{name}: the dossier has its digest only")
            continue
        payload, topic = base64.b64decode(each["payload"], validate=True), Topic.parse(each["topic"])
        sealed = envelope.parse_envelope(payload)
        if hashlib.sha256(payload).hexdigest() != each["sha256"]:
            found.faults.append(f"{name} has another digest than the dossier says")
        document = _read_set(sealed)
        is_signed = document is not None and _is_signed_in_time(sealed, topic.audience, document.issued_at_ms, rules)
        if document is None or sealed.role is not SigningRole.ALERT or topic.site != values["site"] or not is_signed:
            found.faults.append(f"{name} is not signed by the town's alert key")
            continue
        if document.sequence != each["sequence"]:
            found.faults.append(f"{name} has the sequence {document.sequence}")
        carried[topic.stream, document.sequence] = document
        found.signed_sets += 1
    return carried


def _check_texts(
    found: DossierVerification, texts: list[dict[str, Any]], carried: dict[tuple[str, int], AlertSet]
) -> None:
    for text in texts:
        signed = [alert for document in carried.values() for alert in _held(document) if alert.id == text["id"]]
        if not signed:
            found.notes.append(f"“{text['title']}”: none of the signed sets carries this text")
        elif different := [name for name in _COMPARED if any(_signed(alert, name) != text[name] for alert in signed)]:
            found.faults.append(f"“{text['title']}” is not what was signed: {', '.join(different)}")
        else:
            found.proven_texts += 1
        if (triggered := text.get("triggered")) is not None:
            _check_statement(found, text, triggered)
        for screen in text["screens"]:
            if screen["receipt"] is not None:
                found.faults += _receipt_faults(found, text, screen, carried)


def _held(document: AlertSet) -> tuple[Alert, ...]:
    """Return what players have of a set: what is on, and what begins later."""
    return (*document.alerts, *document.planned)


def _signed(alert: Alert, name: str) -> object:
    if name == "translations":
        return [each.model_dump(exclude_defaults=True) for each in alert.translations]
    return str(getattr(alert, name))


def _check_statement(found: DossierVerification, text: dict[str, Any], triggered: dict[str, Any]) -> None:
    """Check what a player has signed about an alert that was triggered on the spot."""
    try:
        statement = verify_statement(SignedStatement(**triggered["statement"]), triggered["public_key"])
    except (StatementRefused, ValueError):
        found.faults.append(f"“{text['title']}”: the statement of {triggered['screen']} is not signed by its key")
        return
    if text["id"] not in {act.id for act in statement.acts}:
        found.faults.append(f"“{text['title']}”: the statement of {triggered['screen']} does not name it")


def _receipt_faults(
    found: DossierVerification, text: dict[str, Any], screen: dict[str, Any], carried: dict[tuple[str, int], AlertSet]
) -> Iterator[str]:
    receipt = screen["receipt"]
    document = carried.get((receipt["stream"], receipt["sequence"]))
    if document is None:
        found.notes.append(f"{screen['screen']}: the set that its receipt names is not in the dossier")
    elif text["id"] not in {alert.id for alert in _held(document)}:
        yield f"{screen['screen']}: the set that its receipt names did not carry “{text['title']}”"
    else:
        found.receipts += 1


def result_lines(found: DossierVerification) -> list[str]:
    """Return the result as lines for a person."""
    keys = "known by the dossier alone" if found.has_own_keys else "those that you named"
    lines = [
        f"SHA-256 of the file: {found.sha256}",
        f"keys: {keys}, root fingerprint {found.root_fingerprint}",
        f"{found.events} audit events, {found.signed_sets} signed alert sets, {found.proven_texts} texts as signed",
        f"{found.receipts} receipts of sets that carried their text",
        *(f"  WRONG: {each}" for each in found.faults[:MAX_NAMED]),
        *(f"  not checked: {each}" for each in found.notes[:MAX_NAMED]),
    ]
    left_off = sum(max(0, len(each) - MAX_NAMED) for each in (found.faults, found.notes))
    lines += [f"  and {left_off} more"] if left_off else []
    lines.append("result: " + ("nothing was altered that can be checked" if found.is_whole else "NOT AS IT WAS MADE"))
    if found.is_whole:
        lines += _limits(found)
    return lines


def _limits(found: DossierVerification) -> list[str]:
    lines = [
        "proves: whoever holds the town's alert key signed these texts, and nobody has changed them or an audit event",
        "does not prove: receipts and play logs are what the players reported; players do not sign them",
    ]
    if found.has_own_keys:
        lines.append(
            "does not prove by itself: that these are the town's keys. Give the root fingerprint that the "
            "town had printed when it was set up with --root, or its key list with --keys"
        )
    if not found.is_in_trail:
        lines.append(
            "does not prove by itself: that no audit event was left out, or put in. Give an exported audit trail with "
            "--trail"
        )
    return lines


def main(arguments: Sequence[str]) -> int:
    """Run ``beffroi-server alerts verify FILE``; return 0 if everything that can be checked is right, 1 if not."""
    parser = argparse.ArgumentParser(
        prog="beffroi-server alerts verify",
        description="Check the dossier of an alert (JSON). Needs no server, database or settings.",
    )
    parser.add_argument("file", type=Path, help="the dossier (.json)")
    parser.add_argument(
        "--root", default="", metavar="FINGERPRINT", help="the town's root fingerprint, as players get it"
    )
    parser.add_argument(
        "--keys", type=Path, metavar="FILE", help="the town's signed key list: the retained message …/down/all/keys"
    )
    parser.add_argument("--trail", type=Path, metavar="FILE", help="an exported audit trail that has the events")
    parsed = parser.parse_args(arguments)
    try:
        keys = _bytes_of(parsed.keys) if parsed.keys is not None else None
        trail = _bytes_of(parsed.trail).splitlines(keepends=True) if parsed.trail is not None else None
        found = verify_dossier(_bytes_of(parsed.file), keys, trail, parsed.root)
    except OSError as error:
        sys.stderr.write(f"beffroi-server: {error.filename}: {error.strerror or error}\n")
        return 1
    except DossierUnreadable as error:
        sys.stderr.write(f"beffroi-server: {parsed.file}: {error}\n")
        return 1
    sys.stdout.write("\n".join(result_lines(found)) + "\n")
    return 0 if found.is_whole else 1


def _bytes_of(path: Path) -> bytes:
    with open(path, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise DossierUnreadable(f"{path} is larger than {MAX_BYTES // 1024 // 1024} MiB")
    return content
