"""A player in the networks that towns have: content goes on, it recovers, and the doctor says what is the matter.

`make test-network` runs it, as root, in two network namespaces: the server is in one, the player in the other, and a
relay between them behaves as each place does. A kernel need not have `netem`: the relay delays, loses (as TCP meets
loss: by waiting), slows down, answers as a sign-in page, or swallows what is larger than a packet.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import random
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from beffroi_player.agent.storage import AgentStorage
from beffroi_player.state.directories import StateDirectory
from tests.network.relay import A, B, run, shown, two_namespaces, until
from tests.support.signing_town import SigningTown, alert, slide

NAME, PORT = "hall.beffroi.test", 8443
DAY = dt.timedelta(days=1)
SIGN_IN = (
    b"HTTP/1.1 %b\r\nContent-Type: text/html\r\nContent-Length: 21\r\nConnection: close\r\n%b\r\n<html>Sign in</html>\n"
)
LOSS_WAIT_S = 1.0
"""What TCP waits before it sends again what was lost on a long way."""


@dataclass(frozen=True)
class Place:
    """How the network behaves."""

    name: str
    expected: str = ""
    """Code of what the doctor finds; empty: content arrives all the same."""
    delay_s: float = 0.0
    bytes_per_s: int = 0
    loss: float = 0.0
    answer: bytes = b""
    """Whatever is asked, this is the answer."""
    swallows_from: int = 0
    """Bytes of an answer after which nothing more comes through."""
    certificate: str = "good"
    addresses: tuple[str, ...] = ("10.99.0.1",)
    """Of the server, as its name says them; none: nobody knows the name."""


PLACES = (
    Place("address translation: all players come from one address"),
    Place("300 ms, 3 % loss, 64 kbit/s", delay_s=0.3, bytes_per_s=8_000, loss=0.03),
    Place("a sign-in page, by redirection", "server-captive-portal",
          answer=SIGN_IN % (b"302 Found", b"Location: https://login.example/\r\n")),
    Place("a sign-in page in the place of everything", "server-captive-portal", answer=SIGN_IN % (b"200 OK", b"")),
    Place("no name server", "server-no-name", addresses=()),
    Place("large packets are lost (MTU)", "server-stalls", swallows_from=1_200),
    Place("a certificate that is over", "server-certificate-time", certificate="over"),
    Place("a dead clock: the certificate seems to begin tomorrow", "server-certificate-time", certificate="early"),
    Place("the server has another address", addresses=("10.99.0.3",)),
    Place("IPv6 only", addresses=("fd99::1",)),
)  # fmt: skip


class Network:
    """Relays connections to the server as the present place does."""

    def __init__(self, server: int, certificates: dict[str, Path]) -> None:
        self.place = PLACES[0]
        self._server = server
        self._contexts = {}
        for name, path in certificates.items():
            self._contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._contexts[name].load_cert_chain(path)

    def listen(self) -> None:
        """Accept connections at every address, until the process ends."""
        listening = socket.create_server(("::", PORT), family=socket.AF_INET6, dualstack_ipv6=True, backlog=50)
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            plain, _address = listening.accept()
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        place = self.place
        with plain, contextlib.suppress(OSError):
            plain.settimeout(60)
            context = self._contexts[place.certificate]
            with context.wrap_socket(plain, server_side=True) as client:
                if place.answer:
                    client.recv(65_536)
                    client.sendall(place.answer)
                    return
                with socket.create_connection(("127.0.0.1", self._server)) as server:
                    up = threading.Thread(target=self._pump, args=(client, server, place, 0), daemon=True)
                    up.start()
                    self._pump(server, client, place, place.swallows_from)

    def _pump(self, source: socket.socket, sink: socket.socket, place: Place, limit: int) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(1_400):
                time.sleep(place.delay_s / 2 + LOSS_WAIT_S * (random.random() < place.loss))
                if place.bytes_per_s:
                    time.sleep(len(piece) / place.bytes_per_s)
                passed += len(piece)
                if limit and passed > limit:
                    time.sleep(60)
                    return
                sink.sendall(piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def make_certificates(folder: Path) -> tuple[Path, dict[str, Path]]:
    """Make an authority, and by it certificates that are good, over, and not begun."""
    now = dt.datetime.now(dt.UTC)
    authority_key, authority = ec.generate_private_key(ec.SECP256R1()), _named("Authority of a test")
    root = folder / "authority.pem"
    root.write_bytes(_certificate(authority, authority_key, authority, authority_key, now - 30 * DAY, now + 30 * DAY))
    made = {}
    for name, begins, ends in (
        ("good", now - DAY, now + 9 * DAY), ("over", now - 9 * DAY, now - DAY), ("early", now + DAY, now + 9 * DAY),
    ):  # fmt: skip
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        made[name] = folder / f"{name}.pem"
        made[name].write_bytes(_certificate(_named(NAME), key, authority, authority_key, begins, ends) + pem)
    return root, made


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, issuer_key: ec.EllipticCurvePrivateKey,
    begins: dt.datetime, ends: dt.datetime,
) -> bytes:  # fmt: skip
    is_authority = subject == issuer
    return (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )  # fmt: skip


def in_place(environment: dict[str, str], *command: str) -> list[str]:
    """Return the command that runs the player's program where the player is."""
    settings = [f"{name}={value}" for name, value in environment.items()]
    return ["ip", "netns", "exec", B, "env", *settings, sys.executable, "-m", "beffroi_player", *command]


