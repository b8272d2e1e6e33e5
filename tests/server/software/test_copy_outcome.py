"""What became of the last copy of the releases, as the page of versions says it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from tests.support.sample_releases import ReleaseMakers
from tests.support.waiting import free_port

from beffroi_server import cli
from beffroi_server.core import disk_space
from beffroi_server.notifications.incident_watch import IncidentWatch
from beffroi_server.notifications.models import Incident
from beffroi_server.software import copy_outcome, jobs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("town")]


@pytest.fixture
def makers(tmp_path: Path, settings) -> ReleaseMakers:
    found = ReleaseMakers(tmp_path / "makers", dt.datetime.now(dt.UTC).replace(microsecond=0))
    found.release("1.1", "1.2")
    settings.RELEASES_ROOT, settings.RELEASES_URL = found.root, str(found.folder)
    return found


@pytest.fixture
def page(client, charlie) -> Callable[..., str]:
    client.force_login(charlie)

    def page(language: str = "en") -> str:
        content = client.get(reverse("software"), headers={"Accept-Language": language}).content.decode()
        return " ".join(content.split())

    return page


def copy() -> None:
    jobs.copy_releases(threading.Event())


class Patience(threading.Event):
    """Is waited for without waiting; what happens meanwhile is given, turn by turn, and then the server stops."""

    def __init__(self, *turns: Callable[[], object]) -> None:
        super().__init__()
        self._turns = list(turns)

    def wait(self, timeout: float | None = None) -> bool:
        if not self._turns:
            return True
        self._turns.pop(0)()
        return False


def test_a_clock_that_nobody_has_set_yet_is_waited_for_and_not_for_hours(makers, monkeypatch):
    confirmed: list[bool] = []
    monkeypatch.setattr(jobs, "is_clock_confirmed", lambda: bool(confirmed))

    jobs.copy_releases(Patience(int))
    assert copy_outcome.last_outcome() is None, "the server stopped first"

    jobs.copy_releases(Patience(int, lambda: confirmed.append(True)))
    assert copy_outcome.last_outcome() is not None


def test_the_page_says_when_the_server_looked_and_that_all_is_well(makers, page):
    assert "It has not looked yet." in page()

    copy()

    assert "all versions that it keeps are here" in page()
    assert "in vain" not in page()


def thief(makers: ReleaseMakers, settings, monkeypatch) -> None:
    other = ReleaseMakers(makers.folder.parent / "thief", makers.now)
    other.release("6.6")
    settings.RELEASES_URL = str(other.folder)


def empty(makers: ReleaseMakers, settings, monkeypatch) -> None:
    settings.RELEASES_URL = str(makers.folder / "nothing")


def nobody(makers: ReleaseMakers, settings, monkeypatch) -> None:
    settings.FEED_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    settings.RELEASES_URL = f"http://town:secret@127.0.0.1:{free_port()}"


def full(makers: ReleaseMakers, settings, monkeypatch) -> None:
    monkeypatch.setattr(disk_space, "has_room_for", lambda _size: False)


@pytest.mark.parametrize(
    ("trouble", "fact", "step"),
    [
        (thief, "is not signed by the makers of the player", "If the address is right, tell those who make"),
        (empty, "cannot be read", "Check the setting BEFFROI_RELEASES_URL"),
        (nobody, "The versions at 127.0.0.1 cannot be read.", "takes versions from a stick"),
        (full, "has no room for the new version", "Free some space"),
    ],
)  # fmt: skip
def test_a_copy_that_failed_is_told_with_the_next_step(makers, page, settings, monkeypatch, trouble, fact, step):
    trouble(makers, settings, monkeypatch)

    copy()

    content = page()
    assert "The server looked for new versions " in content
    assert fact in content.replace("&#x27;", "’")
    assert step in content
    assert "secret" not in content
    assert "the releases are not" not in content, "it is said in the language of the page"
    # It does no harm to what the screens show: nobody is told of it by night.
    IncidentWatch().look_around(timezone.now())
    assert not Incident.objects.exists()


def test_signatures_that_have_expired_are_told_as_such(makers, page):
    with time_machine.travel(makers.now + dt.timedelta(days=4000), tick=False):
        copy()

    assert "its signatures have expired" in page()


def test_it_is_told_since_when_it_fails_and_when_it_last_succeeded(makers, settings):
    copy()
    good_at = copy_outcome.last_outcome().at
    away = makers.folder.rename(makers.folder.with_name("away"))
    copy()
    first = copy_outcome.last_outcome()
    copy()

    outcome = copy_outcome.last_outcome()

    assert outcome.failed_since == first.at < outcome.at
    assert abs(outcome.good_at - good_at) < dt.timedelta(milliseconds=1)
    shutil.copytree(away, makers.folder)
    copy()
    assert copy_outcome.last_outcome().failed_since is None
    settings.RELEASES_URL = "https://elsewhere.example.org"
    assert copy_outcome.last_outcome() is None


def test_the_page_says_it_in_the_language_of_the_reader(makers, page, settings):
    settings.RELEASES_URL = str(makers.folder / "nothing")

    copy()

    assert "Vérifiez le réglage BEFFROI_RELEASES_URL" in page("fr")


def test_the_command_counts_where_it_looks_at_the_same_address(makers, settings, capsys):
    settings.RELEASES_URL = str(makers.folder / "nothing")
    assert cli.main(["releases", "update"]) == 1
    assert copy_outcome.last_outcome().failed_since is not None

    assert cli.main(["releases", "update", "--from", str(makers.folder)]) == 0
    assert copy_outcome.last_outcome().failed_since is not None, "a stick does not mend the address"

    shutil.copytree(makers.folder, settings.RELEASES_URL)
    assert cli.main(["releases", "update"]) == 0
    assert copy_outcome.last_outcome().failed_since is None
