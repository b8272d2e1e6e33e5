"""A certificate authority of a town, which no machine knows by itself, and servers that it vouches for."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """A certificate authority of a town."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key.public_key(), x509.BasicConstraints(True, None))
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def certify(self, folder: Path, *names: str) -> Path:
        """Return the file of a key and a certificate for this machine, and for host names."""
        key = ec.generate_private_key(ec.SECP256R1())
        host = x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), *(x509.DNSName(each) for each in names)]
        )
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        made = self._sign(name, key.public_key(), x509.BasicConstraints(False, None), host)
        path = folder / f"{made.serial_number}.pem"
        form = serialization.PrivateFormat.PKCS8
        path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
            + made.public_bytes(serialization.Encoding.PEM)
        )
        return path

    def server_context(self, folder: Path, *names: str) -> ssl.SSLContext:
        """Return what a server of this machine, and of host names, speaks TLS with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certify(folder, *names))
        return context

    def _sign(
        self, name: x509.Name, key: ec.EllipticCurvePublicKey, *extensions: x509.ExtensionType
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        )  # fmt: skip
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        return builder.sign(self.key, hashes.SHA256())