@contextlib.contextmanager
def names_of(namespace: str) -> Iterator[Callable[[tuple[str, ...]], None]]:
    """Give a namespace a table of hosts of its own, and a name server that does not answer."""
    folder = Path("/etc/netns") / namespace
    folder.mkdir(parents=True)
    hosts = folder / "hosts"

    def say(addresses: tuple[str, ...]) -> None:
        # In place: the file is mounted over that of the machine.
        hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{each} {NAME}\n" for each in addresses))

    try:
        say(())
        (folder / "resolv.conf").write_text("nameserver 10.99.0.9\noptions timeout:1 attempts:1\n")
        yield say
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        with contextlib.suppress(OSError):
            folder.parent.rmdir()


def inside(folder: Path) -> None:
    """Go from place to place, in the namespace of the server."""
    root, certificates = make_certificates(folder)
    hall = SigningTown(now_ms=int(time.time() * 1000))
    where = ["--state", str(folder / "state"), "--runtime", str(folder / "run")]
    environment = {"SSL_CERT_FILE": str(root), "REQUESTS_CA_BUNDLE": str(root), "LANG": "C.UTF-8"}
    with hall.serve() as url, names_of(B) as say, (folder / "log").open("ab") as log:
        network = Network(urlsplit(url).port or 80, certificates)
        network.listen()
        say(PLACES[0].addresses)
        hall.publish_programme(hall.manifest(slide("pool")))
        StateDirectory(folder / "state").create_folders()
        AgentStorage(folder / "state").enrolment.write(hall.enrolment(f"https://{NAME}:{PORT}"))
        command = in_place(environment, "run", "--output", "headless", *where)
        player = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until("it shows its programme", (folder / "run/presented.json").exists)
            for number, place in enumerate(PLACES):
                visit(place, f"alert-{number}", hall, network, say, folder, in_place(environment, "doctor", *where))
            if player.poll() is not None:
                raise SystemExit("the player has ended")
        except BaseException:
            log.flush()
            sys.stderr.write((folder / "log").read_text()[-4000:])
            raise
        finally:
            player.terminate()
            player.wait(20)


def visit(
    place: Place, name: str, hall: SigningTown, network: Network, say: Callable[[tuple[str, ...]], None],
    folder: Path, doctor: list[str],
) -> None:  # fmt: skip
    """See what happens in a place, and that all is right after it."""
    network.place = place
    say(place.addresses)
    hall.publish_alerts(alert(name, now=int(time.time() * 1000)))
    if place.expected:
        said = subprocess.run([*doctor, "--json"], capture_output=True, text=True, check=False, timeout=180).stdout
        codes = {each["code"] for each in json.loads(said)["findings"]}
        if place.expected not in codes:
            raise SystemExit(f"{place.name}: the doctor does not say {place.expected} but {sorted(codes)}")
        if not json.loads((folder / "run/presented.json").read_text())["showings"]:
            raise SystemExit(f"{place.name}: content did not go on")
        network.place = PLACES[0]
        say(PLACES[0].addresses)
    took = until(f"{place.name}: the alert is shown", lambda: shown(folder) == [name], 240)
    verb = f"told as {place.expected}, and over after" if place.expected else "the alert is on after"
    sys.stdout.write(f"{place.name}: {verb} {took:.0f} s\n")
    sys.stdout.flush()


def main() -> int:
    """Run it; 0 where the player does right everywhere."""
    if os.getuid() != 0:
        sys.stderr.write("only root may make network namespaces\n")
        return 1
    if sys.argv[1:2] == ["--inside"]:
        inside(Path(sys.argv[2]))
        return 0
    with two_namespaces(), tempfile.TemporaryDirectory(prefix="beffroi-places-") as name:
        run("ip", "-n", A, "address", "add", "10.99.0.3/24", "dev", "cable")
        for namespace, address in ((A, "fd99::1/64"), (B, "fd99::2/64")):
            run("ip", "-n", namespace, "-6", "address", "add", address, "dev", "cable", "nodad")
        run("ip", "netns", "exec", A, sys.executable, "-m", "tests.network.places", "--inside", name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
