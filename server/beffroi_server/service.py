"""The server's process: starts pages, broker, MQTT client, outbox and the leader's work, and stops them in reverse."""

from __future__ import annotations

import logging
import resource
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from waitress.server import MultiSocketServer

from beffroi_server import garbage_collection
from beffroi_server.alerts import restoration
from beffroi_server.alerts.jobs import run_pending_alerts
from beffroi_server.alerts.pending_alerts import load_pending, pending_due
from beffroi_server.alerts.retained_sets import RetainedSets, topic_filters
from beffroi_server.bootstrap import (
    BROKER_ADDRESS,
    broker_not_served,
    check_ready,
    drawing_findings,
    pages_not_served,
)
from beffroi_server.core import database, disk_space, incoming_files, leadership
from beffroi_server.core.http_server.body_permits import BodyGate
from beffroi_server.core.http_server.connections import RequestPolicy, create_http_server
from beffroi_server.core.http_server.request_threads import RequestKind, RequestThreads, ThreadGroup
from beffroi_server.core.local_announcement import LocalAnnouncement
from beffroi_server.delivery import broker_access, inbound_queue, outbox, signing
from beffroi_server.delivery.broker_accounts import BrokerAccounts, accounts_due, managed_broker
from beffroi_server.delivery.embedded_broker import BrokerNotStarted, EmbeddedBroker
from beffroi_server.delivery.mqtt_client import MqttClient
from beffroi_server.feeds.feed_readings import READER_THREADS, FeedReadings, reading_due
from beffroi_server.fleet import presence
from beffroi_server.library.media import video_queue
from beffroi_server.library.upload_queue import UploadQueue, upload_due
from beffroi_server.outside_warnings.brokers import BrokerReaders
from beffroi_server.schedule import publication
from beffroi_server.scheduler import build_scheduler
from beffroi_server.web import request_policy

logger = logging.getLogger(__name__)
THREAD_GROUPS = (
    ThreadGroup(2, (RequestKind.ALERT,)),
    ThreadGroup(2, (RequestKind.DEVICE,)),
    ThreadGroup(2, (RequestKind.SIGN_IN,)),
    ThreadGroup(5, (RequestKind.ALERT, RequestKind.PAGE)),
    ThreadGroup(1, (RequestKind.API_ALERT,)),
    ThreadGroup(2, (RequestKind.API_ALERT, RequestKind.API)),
    ThreadGroup(2, (RequestKind.PUBLIC,)),
)
"""Threads that serve requests: whatever pages, players and strangers ask for, some are left for alerts."""
CONNECTION_LIMIT = 1_200
"""Simultaneous connections; from 95 % of them on, idle ones give way to new ones. A player has up to three."""
MAINTENANCE_INTERVAL_S = 3
SWITCH_INTERVAL_S = 0.0005
"""Seconds after which a thread that computes lets others go on.

A request gives the interpreter away at each access to the database and waits to get it back: with Python's 5 ms, five
busy threads make 100 accesses of an alert last seconds.
"""
WAKE_UPS = (
    pending_due, video_queue.conversion_due, upload_due, reading_due, publication.publication_due, accounts_due,
)  # fmt: skip
"""Events that threads wait for: set when they are to look whether the server stops."""
JOIN_TIMEOUT_S = 30
WAKE_INTERVAL_S = 0.2
LEADER_CHECK_S = 2


