"""The signature of outgoing CAP documents: XML-DSig, enveloped, by a key of its own with a certificate to pin.

The keys of the screens sign nothing else: a receiver of CAP needs no more than this certificate.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings
from lxml import etree
from signxml import methods
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from beffroi_server.delivery import key_files

KEY_NAME = "cap"
_VALID = dt.timedelta(days=10 * 365)


def certificate() -> bytes:
    """Return the certificate of the key, as PEM; key and certificate are made when they are asked for first."""
    path = _certificate_path()
    if not path.exists():
        _write_certificate(path, _key())
    return path.read_bytes()


def sign_cap(root: etree._Element) -> str:
    """Return a document as text, signed."""
    signer = XMLSigner(
        method=methods.enveloped, signature_algorithm=SignatureMethod.ECDSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )  # fmt: skip
    signed = signer.sign(root, key=_key(), cert=certificate().decode())
    return str(etree.tostring(signed, encoding="unicode"))


def _certificate_path() -> Path:
    return Path(settings.KEYS) / f"{KEY_NAME}.crt"


def _key() -> ec.EllipticCurvePrivateKey:
    path = key_files.key_path(KEY_NAME)
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Another process may make it at the same moment.
        with contextlib.suppress(FileExistsError):
            key_files.write_key(path, ec.generate_private_key(ec.SECP256R1()))
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise key_files.KeysMissing(f"{path} is no key of an elliptic curve")
    return key


def _write_certificate(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Beffroi CAP {settings.PUBLIC_URL}"[:64])])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + _VALID).sign(key, hashes.SHA256())
    )  # fmt: skip
    waiting = path.with_suffix(".crt.new")
    waiting.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    waiting.replace(path)
