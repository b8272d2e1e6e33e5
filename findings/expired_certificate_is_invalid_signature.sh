#!/usr/bin/env bash
# signxml looks at the certificate before it looks at the document: of a message whose certificate has expired, it says
# InvalidCertificate whether or not anybody changed it. And InvalidCertificate is a subclass of InvalidSignature, so a
# program with `except InvalidSignature: "the message was changed"` calls every genuine warning of an authority that has
# not renewed its certificate a forgery. Whoever needs to tell them apart verifies at the time of sending.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check signxml==5.2.0
"$folder/venv/bin/python" - <<'PYTHON'
import datetime as dt
import importlib.metadata
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import signxml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import XMLSigner, XMLVerifier, methods

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


def named(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, key, issuer, issuer_key, until, is_authority):
    builder = (
        x509.CertificateBuilder().subject_name(named(subject)).issuer_name(named(issuer)).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(NOW - 30 * DAY).not_valid_after(until)
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("alerts.example")]), critical=False)
        .add_extension(x509.KeyUsage(True, False, False, False, False, is_authority, is_authority, False, False), critical=True)
    )
    return builder.sign(issuer_key, hashes.SHA256())


root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
root = certificate("Authority", root_key, "Authority", root_key, NOW + 30 * DAY, True)
seen = {}
with TemporaryDirectory() as folder:
    trusted = Path(folder) / "authority.pem"
    trusted.write_bytes(root.public_bytes(Encoding.PEM))
    for name, until in (("valid", NOW + DAY), ("expired", NOW - DAY)):
        leaf = certificate("Weather service", key, "Authority", root_key, until, False)
        pem = leaf.public_bytes(Encoding.PEM).decode()
        signer = XMLSigner(method=methods.enveloped, signature_algorithm="ecdsa-sha256")
        signed = signer.sign(etree.fromstring("<alert><status>Actual</status></alert>"), key=key, cert=pem)
        text = etree.tostring(signed)
        for change in ("untouched", "changed"):
            given = text if change == "untouched" else text.replace(b"Actual", b"Test!!")
            try:
                XMLVerifier().verify(given, ca_pem_file=str(trusted))
                outcome = "verified", False
            except Exception as error:
                outcome = type(error).__name__, isinstance(error, signxml.InvalidSignature)
            seen[name, change] = outcome
            print(name, change, *outcome)
print("signxml", importlib.metadata.version("signxml"))
expected = {
    ("valid", "untouched"): ("verified", False),
    ("valid", "changed"): ("InvalidDigest", True),
    ("expired", "untouched"): ("InvalidCertificate", True),
    ("expired", "changed"): ("InvalidCertificate", True),
}
sys.exit(seen != expected)
PYTHON