def run_service(address: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; what was started is stopped in the reverse order.

    Raises:
        StartError: something is not ready, or a port is taken.
    """
    stopping = threading.Event()
    asked: list[int] = []
    # While things are being started a signal is only noted: raised in the middle, it would leave one of them running.
    _on_signals(lambda number, _frame: asked.append(number))
    with ExitStack() as started:
        check_ready()
        for finding in drawing_findings():
            logger.warning("%s", finding)
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        disk_space.fill_reserve()
        # Bodies that arrive are buffered where uploads go: /tmp may be small, or in memory.
        tempfile.tempdir = str(incoming_files.process_folder())
        # Before the threads below, which would compete with it.
        garbage_collection.load_pages()
        pages = _create_web_server(address, port)
        started.callback(pages.close)
        password = _start_embedded_broker(started)
        link = _create_mqtt_client(password)
        accounts = _follow_accounts(started)
        sender = outbox.OutboxPublisher(link, lambda: link.problem() or (accounts.problem if accounts else ""))
        link.on_connected(sender.note_connected)
        link.on_acknowledged(sender.note_acknowledged)
        outbox.install_publisher(sender)
        started.callback(outbox.install_publisher, None)
        retained = RetainedSets()
        link.watch(topic_filters(signing.current_site()), retained.note_set)
        _compare_copies()
        link.start()
        started.callback(link.stop)
        if accounts is not None:
            link.on_connected(accounts.note_connected)
            _start_thread(started, accounts.run_until, stopping)
        for work in (
            sender.run_until,
            retained.run_until,
            presence.polls.run_until,
            publication.run_publication,
            run_pending_alerts,
            lambda stop: _lead_while_running(stop, link, accounts),
        ):
            _start_thread(started, work, stopping)
        if settings.ANNOUNCE:
            announcement = LocalAnnouncement(settings.PUBLIC_URL)
            announcement.start()
            started.callback(announcement.stop)
        garbage_collection.settle()
        logger.info("Beffroi answers at %s (port %d)", settings.PUBLIC_URL, port)
        _on_signals(_raise_system_exit)
        if not asked:
            pages.run()
        logger.info("stopping")


def _compare_copies() -> None:
    """Look whether this database is older than what was signed last: before anything is signed or sent."""
    try:
        load_pending()
        restoration.consider_copies()
        publication.mark_after_move()
    except Exception:
        logger.exception("the copies of alert sets could not be compared with the database")


def _create_web_server(address: str, port: int) -> MultiSocketServer:
    proxied = settings.SECURE_PROXY_SSL_HEADER is not None
    proxy = {"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto"}
    gate = BodyGate(request_policy.body_sender, disk_space.has_room_for)
    try:
        return create_http_server(
            get_wsgi_application(),
            RequestPolicy(request_policy.request_kind, gate),
            lambda: RequestThreads(THREAD_GROUPS),
            host=address,
            port=port,
            connection_limit=_connection_limit(),
            cleanup_interval=MAINTENANCE_INTERVAL_S,
            asyncore_use_poll=True,
            ident="beffroi",
            max_request_body_size=settings.UPLOAD_LIMIT + settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
            clear_untrusted_proxy_headers=True,
            **(proxy if proxied else {}),
        )
    except OSError as error:
        raise pages_not_served(address, port, error) from error


def _connection_limit() -> int:
    """Return the number of connections that the limit of open files allows, which is raised as far as it goes."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = 4 * CONNECTION_LIMIT
    allowed = enough if hard == resource.RLIM_INFINITY else min(hard, enough)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    # Each may have its body or answer in a file.
    return min(CONNECTION_LIMIT, max(100, (allowed - 200) // 2))


def _start_embedded_broker(started: ExitStack) -> str:
    """Start the broker of this process unless there is another; return the server's password for it."""
    if settings.MQTT_HOST:
        return str(settings.MQTT_PASSWORD)
    password = secrets.token_urlsafe(32)
    broker = EmbeddedBroker(BROKER_ADDRESS, settings.MQTT_PORT, username=settings.MQTT_USERNAME, password=password)
    try:
        broker.start()
    except BrokerNotStarted as error:
        raise broker_not_served(error) from error
    started.callback(broker.stop)
    broker_access.follow_accounts(broker.end_former_connections)
    started.callback(broker_access.follow_accounts, None)
    return password


def _follow_accounts(started: ExitStack) -> BrokerAccounts | None:
    """Have the broker follow enrolments, where it is another program that lets the server do so."""
    broker = managed_broker()
    if broker is None:
        return None
    accounts = BrokerAccounts(broker)
    broker_access.follow_accounts(accounts.note_change)
    started.callback(broker_access.follow_accounts, None)
    return accounts


def _create_mqtt_client(password: str) -> MqttClient:
    host = settings.MQTT_HOST or "127.0.0.1"
    tls = settings.MQTT_TLS and bool(settings.MQTT_HOST)
    return MqttClient(host, settings.MQTT_PORT, username=settings.MQTT_USERNAME, password=password, tls=tls)


@database.close_connection_after()
def _lead_while_running(stopping: threading.Event, link: MqttClient, accounts: BrokerAccounts | None) -> None:
    """Try to become the leader until the server stops; as the leader, write inbound messages and run the jobs."""
    leader_lock = leadership.create_leader_lock()
    while not stopping.is_set():
        try:
            if leader_lock.acquire():
                logger.info("this process leads")
                _run_leader_work(stopping, link, accounts, leader_lock)
        except Exception:
            # Some process must lead: without the beat no player's clock is certain, and no report is stored.
            logger.exception("this process could not lead; it tries again")
        stopping.wait(LEADER_CHECK_S)
    leader_lock.release()


def _run_leader_work(
    stopping: threading.Event, link: MqttClient, accounts: BrokerAccounts | None, leader_lock: leadership.LeaderLock
) -> None:
    with ExitStack() as started:
        if accounts is not None:
            accounts.compare_soon()
            started.callback(accounts.stop_comparing)
        _start_leader_work(started, link)
        while leader_lock.acquire() and not stopping.wait(LEADER_CHECK_S):
            pass


def _start_leader_work(started: ExitStack, link: MqttClient) -> None:
    intake = inbound_queue.InboundQueue(database.with_fresh_connection(signing.current_site))
    _start_thread(started, intake.run_writer, threading.Event())
    inbound_queue.install_queue(intake)
    started.callback(inbound_queue.install_queue, None)
    _start_thread(started, video_queue.run_conversions, threading.Event())
    _start_thread(started, UploadQueue().run_uploads, threading.Event())
    readings = FeedReadings()
    for _ in range(READER_THREADS):
        _start_thread(started, readings.run_readings, threading.Event())
    _start_thread(started, BrokerReaders().run, threading.Event())
    link.subscribe(inbound_queue.topic_filters(database.with_fresh_connection(signing.current_site)), intake.enqueue)
    started.callback(link.unsubscribe)
    done = threading.Event()
    scheduler = build_scheduler(done)
    scheduler.start()
    started.callback(scheduler.shutdown)
    started.callback(done.set)


def _start_thread(started: ExitStack, work: Callable[[threading.Event], None], stopping: threading.Event) -> None:
    thread = threading.Thread(target=work, args=(stopping,), daemon=True)
    thread.start()
    # The exit stack calls what was registered last first: a thread is told to stop before it is joined.
    started.callback(_join_thread, thread)
    started.callback(stopping.set)


def _join_thread(thread: threading.Thread) -> None:
    """Wait until a thread ends. It is woken again and again: another that waits for the same may take its wake-up."""
    for _ in range(round(JOIN_TIMEOUT_S / WAKE_INTERVAL_S)):
        for event in WAKE_UPS:
            event.set()
        thread.join(WAKE_INTERVAL_S)
        if not thread.is_alive():
            return


def _on_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def _raise_system_exit(_number: int, _frame: FrameType | None) -> None:
    _on_signals(signal.SIG_DFL)  # whoever asks a second time does not want to wait
    # waitress ends its loop on SystemExit and finishes what it has begun.
    raise SystemExit(0)
