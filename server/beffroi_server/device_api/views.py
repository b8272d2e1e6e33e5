"""Views of the device interface: enrolment, documents, assets, reports, captures.

It is the second way to every retained document of the broker, so that a player notices a broker that withholds some.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import json
import math
import re
from collections.abc import Callable
from typing import Annotated

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from pydantic import StringConstraints, ValidationError

from beffroi_content.model import WireModel
from beffroi_content.model.manifest import MAX_GROUPS
from beffroi_content.raster.text.characters import clean_text
from beffroi_content.wire import access
from beffroi_content.wire.capture_png import SIZE_LIMIT, InvalidCapture
from beffroi_content.wire.documents import BOX_HEADER, NONCE_HEADER
from beffroi_content.wire.local_triggers import SignedStatement, StatementRefused
from beffroi_content.wire.messages import RECEIPTS, REPORT
from beffroi_content.wire.reports import ReceiptBatch
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.alerts import local_acts, restoration
from beffroi_server.core import disk_space, file_responses
from beffroi_server.core.attempt_throttle import AttemptThrottle, network_of
from beffroi_server.core.read_once import one_reading
from beffroi_server.delivery import beats, inbound_queue, key_rotation, signing
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet import (
    captures,
    enrolment_cards,
    player_boxes,
    presence,
    receipt_queries,
    revoked_tokens,
    services,
    targets,
)
from beffroi_server.fleet.device_credentials import screen_of_token
from beffroi_server.fleet.errors import EnrolmentRefused
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.fleet.plays.intake_quotas import HourlyQuota
from beffroi_server.library.media.uploads import media_path
from beffroi_server.library.models import Asset
from beffroi_server.software import mirror

MAX_SETS, MAX_SETS_BYTES = MAX_GROUPS + 2, 2 * 1024 * 1024
"""Alert sets that a player hands in at once."""
MAX_ENROL_FAILURES = 10
ENROL_INTERVAL_S = 6.0
"""Wrong codes that one network may send at once, and the seconds after which it may send another.

