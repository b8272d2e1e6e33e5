"""Signatures of CAP messages: enveloped XML signatures, as real networks make them.

“The signature fails” never means “the message was changed”: real signatures have identifiers that the schema of XML
Signature forbids, algorithms of 2013, two signatures in one message, and canonical forms that lxml writes otherwise.
Each of these is tried. A message was changed only where a signature itself verifies, and the digest under it does not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidDigest, InvalidInput, InvalidSignature
from signxml.verifier import SignatureConfiguration, XMLVerifier

from beffroi_server.cap.alert_elements import content_digest
from beffroi_server.cap.messages import CapUnreadable
from beffroi_server.cap.signature_outcomes import SignatureOutcome
from beffroi_server.cap.xml_documents import parse_document

_NAMESPACE = "http://www.w3.org/2000/09/xmldsig#"
MAX_SIGNATURES = 5
MAX_LAID_OUT = 1024 * 1024
"""Bytes of a document whose other layouts are tried."""


def check_signature(
    content: bytes, certificates: Sequence[x509.Certificate], sent: dt.datetime | None
) -> SignatureOutcome | None:
    """Return what the signatures of a document with one message say; None if it has none.

    Args:
        content: The document as it was received: one other byte is another message.
        certificates: Certificates of the source that the town trusts.
        sent: When the message was sent: certificates count at that time.
    """
    try:
        root, is_damaged = parse_document(content)
    except CapUnreadable:
        return None
    count = min(MAX_SIGNATURES, len(root.findall(f"{{{_NAMESPACE}}}Signature")))
    if not count:
        return None
    if is_damaged:
        return SignatureOutcome.NOT_VERIFIABLE
    found = [_check_one(content, at, certificates, sent) for at in range(count)]
    for outcome in (SignatureOutcome.VERIFIED, SignatureOutcome.OUT_OF_DATE):
        if outcome in found:
            return outcome
    # A later signature may be over the first one, too: only the first can tell that the message was changed.
    return found[0] if found[0] is SignatureOutcome.CHANGED else SignatureOutcome.NOT_VERIFIABLE


def _check_one(
    content: bytes, at: int, certificates: Sequence[x509.Certificate], sent: dt.datetime | None
) -> SignatureOutcome:
    try:
        attempts = _attempts(content, at)
        layouts = _attempts_of_layouts(content, at)
    except etree.XMLSyntaxError:
        return SignatureOutcome.NOT_VERIFIABLE
    is_changed = False
    for certificate in certificates:
        found = _verify_any(attempts, certificate, layouts)
        if found:
            is_valid = sent is None or certificate.not_valid_before_utc <= sent <= certificate.not_valid_after_utc
            return SignatureOutcome.VERIFIED if is_valid else SignatureOutcome.OUT_OF_DATE
        is_changed = is_changed or found is False
    # Signed by somebody unknown. That it was changed shows even then: under the key that it brings along.
    if not is_changed and (embedded := _embedded_certificate(attempts[0][0])):
        is_changed = _verify_any(attempts, embedded, layouts) is False
    return SignatureOutcome.CHANGED if is_changed else SignatureOutcome.NOT_VERIFIABLE


def _verify_any(
    attempts: list[tuple[Any, bool]], certificate: x509.Certificate, layouts: list[tuple[Any, bool]]
) -> bool | None:
    """Return whether one of the forms of a document verifies; see ``_verify``."""
    found = {_verify(root, certificate, excise=excise) for root, excise in attempts}
    if True not in found and False in found:
        # Blanks between elements say nothing, and aggregators change them.
        found |= {_verify(root, certificate, excise=excise) for root, excise in layouts}
    return True if True in found else False if False in found else None


def _attempts(content: bytes, at: int) -> list[tuple[Any, bool]]:
    """Return the forms of a document in which a signature may verify: without the other ones, or with those before it.

    The second value says whether lxml's empty declarations of namespaces are taken out of the canonical form.
    """
    found = []
    for is_alone in (True, False):
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
        signatures = root.findall(f"{{{_NAMESPACE}}}Signature")
        if not is_alone and len(signatures) == 1:
            break
        own, earlier, later = signatures[at], signatures[:at], signatures[at + 1 :]
        # A later signature may be over the earlier ones, too; the first may be over all.
        for other in earlier + later if is_alone else later if earlier else []:
            _take_out(other)
        if earlier and not is_alone:
            # The first one is verified. Its own place does not matter: the transform takes it out.
            _take_out(own)
            own.tail = None
            earlier[0].addprevious(own)
        found += [(root, False), (root, True)]
    return found


def _attempts_of_layouts(content: bytes, at: int) -> list[tuple[Any, bool]]:
    """Return the forms of a document in which it may have been signed before somebody laid it out otherwise."""
    found: list[tuple[Any, bool]] = []
    if len(content) > MAX_LAID_OUT:
        return found
    for indent in (None, "  ", "    ", "\t"):
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        root = etree.fromstring(content, parser)
        signatures = root.findall(f"{{{_NAMESPACE}}}Signature")
        for each in signatures:
            _take_out(each)
            each.tail = None
        if indent is None:
            _drop_blanks(root)
        else:
            etree.indent(root, indent)
        root.append(signatures[at])
        found += [(root, False), (root, True)]
    return found


def _drop_blanks(root: Any) -> None:
    for each in root.iter():
        if len(each) and not (each.text or "").strip():
            each.text = None
        if not (each.tail or "").strip():
            each.tail = None


def _take_out(signature: Any) -> None:
    """Remove an element as the transform “enveloped signature” does: the text after it stays."""
    parent, tail = signature.getparent(), signature.tail
    if tail:
        before = signature.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + tail
        else:
            parent.text = (parent.text or "") + tail
    parent.remove(signature)


def _verify(root: Any, certificate: x509.Certificate, *, excise: bool) -> bool | None:
    """Return whether a signature verifies; False if only the digest of the content does not, None if nothing is known.

    The dates of the certificate are looked at by the caller: they are no property of the signature.
    """
    verifier = XMLVerifier()
    verifier.excise_empty_xmlns_declarations = excise
    expected = SignatureConfiguration(
        require_x509=True, location="./", signature_methods=frozenset(SignatureMethod),
        digest_algorithms=frozenset(DigestAlgorithm), ignore_ambiguous_key_info=True,
        verification_time=certificate.not_valid_before_utc,
    )  # fmt: skip
    try:
        result = verifier.verify(
            root, x509_cert=certificate.public_bytes(Encoding.PEM).decode("ascii"), validate_schema=False,
            expect_config=expected,
        )  # fmt: skip
    except InvalidDigest:
        return False
    except (InvalidSignature, InvalidInput, UnsupportedAlgorithm, etree.LxmlError, ValueError, TypeError, KeyError,
            AttributeError, NotImplementedError, AssertionError):  # fmt: skip
        return None
    # Another element than the message may be signed within it (signature wrapping): that says nothing.
    signed = result.signed_xml if not isinstance(result, list) else None
    return True if signed is not None and _said(signed) == _said(root) else None


def _said(root: Any) -> str:
    return content_digest(*(child for child in root if child.tag != f"{{{_NAMESPACE}}}Signature"))


def _embedded_certificate(root: Any) -> x509.Certificate | None:
    element = root.find(f".//{{{_NAMESPACE}}}X509Certificate")
    if element is None or not element.text:
        return None
    lines = "".join(element.text.split())
    try:
        return x509.load_pem_x509_certificate(
            f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n".encode("ascii")
        )
    except (ValueError, UnicodeEncodeError):
        return None
