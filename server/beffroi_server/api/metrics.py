"""Metrics for Prometheus, and whether the server is well: cheap to ask, whatever the number of screens.

A scrape takes a fixed number of queries; what it found serves every scrape of the next seconds. No label depends on
requests or on screens, so the number of series stays the same.
"""

from __future__ import annotations

import hmac
import importlib.metadata
import ipaddress
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from beffroi_server.accounts.models import User
from beffroi_server.alerts import pending_alerts
from beffroi_server.alerts.models import Alert
from beffroi_server.core import disk_space
from beffroi_server.core.jobs import job_ages
from beffroi_server.delivery import key_state, outbox
from beffroi_server.delivery.key_state import BROKEN
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.doctor.examination import read_examination
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet import presence
from beffroi_server.fleet.models import ReceiptRecord, Screen, ScreenState
from beffroi_server.library.models import Upload, Video
from beffroi_server.monitoring.finding_texts import explain
from beffroi_server.outlets.models import WebhookMessage

VERSION = importlib.metadata.version("beffroi")
FRESH_S = 5.0
"""Seconds for which what was found is handed out again."""
RECEIPTS_LOOKED_AT = 500
_lock = threading.Lock()
_last: tuple[float, bytes] = (float("-inf"), b"")


class ServerCollector:
    """Collects the metrics of the server from its database and its memory."""

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        now = timezone.now()
        info = GaugeMetricFamily("beffroi_info", "The version that runs.", labels=["version"])
        info.add_metric([VERSION], 1)
        yield info
        yield from _screens(now)
        active = Alert.objects.filter(ends_at__gt=now, withdrawn_at=None, held_back_at=None, settled=False).count()
        yield _gauge("beffroi_alerts_active", "Alerts that are on the screens.", active)
        yield _gauge(
            "beffroi_alerts_unstored", "Alerts that wait for the database.", len(pending_alerts.pending_alerts())
        )
        yield _receipt_latency()
        yield _queues(now)
        yield from _disk()
        yield _gauge("beffroi_broker_connected", "1 while the server reaches the broker.", int(_broker_answers()))
        ages = GaugeMetricFamily("beffroi_job_age_seconds", "Since a job of this process last ended.", labels=["job"])
        for name, age_s in job_ages().items():
            ages.add_metric([name], age_s)
        yield ages


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _screens(now: Any) -> Iterator[Metric]:
    enrolled = Screen.objects.filter(enrolled_at__isnull=False).count()
    # Only what presence is told by: reports are large, and are not read.
    columns = ("screen_id", "online", "seen_at", "polled_at")
    states = ScreenState.objects.filter(screen__enrolled_at__isnull=False).only(*columns)
    up = sum(presence.is_reachable(state, now) for state in states)
    yield _gauge("beffroi_screens_enrolled", "Screens with a player.", enrolled)
    yield _gauge("beffroi_screens_up", "Screens whose player is there.", up)
    yield _gauge("beffroi_screens_silent", "Screens whose player is not there.", enrolled - up)


def _receipt_latency() -> Metric:
    found = GaugeMetricFamily(
        "beffroi_alert_latency_seconds",
        f"From arrival at a player to the presented frame, of the newest {RECEIPTS_LOOKED_AT} receipts.",
        labels=["quantile"],
    )
    rows = ReceiptRecord.objects.exclude(alert="").order_by("-pk").values_list("latency_ms", flat=True)
    values = sorted(rows[:RECEIPTS_LOOKED_AT])
    for quantile in (0.5, 0.95, 1.0):
        if values:
            found.add_metric([str(quantile)], values[min(len(values) - 1, int(quantile * len(values)))] / 1000)
    return found


def _queues(now: Any) -> Metric:
    found = GaugeMetricFamily("beffroi_queue_length", "What waits to be done.", labels=["queue"])
    counts = {
        "uploads": Upload.objects.filter(problem="").count(),
        "videos": Video.objects.filter(converted=None, problem="").count(),
        "programmes": Screen.objects.filter(programme_due_at__isnull=False).count(),
        "outbox": OutboxDocument.objects.filter(sent_at=None).count(),
        "webhooks": WebhookMessage.objects.filter(done_at=None).count(),
    }
    counts |= Feed.objects.aggregate(
        feeds_due=Count("pk", filter=Q(due_at=None) | Q(due_at__lt=now)),
        feeds_failing=Count("pk", filter=Q(failures__gt=0)),
    )
    for name, count in counts.items():
        found.add_metric([name], count)
    return found


def _disk() -> Iterator[Metric]:
    usage = shutil.disk_usage(settings.DATA)
    yield _gauge("beffroi_disk_free_bytes", "Free on the disk of the data folder.", usage.free)
    yield _gauge("beffroi_disk_size_bytes", "Size of the disk of the data folder.", usage.total)


def metrics_text() -> bytes:
    """Return the metrics as Prometheus reads them, of the last seconds at most."""
    global _last  # noqa: PLW0603 - of this process
    with _lock:
        found_at, text = _last
        if time.monotonic() - found_at > FRESH_S:
            registry = CollectorRegistry(auto_describe=False)
            registry.register(ServerCollector())
            text = generate_latest(registry)
            _last = time.monotonic(), text
    return text


def may_watch(request: HttpRequest) -> bool:
    """Tell whether a request may read metrics: by the token of the settings, or from one of their networks."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    if wanted and scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), wanted.encode()):
        return True
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_NETWORKS)


@require_safe
def serve_metrics(request: HttpRequest) -> HttpResponse:
    """Hand out the metrics to whom the settings name; to anybody else there is nothing here."""
    if not may_watch(request):
        raise Http404
    response = HttpResponse(metrics_text(), content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def serve_health(_request: HttpRequest) -> HttpResponse:
    """Say that the server answers: no query, and nothing about the town."""
    response = JsonResponse({"status": "ok"})
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def serve_readiness(request: HttpRequest) -> HttpResponse:
    """Say what works and what does not, to whom the settings name and to technicians; 503 where something is broken.

    Checks are made now; findings are those of the last examination, and do not decide whether it is ready.
    """
    user = request.user
    is_technician = isinstance(user, User) and user.may_install and not user.is_limited_to_groups
    if not (may_watch(request) or is_technician):
        raise Http404
    checks = {
        "database": _database_answers(),
        "disk": disk_space.disk_state() is disk_space.DiskState.ENOUGH,
        "broker": _broker_answers(),
        "keys": not BROKEN & set(key_state.read_key_state(timezone.now()).tasks),
    }
    is_ready = all(checks.values())
    content: dict[str, Any] = {"status": "ok" if is_ready else "failing", "version": VERSION, "checks": checks}
    if (found := read_examination()) is not None:
        content["examined_at"] = found.at
        content["findings"] = [asdict(explain(each)) for each in found.findings]
        content["readings"] = found.readings
    response = JsonResponse(content, status=200 if is_ready else 503)
    response["Cache-Control"] = "no-store"
    return response


def _broker_answers() -> bool:
    publisher = outbox.current_publisher()
    return publisher is not None and not publisher.broker_problem()


def _database_answers() -> bool:
    try:
        Screen.objects.exists()
    except DatabaseError:
        return False
    return True
