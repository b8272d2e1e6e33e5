"""What people and players are told when the disk is full, the database held, or a body was not read."""

from __future__ import annotations

import errno
import logging
import sqlite3
from types import SimpleNamespace

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError
from tests.support.pages import page_text

from beffroi_server.core import disk_space
from beffroi_server.core.http_server.connections import REFUSED_BODY
from beffroi_server.core.storage_log_filter import StorageFaultFilter
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.monitoring import jobs
from beffroi_server.web.fleet import overview_views

pytestmark = pytest.mark.django_db


def sqlite_error(name: str) -> OperationalError:
    cause = sqlite3.OperationalError("no")
    cause.sqlite_errorname = name
    error = OperationalError("no")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (OSError(errno.ENOSPC, "full"), 507, "disk is full"),
        (sqlite_error("SQLITE_FULL"), 507, "disk is full"),
        (sqlite_error("SQLITE_BUSY"), 503, "in use by another program"),
        (sqlite_error("SQLITE_BUSY_SNAPSHOT"), 503, "in use by another program"),
        (sqlite_error("SQLITE_CORRUPT"), 500, "Something went wrong"),
        (KeysMissing("the key /keys/command.pem cannot be read"), 503, "/keys/command.pem cannot be read"),
        (ValueError("a fault of ours"), 500, "Something went wrong"),
    ],
)
def test_a_page_that_fails_says_why(as_alice, town, monkeypatch, error, status, said):
    def fail(*_: object) -> None:
        raise error

    as_alice.raise_request_exception = False
    monkeypatch.setattr(overview_views, "render", fail)

    answer = as_alice.get("/", headers={"Accept-Language": "en"})

    assert answer.status_code == status
    assert said in page_text(answer)


@pytest.mark.parametrize(
    ("path", "refused", "heading"),
    [
        ("/nowhere/", None, "Page introuvable"),
        ("/images/", "no-room", "Le disque du serveur est plein"),
        ("/images/", "too-large", "Fichier trop volumineux"),
    ],
)
def test_the_heading_of_an_error_page_is_its_title(client, path, refused, heading):
    body = {REFUSED_BODY: refused} if refused else {}
    page = page_text(client.post(path, headers={"Accept-Language": "fr"}, **body))

    assert f"<h1>{heading}</h1>" in page
    assert f"{heading} – Beffroi</title>" in page


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("unknown-sender", 401, "Sign in, then send it again"),
        ("too-large", 413, "does not accept files of this size"),
        ("too-many", 503, "Wait until your other uploads have ended"),
        ("no-room", 507, "disk is full"),
    ],
)
def test_a_body_that_was_not_read_is_explained(client, code, status, said):
    page = client.post("/images/", headers={"Accept-Language": "en"}, **{REFUSED_BODY: code})
    assert page.status_code == status
    assert said in page_text(page)

    device = client.put("/device/v1/capture", **{REFUSED_BODY: code})
    assert (device.status_code, device.json()["error"]) == (status, code)


@pytest.mark.parametrize(("path", "opens"), [("/sign-in/", True), ("/alerts/new/", True), ("/images/", False)])
def test_alerts_and_sign_in_may_use_the_reserve_of_the_disk(client, monkeypatch, path, opens):
    opened = []
    monkeypatch.setattr(disk_space, "make_essential_room", lambda: opened.append(path))

    client.get(path)
    assert not opened
    client.post(path)

    assert opened == [path] * opens


@pytest.mark.parametrize(
    ("free", "said"),
    [(50_000, ""), (1_500, "nearly full: 1.6\u202fGB"), (100, "The server’s disk is full.")],
)
def test_pages_warn_of_a_disk_before_it_is_full(as_alice, town, monkeypatch, free, said):
    status = SimpleNamespace(f_bavail=free * 256, f_frsize=4096, f_blocks=100_000 * 256)
    monkeypatch.setattr(disk_space.os, "statvfs", lambda _path: status)

    page = page_text(as_alice.get("/", headers={"Accept-Language": "en"}))

    assert said in page
    assert ("disk-notice" in page) == bool(said)


def test_the_log_warns_of_it_too_and_the_reserve_is_kept(data, caplog, monkeypatch):
    monkeypatch.setattr(disk_space, "disk_state", lambda: disk_space.DiskState.SCARCE)

    jobs.watch_disk()

    assert "uploads are refused" in caplog.text
    assert (data / disk_space.RESERVE_NAME).stat().st_size > 0


@pytest.mark.parametrize(("method", "status"), [("get", 200), ("post", 507)])
def test_a_page_that_is_looked_at_does_not_need_to_store_its_session(as_alice, town, monkeypatch, method, status):
    """The messages of the last change are taken out of the session by the page that shows them."""
    as_alice.raise_request_exception = False
    as_alice.post("/feeds/", {"kind": "weather", "name": "Ciel"})

    def fail(*_: object, **__: object) -> None:
        raise sqlite_error("SQLITE_FULL")

    monkeypatch.setattr(SessionStore, "save", fail)

    answer = getattr(as_alice, method)("/feeds/", {"kind": "weather", "name": "Nuages"})

    assert answer.status_code == status


def test_a_full_disk_is_a_line_a_minute_in_the_log_and_no_traceback():
    shown, other = StorageFaultFilter(), ValueError("a fault of ours")

    def record(error: Exception) -> logging.LogRecord:
        return logging.LogRecord("x", logging.ERROR, "", 1, "it %s", ("failed",), (type(error), error, None))

    first = record(sqlite_error("SQLITE_FULL"))
    assert shown.filter(first)
    assert (first.getMessage(), first.exc_info) == ("it failed (disk-full: no)", None)
    assert not shown.filter(record(sqlite_error("SQLITE_FULL")))
    fault = record(other)
    assert shown.filter(fault)
    assert fault.exc_info is not None
