"""The HTTP client for the device API. Each exchange is bounded in time and size, whatever the server answers."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import requests
import urllib3
from pydantic import ValidationError

from beffroi_content.model import WireModel
from beffroi_content.trust import MAX_STEPS
from beffroi_content.wire.documents import BOX_HEADER, NONCE_HEADER
from beffroi_content.wire.local_triggers import SignedStatement
from beffroi_content.wire.plays import HeldPlays
from beffroi_content.wire.reports import ReceiptBatch
from beffroi_player.agent.storage import BrokerAddress
from beffroi_player.agent.transport import trusted_authorities

log = logging.getLogger(__name__)
ModelT = TypeVar("ModelT", bound=WireModel)

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
ANSWER_LIMIT, ANSWER_SECONDS = 8 * 1024 * 1024, 120.0
"""Bytes of an answer that is not a file, and how long it may take from its first line on."""
CHUNK_BYTES = 64 * 1024
PLAYS_HEADER, BROKER_HEADER, RESTORE_HEADER = "Beffroi-Plays", "Beffroi-Broker", "Beffroi-Restore"
_OF_ANOTHER = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 421, 502, 503, 504})
"""Answers of a host that may no longer be the server: the other address is asked, where there is one."""
UPLOAD_PIECE_BYTES = 16 * 1024
"""Bytes that are sent at once; each piece has ``CONNECT_SECONDS``."""
UPLOAD_SECONDS = 600.0
"""The time limit for a whole upload."""
UPLOAD_ANSWER_SECONDS = 60.0
"""After the last piece: the kernel may still hold a megabyte, and the connection be slow."""


class ServerRefusal(OSError):
    """The server answered, but not with what was asked for.

    ``status`` is the HTTP status, or 0 where the status was right and the content was not.
    """

    status = 0


class ServerDocuments(NamedTuple):
    """The answer to a poll."""

    documents: list[tuple[str, bytes]]
    """Each with its topic."""
    plays: HeldPlays | None
    """The plays that the server has of this screen; None where it does not say."""
    broker: BrokerAddress | None = None
    """Where the broker is by now, without a user; None where the server does not say."""
    key_steps: tuple[bytes, ...] = ()
    """Earlier key lists with which the root keys changed, the oldest first."""
    restore: str = ""
    """The last time that the server found its database older than its screens; empty: never."""
    is_shut_out: bool = False
    """Another machine with the same identity is the player of this screen; what is to be done is in the documents."""


class SaidAuthorities(NamedTuple):
    """Who vouches for the server, as it says itself: worth nothing until its signature is verified."""

    statement: bytes
    key_list: bytes
    key_steps: tuple[bytes, ...]


class ServerClient:
    """Talks to the server of the town.

    Args:
        url: Without a slash at its end.
        token: Proves who the player is; None before it is enrolled.
        box: Which machine this is and which start, as the header ``BOX_HEADER`` says it; empty: it is not said.
    """

    def __init__(self, url: str, token: str | None = None, box: str = "") -> None:
        self._enrolled = url
        self._answered = url
        self._addresses: tuple[str, ...] = (url,)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        if box:
            self._headers[BOX_HEADER] = box

    def know_address(self, url: str) -> None:
        """Know where the server is by now: this address and that of the enrolment are tried in turn. From any thread.

        Args:
            url: As the town has signed it; empty: where the player was enrolled. Never leads from TLS to none. One that
                is wrong harms nobody: the address that answered last stays known.
        """
        if self._enrolled.startswith("https:") and not url.startswith("https:"):
            url = ""
        known = {self._enrolled, url.rstrip("/") or self._enrolled, self._answered}
        # The one that answered last stays the first.
        kept = [address for address in self._addresses if address in known]
        self._addresses = (*kept, *sorted(known.difference(kept)))

    def post_json(self, path: str, body: dict[str, Any]) -> Any:
        """Send JSON and return the JSON of the answer.

        Raises:
            ServerRefusal: the answer is not that.
            requests.RequestException: there is none.
        """
        with self._open_response("POST", path, json=body) as response:
            return _read_json(response)

    def get_json(self, path: str) -> Any:
        """Return the JSON of an address.

        Raises:
            ServerRefusal: the answer is not that.
            requests.RequestException: there is none.
        """
        with self._open_response("GET", path) as response:
            return _read_json(response)

    def fetch_documents(self, nonce: str = "") -> ServerDocuments:
        """Return every signed document that concerns the player, and how far the server has its plays.

        Args:
            nonce: A random word that the beat repeats, which proves that it was signed just now.

        Raises:
            ServerRefusal: the answer is not that.
            requests.RequestException: there is none.
        """
        given = {NONCE_HEADER: nonce} if nonce else {}
        shut_out, revoked = requests.codes.conflict, requests.codes.unauthorized
        with self._open_response("GET", "/device/v1/documents", headers=given, also=(shut_out, revoked)) as response:
            headers, status = response.headers, response.status_code
            try:
                answer = _read_json(response)
            except ServerRefusal as unreadable:
                # A proxy, or a server that does not know the player at all, refuses in its own words.
                unreadable.status = 0 if status == requests.codes.ok else status
                raise
        try:
            found = [(str(d["topic"]), base64.b64decode(d["payload"], validate=True)) for d in answer["documents"]]
            steps = tuple(base64.b64decode(each, validate=True) for each in answer.get("key_steps", ())[:MAX_STEPS])
            return ServerDocuments(
                found,
                _parse_header(HeldPlays, headers.get(PLAYS_HEADER)),
                _parse_header(BrokerAddress, headers.get(BROKER_HEADER)),
                steps,
                headers.get(RESTORE_HEADER, "")[:63],
                status in (shut_out, revoked),
            )
        except (KeyError, AttributeError, TypeError, ValueError, binascii.Error) as error:
            what = "the list of documents is not one" if status == requests.codes.ok else f"it answers {status}"
            refusal = ServerRefusal(f"{what}: {error}")
            refusal.status = 0 if status == requests.codes.ok else status
            raise refusal from error

    def fetch_authorities(self, nonce: str) -> SaidAuthorities:
        """Return what the server says of who vouches for it, at the first address that says anything.

        Whoever answers is not verified, and gets nothing that is secret.

        Args:
            nonce: A random word that the answer repeats.

        Raises:
            ServerRefusal: no answer is that.
            requests.RequestException: there is none.
        """
        problem: Exception = ServerRefusal("there is no address")
        for address in self._addresses:
            try:
                with requests.get(
                    f"{address}/device/v1/authorities", headers={NONCE_HEADER: nonce, "Accept-Encoding": "identity"},
                    timeout=(CONNECT_SECONDS, READ_SECONDS), stream=True, allow_redirects=False, verify=False,  # noqa: S501
                ) as response:  # fmt: skip
                    if response.status_code != requests.codes.ok:
                        raise ServerRefusal(f"it answers {response.status_code}")
                    said = _read_json(response)
                given = (said["statement"], said["key_list"], *said.get("key_steps", ())[:MAX_STEPS])
                statement, key_list, *steps = (base64.b64decode(each, validate=True) for each in given)
                return SaidAuthorities(statement, key_list, tuple(steps))
            except (requests.RequestException, ServerRefusal) as error:
                problem = error
            except (KeyError, AttributeError, TypeError, ValueError) as error:
                problem = ServerRefusal(f"what it says of its authorities cannot be read: {error}")
        raise problem

    def send_receipts(self, batch: ReceiptBatch) -> None:
        """Hand receipts to the server, which has stored them when it answers.

        Raises:
            ServerRefusal: the server does not take them.
            requests.RequestException: it does not answer.
        """
        self.post_json("/device/v1/receipts", batch.model_dump(mode="json"))

    def send_alert_sets(self, sets: Sequence[tuple[str, bytes]]) -> None:
        """Hand signed alert sets to the server, each with its topic: it offered older ones.

        Raises:
            ServerRefusal: the server does not take them.
            requests.RequestException: it does not answer.
        """
        listed = [{"topic": topic, "payload": base64.b64encode(payload).decode()} for topic, payload in sets]
        self.post_json("/device/v1/alert-sets", {"sets": listed})

    def send_acts(self, statement: SignedStatement) -> None:
        """Hand the server what was triggered on the spot; it has taken it in when it answers.

        Raises:
            ServerRefusal: the server does not take it.
            requests.RequestException: it does not answer.
        """
        self.post_json("/device/v1/acts", statement.model_dump(mode="json"))

    @contextmanager
    def open_asset(self, sha256: str, start: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Open a file from a byte on. Gives the byte at which the answer really starts, and the content in pieces.

        Raises:
            ServerRefusal: the server does not have it.
            requests.RequestException: it does not answer.
        """
        # A server may ignore the range and send all: then the answer starts at the first byte.
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self._open_response("GET", f"/device/v1/assets/{sha256}", headers=headers) as response:
            resumed = response.status_code == requests.codes.partial_content
            if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
                raise ServerRefusal("another part of the file came than was asked for")
            yield (start if resumed else 0), _read_pieces(response)

    def fetch_release_metadata(self, name: str) -> Iterator[bytes]:
        """Yield a signed file about the releases of the player, such as ``timestamp.json``.

        Raises:
            ServerRefusal: the server does not have it; ``status`` is then 404.
            requests.RequestException: it does not answer.
        """
        with self._open_response("GET", f"/device/v1/releases/{name}") as response:
            yield from _read_pieces(response)

    def upload_capture(self, png: bytes) -> None:
        """Upload a capture.

        Raises:
            ServerRefusal: the server does not take it.
            requests.RequestException: it does not answer, or the connection is too slow.
        """
        headers = {"Content-Type": "image/png"}
        body = _UploadBody(png, time.monotonic() + UPLOAD_SECONDS)
        with self._open_response(
            "PUT", "/device/v1/capture", headers=headers, data=body, patience=UPLOAD_ANSWER_SECONDS
        ) as response:
            _read_json(response)

    def _first_answer(self, request: Callable[[str], requests.Response]) -> requests.Response:
        """Return the answer of the first address that has one, which is asked first from then on."""
        *others, last = addresses = self._addresses
        unverified: requests.exceptions.SSLError | None = None
        for address in others:
            try:
                response = request(address)
            except requests.RequestException as error:
                unverified = error if isinstance(error, requests.exceptions.SSLError) else unverified
                continue
            if response.status_code not in _OF_ANOTHER:
                self._answered = address
                return response
            response.close()
        try:
            response = request(last)
        except requests.RequestException:
            if unverified is None:
                raise
            # One that nobody vouches for may be the server all the same: whoever asks can do something about it.
            raise unverified from None
        if response.status_code not in _OF_ANOTHER:
            self._answered = last
        if others and response.status_code not in _OF_ANOTHER:
            log.warning("the server answers at %s", last)
            self._addresses = (last, *(address for address in addresses if address != last))
        return response

    @contextmanager
    def _open_response(
        self, method: str, path: str, headers: dict[str, str] | None = None, json: Any = None, data: Any = None,
        patience: float = READ_SECONDS, also: tuple[int, ...] = (),
    ) -> Iterator[requests.Response]:  # fmt: skip
        def request(address: str) -> requests.Response:
            with trusted_authorities.open_session() as session:
                return session.request(
                    method,
                    address + path,
                    headers={**self._headers, "Accept-Encoding": "identity", **(headers or {})},
                    json=json,
                    data=data,
                    timeout=(CONNECT_SECONDS, patience),
                    stream=True,
                    # A redirection would carry the token to another host.
                    allow_redirects=False,
                )

        # A body that is sent piece by piece is sent once.
        with self._first_answer(request) if data is None else request(self._addresses[0]) as response:
            if response.status_code not in (requests.codes.ok, requests.codes.partial_content, *also):
                refusal = ServerRefusal(f"{method} {path}: {response.status_code} {response.reason}")
                refusal.status = response.status_code
                raise refusal
            yield response


