"""Signatures of messages: four outcomes, and only one of them refuses."""

from __future__ import annotations

import datetime as dt
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner
from tests.support.cap_files import cap_alert, instant

from beffroi_server.cap.signature_outcomes import SignatureOutcome
from beffroi_server.cap.signatures import check_signature

SENT = instant("2026-11-29T08:30:00+01:00")
DS = "{http://www.w3.org/2000/09/xmldsig#}"


@cache
def signer(name: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A key with a certificate of one year: 2019 for the signer ``archive``, else 2026."""
    year = 2019 if name == "archive" else 2026
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    valid = builder.not_valid_before(instant(f"{year}-01-01T00:00:00+00:00")).not_valid_after(
        instant(f"{year + 1}-01-01T00:00:00+00:00")
    )
    return key, valid.sign(key, hashes.SHA256())


def signed(content: bytes, name: str = "service", *, c14n=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0):
    key, certificate = signer(name)
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    root = XMLSigner(signature_algorithm="ecdsa-sha256", c14n_algorithm=c14n).sign(
        etree.fromstring(content), key=key, cert=pem
    )
    return etree.tostring(root)


def outcome(content: bytes, *names: str, sent: dt.datetime = SENT) -> SignatureOutcome | None:
    return check_signature(content, [signer(name)[1] for name in names], sent)


@pytest.mark.parametrize(
    "c14n",
    [
        CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0, CanonicalizationMethod.CANONICAL_XML_1_0,
        CanonicalizationMethod.CANONICAL_XML_1_1,
    ],
)  # fmt: skip
def test_a_message_verifies_by_a_trusted_certificate(c14n):
    assert outcome(signed(cap_alert(), c14n=c14n), "other", "service") is SignatureOutcome.VERIFIED


def test_a_message_without_a_signature_has_no_outcome():
    assert outcome(cap_alert(), "service") is None


def test_an_unknown_signer_is_not_verifiable():
    assert outcome(signed(cap_alert())) is SignatureOutcome.NOT_VERIFIABLE
    assert outcome(signed(cap_alert()), "other") is SignatureOutcome.NOT_VERIFIABLE


@pytest.mark.parametrize("names", [("service",), ()])
def test_one_changed_word_shows_whoever_signed(names):
    changed = signed(cap_alert()).replace(b"Restez", b"Sortez")
    assert outcome(changed, *names) is SignatureOutcome.CHANGED


@pytest.mark.parametrize("space", [None, "  ", "    ", "\t"])
def test_blanks_between_elements_are_no_change(space):
    root = etree.fromstring(cap_alert())
    if space:
        etree.indent(root, space)
    content = signed(etree.tostring(root))
    compact = etree.tostring(etree.fromstring(content, etree.XMLParser(remove_blank_text=True)))
    indented = etree.fromstring(content)
    signature = indented.find(f"{DS}Signature")
    indented.remove(signature)
    etree.indent(indented, "   ")
    indented.append(signature)
    for other in (compact, etree.tostring(indented)):
        assert outcome(other, "service") is SignatureOutcome.VERIFIED
        assert outcome(other) is SignatureOutcome.NOT_VERIFIABLE
        assert outcome(other.replace(b"Restez", b"Sortez"), "service") is SignatureOutcome.CHANGED


def test_a_pinned_certificate_counts_at_the_time_of_sending():
    content = signed(cap_alert())
    assert outcome(content, "service", sent=instant("2028-01-01T00:00:00+00:00")) is SignatureOutcome.OUT_OF_DATE


def test_a_certificate_that_is_out_of_date_today_still_counts_at_the_time_of_sending():
    content = signed(cap_alert(), "archive")
    assert outcome(content, "archive", sent=instant("2019-06-01T00:00:00+00:00")) is SignatureOutcome.VERIFIED
    assert outcome(content, "archive") is SignatureOutcome.OUT_OF_DATE
    assert outcome(content.replace(b"Restez", b"Sortez"), "archive") is SignatureOutcome.CHANGED


def test_a_signature_that_is_broken_itself_says_nothing_about_the_message():
    content = signed(cap_alert())
    root = etree.fromstring(content)
    value = root.find(f".//{DS}SignatureValue")
    value.text = "A" * 86 + "=="
    assert outcome(etree.tostring(root), "service") is SignatureOutcome.NOT_VERIFIABLE


def test_of_two_signatures_one_is_enough():
    first = etree.fromstring(signed(cap_alert(), "service"))
    second = etree.fromstring(signed(cap_alert(), "network"))
    first.append(second.find(f"{DS}Signature"))
    for name in ("service", "network"):
        assert outcome(etree.tostring(first), name) is SignatureOutcome.VERIFIED


def test_a_second_signature_may_be_over_the_first_one_too():
    once = signed(cap_alert(), "service")
    twice = etree.fromstring(once)
    # Signing a signed message again rewrites the first signature, so only the second one is taken from it.
    twice.append(etree.fromstring(signed(once, "network")).findall(f"{DS}Signature")[1])
    content = etree.tostring(twice)
    for name in ("service", "network"):
        assert outcome(content, name) is SignatureOutcome.VERIFIED
    assert outcome(content.replace(b"Restez", b"Sortez"), "service") is SignatureOutcome.CHANGED


def test_a_signed_message_within_another_one_proves_nothing():
    root = etree.fromstring(cap_alert())
    root.set("Id", "m1")
    key, certificate = signer("service")
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    genuine = XMLSigner(signature_algorithm="ecdsa-sha256").sign(
        root, key=key, cert=pem, reference_uri="m1", id_attribute="Id"
    )
    forged = etree.fromstring(cap_alert(identifier="FORGED"))
    signature = genuine.find(f"{DS}Signature")
    forged.append(signature)
    holder = etree.SubElement(forged, "resource")
    holder.append(genuine)
    assert outcome(etree.tostring(forged), "service") is SignatureOutcome.NOT_VERIFIABLE
