"""Process that reads one document: ``python -m beffroi_server.outside_warnings.document_reader``.

Standard input is a line of JSON with ``certificates`` (PEM) and ``address``, then the document. Standard output is a
line of JSON: ``document`` as ``document_reading`` reads it and ``signature``, or ``code`` for what is wrong with it.
"""

from __future__ import annotations

import json
import sys

from cryptography import x509
from pydantic import TypeAdapter

from beffroi_server.cap.messages import CapDocument, CapUnreadable
from beffroi_server.cap.reader import read_document
from beffroi_server.cap.signatures import check_signature
from beffroi_server.core import sandbox

MEMORY_LIMIT = 1024 * 1024 * 1024
"""Bytes of address space: a document may have 16 MB."""
PROCESSOR_S = 60
"""Seconds of processor time: an archive of 1,500 messages takes 15 on a fast machine."""


def read_input(certificates: str, content: bytes, address: str = "") -> dict[str, object]:
    """Return what is in a document, and what is known of the signature of its one message."""
    try:
        document = read_document(content, address)
    except CapUnreadable as error:
        return {"code": str(error)}
    signature = None
    if any(alert.is_signed for alert in document.alerts):
        trusted = x509.load_pem_x509_certificates(certificates.encode()) if certificates.strip() else []
        is_alone = document.kind == "alert" and len(document.alerts) == 1
        # In a feed or envelope a signature cannot be looked at on its own.
        found = check_signature(content, trusted, document.alerts[0].sent) if is_alone else None
        signature = found.value if found else "not verifiable"
    return {"document": TypeAdapter(CapDocument).dump_python(document, mode="json"), "signature": signature}


if __name__ == "__main__":
    options = json.loads(sys.stdin.buffer.readline())
    # Builds the serialiser before the process gives up reading files.
    TypeAdapter(CapDocument).dump_python(CapDocument("other"))
    sandbox.confine_process(MEMORY_LIMIT, PROCESSOR_S)
    print(json.dumps(read_input(options["certificates"], sys.stdin.buffer.read(), options["address"])))