def _parse_header(model: type[ModelT], header: str | None) -> ModelT | None:
    try:
        return model.model_validate_json(header) if header else None
    except ValidationError:
        return None


class _UploadBody:
    """A request body that is sent piece by piece: the time limit is for each, so a slow connection may take long."""

    def __init__(self, data: bytes, until: float) -> None:
        self._data, self._until = data, until

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._data), UPLOAD_PIECE_BYTES):
            if time.monotonic() > self._until:
                raise TimeoutError(f"only {start} of {len(self._data)} bytes went up in {UPLOAD_SECONDS:.0f} s")
            yield self._data[start : start + UPLOAD_PIECE_BYTES]


def _read_pieces(response: requests.Response) -> Iterator[bytes]:
    """Yield the content as it comes: a server that sends single bytes must not hold the reader until a piece is full.

    Raises:
        ServerRefusal: it is compressed, which nobody asked for: a few bytes may become very many.
        requests.ConnectionError: it ends too soon, or not at all.
    """
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ServerRefusal("the content is compressed, which was not asked for")
    try:
        while piece := response.raw.read1(CHUNK_BYTES, decode_content=False):
            yield piece
    except urllib3.exceptions.HTTPError as error:
        raise requests.ConnectionError(error) from error


def _read_json(response: requests.Response) -> Any:
    body, until = b"", time.monotonic() + ANSWER_SECONDS
    for piece in _read_pieces(response):
        body += piece
        if len(body) > ANSWER_LIMIT:
            raise ServerRefusal(f"the answer has more than {ANSWER_LIMIT} bytes")
        if time.monotonic() > until:
            raise ServerRefusal(f"the answer is too slow: {len(body)} bytes in {ANSWER_SECONDS:.0f} s")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ServerRefusal("the answer is not JSON") from error
