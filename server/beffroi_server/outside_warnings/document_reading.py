"""Documents of sources, read in a confined process."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pydantic import TypeAdapter, ValidationError

from beffroi_server.cap.messages import CapDocument
from beffroi_server.cap.reason_texts import error_sentence
from beffroi_server.cap.signature_outcomes import SignatureOutcome
from beffroi_server.core import sandbox

TIMEOUT_S = 120
"""Seconds for the process, which limits its own processor time to half of this: a busy machine is slow."""
_documents = TypeAdapter(CapDocument)


class DocumentRefused(Exception):
    """A document cannot be read; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """What was found in a document."""

    document: CapDocument
    signature: SignatureOutcome | None
    """Of its messages: of one, or the same for all of a feed; None where none has one."""

    @property
    def signatures(self) -> dict[tuple[str | None, str], SignatureOutcome]:
        """What was found, by identifier and version of each signed message."""
        if self.signature is None:
            return {}
        signed = [each for each in self.document.alerts if each.is_signed]
        return {(each.identifier, each.version): self.signature for each in signed}


def read_confined(content: bytes, certificates: str = "", address: str = "") -> ReadDocument:
    """Return what is in a document.

    Args:
        content: The document.
        certificates: Those by which its signature is verified, in PEM form.
        address: Where it was found: its links may be relative to that.

    Raises:
        DocumentRefused: it cannot be read.
    """
    given = json.dumps({"certificates": certificates, "address": address}).encode() + b"\n" + content
    try:
        done = sandbox.run_confined(["beffroi_server.outside_warnings.document_reader"], given, timeout_s=TIMEOUT_S)
        result = json.loads(done.stdout) if done.returncode == 0 else {}
        if "code" in result:
            raise DocumentRefused(_("It cannot be read: %(reason)s.") % {"reason": _error_words(str(result["code"]))})
        document = _documents.validate_python(result["document"])
        signature = result["signature"]
    except (subprocess.TimeoutExpired, ValueError, KeyError, ValidationError) as error:
        raise DocumentRefused(_("It could not be read within the memory and time limits.")) from error
    return ReadDocument(document, SignatureOutcome(signature) if signature else None)


def _error_words(code: str) -> str:
    return error_sentence(code, (get_language() or "fr")[:2])