A guessed code is right once in 10^18 times. Networks are counted apart: nobody keeps a technician elsewhere away.
"""
REPORTS_PER_HOUR = 600
"""Of one screen, over HTTP; a player sends one a minute, and at changes."""
reports_quota = HourlyQuota(REPORTS_PER_HOUR)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NONCE = re.compile(r"[0-9a-zA-Z]{1,64}")
DeviceView = Callable[..., HttpResponseBase]


class EnrolmentRequest(WireModel):
    """Body of the request that enrols a player."""

    code: Annotated[str, StringConstraints(max_length=64)]
    trigger_key: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = ""
    machine: Annotated[str, StringConstraints(max_length=100)] = ""
    """What the player runs on, for people."""


enrol_throttle = AttemptThrottle(MAX_ENROL_FAILURES, ENROL_INTERVAL_S)


def require_device_token(view: Callable[..., HttpResponseBase]) -> DeviceView:
    """Return a view for enrolled players only, which is handed the screen of the token."""

    @csrf_exempt
    @functools.wraps(view)
    def authenticated_view(request: HttpRequest, **values: str) -> HttpResponseBase:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        screen = screen_of_token(token) if scheme.lower() == "bearer" else None
        if screen is None:
            response = _unknown_token_response(request, token)
            response["WWW-Authenticate"] = "Bearer"
            return response
        return view(request, screen, **values)

    return authenticated_view


def refuse_copies(view: Callable[..., HttpResponseBase]) -> DeviceView:
    """Return a view that takes in nothing of a machine that is not the player of its screen: see ``player_boxes``."""

    @functools.wraps(view)
    def guarded_view(request: HttpRequest, screen: Screen, **values: str) -> HttpResponseBase:
        caller = _calling_box(request)
        if caller is not None:
            boxes = player_boxes.boxes_of([screen.pk])[screen.pk]
            if not player_boxes.may_speak(boxes, caller.box, timezone.now()):
                return _shut_out_response(player_boxes.ShutOut(None), [])
        return view(request, screen, **values)

    return guarded_view


@csrf_exempt
@require_POST
def enrol_device(request: HttpRequest) -> HttpResponse:
    """Exchange an enrolment code for what a player needs to work."""
    address = request.META.get("REMOTE_ADDR", "")
    network = network_of(address)
    if wait_s := enrol_throttle.wait_s(network):
        response = error_response(429, "too-many-attempts", "too many wrong codes: wait, then try again")
        response["Retry-After"] = str(math.ceil(wait_s))
        return response
    try:
        wanted = EnrolmentRequest.model_validate_json(request.body)
    except ValidationError:
        return error_response(400, "malformed", 'send {"code": "…"}')
    machine = ", ".join(part for part in (clean_text(wanted.machine), address) if part)
    try:
        return JsonResponse(services.enrol_player(wanted.code, wanted.trigger_key, machine))
    except EnrolmentRefused:
        enrolment_cards.note_refused(wanted.code, machine)
        enrol_throttle.record_failure(network)
        return error_response(403, "wrong-code", "the code is unknown, used or too old: ask for a new one")
    except KeysMissing as error:
        return error_response(503, "no-keys", str(error))


@require_device_token
@require_GET
@one_reading()
def list_documents(request: HttpRequest, screen: Screen) -> HttpResponse:
    """Hand out every signed document of a screen, and a fresh beat, with the nonce of the header ``Beffroi-Nonce``.

    The entity tag is that of everything but the beat; where nothing else is new, the answer is 304 with the beat in
    the header ``Beffroi-Beat``, in base64. The header ``Beffroi-Plays`` holds, as JSON, how far the plays of the screen
    are here: see ``beffroi_content.wire.plays.HeldPlays``; the header ``Beffroi-Broker`` where the broker is, and
    the account there.
    """
    now = timezone.now()
    if (refused := player_boxes.note_poll(screen, _calling_box(request), now)) is not None:
        return _shut_out_response(refused, _retained_documents(screen)[:1])
    presence.polls.note_poll(screen, now)
    rows = _retained_documents(screen)
    topic, beat = beats.sign_beat(timezone.now(), _given_nonce(request))
    etag = '"' + hashlib.sha256("\n".join(f"{row.topic} {row.sequence}" for row in rows).encode()).hexdigest() + '"'
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        found = [(row.topic, bytes(row.payload)) for row in rows]
        # Keys first, since they verify the rest; then the beat, which carries the time.
        listed = [*found[:1], (topic, beat), *found[1:]]
        steps = key_rotation.key_steps(rows[0].sequence) if rows else ()
        response = JsonResponse({
            "documents": [_document_json(name, payload) for name, payload in listed],
            "key_steps": [base64.b64encode(step).decode() for step in steps],
        })  # fmt: skip
    response["ETag"] = etag
    response["Beffroi-Beat"] = base64.b64encode(beat).decode()
    state = ScreenState.objects.filter(screen=screen).only("plays_newest", "plays_missing").first()
    response["Beffroi-Plays"] = (state or ScreenState()).play_gaps.to_wire().to_json().decode()
    response["Beffroi-Broker"] = json.dumps(services.broker_login(screen))
    if mark := restoration.restoration_mark():
        response["Beffroi-Restore"] = mark
    response["Cache-Control"] = "no-store"
    return response


@require_device_token
@require_GET
def download_asset(request: HttpRequest, screen: Screen, sha256: str) -> HttpResponseBase:
    """Hand out a file of the media store, or the archive of a release, or the part of it that a player still lacks."""
    row = Asset.objects.filter(sha256=sha256).first() if _SHA256.fullmatch(sha256) else None
    path = media_path(sha256)
    if row is None and (archive := mirror.archive_file(sha256)) is not None:
        return file_responses.file_response(request, archive, sha256, "application/x-xz")
    if row is None or not path.is_file():
        return error_response(404, "unknown-asset", f"{screen.slug} asks for a file that is not here")
    return file_responses.file_response(request, path, sha256, row.media_type)


@require_device_token
@require_GET
def read_release_metadata(request: HttpRequest, screen: Screen, name: str) -> HttpResponse:
    """Hand out a signed file about the releases of the player, as its makers have signed it."""
    content = mirror.metadata_file(name)
    if content is None:
        return error_response(404, "unknown-file", f"{name[:80]} is not among the signed files of releases")
    response = HttpResponse(content, content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response


@require_device_token
@refuse_copies
@require_POST
def receive_report(request: HttpRequest, screen: Screen) -> HttpResponse:
    """Store a report of a player that does not reach the broker."""
    topic = REPORT.topic_for(signing.current_site(), TopicScope.of_screen(screen.slug))
    if not reports_quota.take(screen.pk, 1):
        return error_response(429, "too-many-reports", "a report a minute is enough")
    try:
        inbound_queue.parse_message(topic.site, str(topic), request.body)
    except inbound_queue.BadMessage:
        return error_response(400, "malformed", "this is not a report")
    # Where this process writes what comes over the broker, it is written with it: no request waits for the database.
    queue = inbound_queue.current_queue()
    if queue is None:
        try:
            inbound_queue.InboundQueue(topic.site).write_batch([(str(topic), request.body)])
        except (InterfaceError, OperationalError):
            return error_response(503, "not-stored", "it could not be stored: try again later")
    elif not queue.enqueue(str(topic), request.body):
        return error_response(429, "too-many-reports", "more has come than one screen may send")
    presence.polls.note_poll(screen, timezone.now())
    return JsonResponse({})


@require_device_token
@refuse_copies
@require_POST
def receive_receipts(request: HttpRequest, screen: Screen) -> HttpResponse:
    """Store receipts, those that are not here yet. The answer is the confirmation: a player then stops sending them.

    A player sends them by MQTT at once, and here as well some seconds later, since a broker that has a message may die
    with it.
    """
    topic = RECEIPTS.topic_for(signing.current_site(), TopicScope.of_screen(screen.slug))
    try:
        message = inbound_queue.parse_message(topic.site, str(topic), request.body)
    except inbound_queue.BadMessage as error:
        return error_response(400, "malformed", str(error)[:300])
    assert isinstance(message.content, ReceiptBatch)
    if not receipt_queries.has_all_receipts(screen, message.content):
        with contextlib.suppress(OperationalError, InterfaceError):
            inbound_queue.InboundQueue(topic.site).write_batch([(str(topic), request.body)])
        # Looked up and not believed: a message may be left out for a reason that only its handler knows.
        if not receipt_queries.has_all_receipts(screen, message.content):
            return error_response(503, "not-stored", "they could not be stored: try again later")
    presence.polls.note_poll(screen, timezone.now())
    return JsonResponse({})


@require_device_token
@refuse_copies
@require_POST
def receive_acts(request: HttpRequest, screen: Screen) -> HttpResponse:
    """Take in what a player has triggered on the spot; the answer says that it is taken in.

    The token does not suffice: the player signs it with its own key.
    """
    try:
        count = local_acts.take_statement(screen, SignedStatement.model_validate_json(request.body))
    except ValidationError:
        return error_response(400, "malformed", 'send {"body": "…", "signature": "…"}')
    except StatementRefused as refused:
        return error_response(403, "not-signed", str(refused)[:300])
    except OperationalError:
        return error_response(503, "not-stored", "it could not be stored: try again later")
    return JsonResponse({"changed": count})


@require_device_token
@require_POST
def receive_alert_sets(request: HttpRequest, screen: Screen) -> HttpResponse:
    """Take in the signed alert sets that a player holds: it was offered older ones than those.

    What the town has not signed, and what is not newer than everything here, changes nothing.
    """
    if len(request.body) > MAX_SETS_BYTES:
        return error_response(413, "too-large", f"{MAX_SETS_BYTES} bytes are allowed")
    try:
        found = [
            (str(each["topic"]), base64.b64decode(each["payload"], validate=True))
            for each in json.loads(request.body)["sets"][:MAX_SETS]
        ]
    except (ValueError, KeyError, TypeError, RecursionError):
        return error_response(400, "malformed", 'send {"sets": [{"topic": "…", "payload": "…"}]}')
    own = {str(topic) for topic in access.readable_topics(
        signing.current_site(), screen.slug, targets.group_slugs_of(screen)
    )}  # fmt: skip
    told = [restoration.consider_set(topic, payload, "screen") for topic, payload in found if topic in own]
    return JsonResponse({"newer": sum(told)})


@require_device_token
@refuse_copies
@require_http_methods(["PUT"])
def receive_capture(request: HttpRequest, screen: Screen) -> HttpResponse:
    """Store a capture. It is read piece by piece and never decoded."""
    announced = request.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > SIZE_LIMIT:
        return error_response(413, "too-large", f"a capture has {SIZE_LIMIT} bytes at most")
    if not disk_space.has_room_for(SIZE_LIMIT):
        return error_response(507, "disk-full", "the disk of the server is full")
    try:
        captures.store_capture(screen, request)
    except captures.CaptureTooLarge as error:
        return error_response(413, "too-large", str(error))
    except InvalidCapture as error:
        return error_response(400, "malformed", str(error))
    return JsonResponse({})


def _retained_documents(screen: Screen) -> list[OutboxDocument]:
    site = signing.current_site()
    topics = access.readable_topics(site, screen.slug, targets.group_slugs_of(screen))
    names = [str(topic) for topic in topics]
    return sorted(OutboxDocument.objects.filter(retained=True, topic__in=names), key=lambda row: names.index(row.topic))


def _given_nonce(request: HttpRequest) -> str:
    nonce = request.headers.get(NONCE_HEADER, "")
    return nonce if _NONCE.fullmatch(nonce) else ""


def _calling_box(request: HttpRequest) -> player_boxes.CallingBox | None:
    return player_boxes.CallingBox.parse(request.headers.get(BOX_HEADER, ""), request.META.get("REMOTE_ADDR", ""))


def _unknown_token_response(request: HttpRequest, token: str) -> JsonResponse:
    """Return the refusal of a token; where it was taken from its player, with the signed command that says so."""
    found = revoked_tokens.order_for(token, request.META.get("REMOTE_ADDR", ""), timezone.now()) if token else None
    if found is None:
        return error_response(401, "unknown-token", "this token is not that of an enrolled screen")
    screen, order = found
    return _ordering_refusal(401, "revoked", _retained_documents(screen)[:1], order)


def _shut_out_response(refused: player_boxes.ShutOut, keys: list[OutboxDocument]) -> JsonResponse:
    """Return the refusal of a machine that is not the player."""
    return _ordering_refusal(409, "another-machine", keys, refused.order)


def _ordering_refusal(
    status: int, error: str, keys: list[OutboxDocument], order: OutboxDocument | None
) -> JsonResponse:
    """Return a refusal with the signed command that the player acts upon, and the keys that verify it."""
    rows = [*keys, order] if order is not None else []
    steps = key_rotation.key_steps(keys[0].sequence) if rows and keys else ()
    response = JsonResponse({
        "error": error,
        "documents": [_document_json(row.topic, bytes(row.payload)) for row in rows],
        "key_steps": [base64.b64encode(step).decode() for step in steps],
    }, status=status)  # fmt: skip
    response["Cache-Control"] = "no-store"
    return response


def _document_json(topic: str, payload: bytes) -> dict[str, str]:
    return {"topic": topic, "payload": base64.b64encode(payload).decode()}


def error_response(status: int, code: str, detail: str) -> JsonResponse:
    """Return a refusal, with a code for programs and a sentence for technicians."""
    return JsonResponse({"error": code, "detail": detail}, status=status)
