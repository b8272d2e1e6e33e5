"""A mail server on this machine that keeps what it is given: SMTP as far as smtplib speaks it, in TLS or plain."""

from __future__ import annotations

import email
import email.policy
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass
class SmtpSink:
    """What came, and which recipients are refused."""

    port: int
    messages: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    """Recipients and content of each."""
    refused: dict[str, str] = field(default_factory=dict)
    """Answer to ``RCPT`` for an address, such as ``550 no such mailbox``."""

    def texts(self) -> list[str]:
        """Return the plain text of each message."""
        return [message.get_body(("plain",)).get_content() for _to, message in self.messages]

    def subjects(self) -> list[str]:
        """Return the subject of each message."""
        return [str(message["Subject"]).strip() for _to, message in self.messages]


@contextmanager
def smtp_sink(context: ssl.SSLContext | None = None) -> Iterator[SmtpSink]:
    """Serve at a free port of this machine for as long as a block runs; in TLS where there is a context."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 sink.test ESMTP")
            recipients: list[str] = []
            for line in iter(self.rfile.readline, b""):
                command = line.decode().strip()
                verb = command[:4].upper()
                if verb == "RCPT":
                    address = command.split("<", 1)[1].split(">", 1)[0]
                    if address in made.refused:
                        self._say(made.refused[address])
                        continue
                    recipients.append(address)
                if verb == "DATA":
                    self._say("354 go on")
                    made.messages.append((recipients, self._read_message()))
                    recipients = []
                self._say("221 bye" if verb == "QUIT" else "250 ok")
                if verb == "QUIT":
                    return

        def _read_message(self) -> EmailMessage:
            lines = []
            for line in iter(self.rfile.readline, b".\r\n"):
                lines.append((line[1:] if line.startswith(b"..") else line).replace(b"\r\n", b"\n"))
            return email.message_from_bytes(b"".join(lines), policy=email.policy.default)

        def _say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    made = SmtpSink(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
