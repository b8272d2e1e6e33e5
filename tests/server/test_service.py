"""From an empty folder to a server that runs, leads, works by the clock and stops."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from tests.support.made_once import new_town_data
from tests.support.waiting import PATIENCE_S, free_port, listens, until

from beffroi_server import bootstrap, service
from beffroi_server.__main__ import main
from beffroi_server.accounts import audit
from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.models import AuditEvent, Town, User, UserRole
from beffroi_server.core.leadership import FileLeaderLock
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.feeds.feed_readings import reading_due
from beffroi_server.fleet.models import ScreenClass
from beffroi_server.schedule import publication

TOLD_TO_STOP_AT_EACH_STEP_OF_ITS_START = """
import os, signal, sys, threading
from beffroi_server.__main__ import main

start = threading.Thread.start

def start_and_tell(thread):
    start(thread)
    if threading.current_thread() is threading.main_thread():
        os.kill(os.getpid(), signal.SIGTERM)

threading.Thread.start = start_and_tell
code = main(["run", "--host", "127.0.0.1", "--port", sys.argv[1]])
names = (thread.name for thread in threading.enumerate())
print(code, *(name for name in names if not name.startswith("waitress-")))  # they wait for pages, and end with us
"""


class Server:
    """The command line, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.port, self.mqtt_port = free_port(), free_port()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("BEFFROI_")} | {
            "BEFFROI_DATA": str(folder / "server"),
            "BEFFROI_URL": f"http://127.0.0.1:{self.port}",
            "BEFFROI_MQTT_PORT": str(self.mqtt_port),
        }
        self.process: subprocess.Popen[str] | None = None

    def take_over(self, data: Path) -> None:
        """Begin with a copy of the data of a town."""
        shutil.copytree(data, self.environment["BEFFROI_DATA"])

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._python("-m", "beffroi_server", *arguments)

    def python(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._python("-c", program, *arguments)

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            env=self.environment, capture_output=True, text=True, timeout=2 * PATIENCE_S, check=False,
        )  # fmt: skip

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "beffroi_server", "run", "--host", "127.0.0.1", "--port", str(self.port)],
            env=self.environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        until("the server answers", lambda: listens(self.port))

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        assert self.process is not None
        self.process.send_signal(number)
        errors = self.process.communicate(timeout=PATIENCE_S)[1]
        return self.process.returncode, errors


@pytest.fixture(scope="session")
def new_town(tmp_path_factory) -> Path:
    return new_town_data(tmp_path_factory)


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    if server.process is not None and server.process.poll() is None:
        server.process.kill()
        server.process.communicate()


class TestCommands:
    def test_a_whole_life(self, server):
        made = server("init", "--town", "Saint-Aubin")
        assert made.returncode == 0, made.stderr
        assert f"http://127.0.0.1:{server.port}/sign-in/" in made.stdout

        server.start()
        heard = Client(CallbackAPIVersion.VERSION2)
        heard.username_pw_set("stranger", "x")
        refused: list[bool] = []
        heard.on_connect = lambda _c, _d, _f, reason, _p: refused.append(reason.is_failure)
        until("the broker listens, which comes up beside the pages", lambda: listens(server.mqtt_port))
        heard.connect("127.0.0.1", server.mqtt_port)
        heard.loop_start()
        until("the broker answers", lambda: refused)
        heard.loop_stop()
        assert refused[0]

        second = server("run", "--host", "127.0.0.1", "--port", str(server.port))
        assert second.returncode == 1
        assert str(server.port) in second.stderr

        code, errors = server.stop()
        assert code == 0, errors
        assert "this process leads" in errors
        assert "Traceback" not in errors, errors

    def test_answers_operators_while_a_hundred_players_hold_their_connections(self, server, new_town):
        server.take_over(new_town)
        server.start()
        with ExitStack() as players:
            for _ in range(120):
                players.enter_context(socket.create_connection(("127.0.0.1", server.port)))

            page = urllib.request.urlopen(f"http://127.0.0.1:{server.port}/sign-in/", timeout=PATIENCE_S)

        assert page.status == 200

    def test_stops_at_control_c(self, server, new_town):
        server.take_over(new_town)
        server.start()

        code, errors = server.stop(signal.SIGINT)

        assert (code, "Traceback" in errors) == (0, False), errors

    def test_leaves_nothing_running_when_it_is_told_to_stop_while_it_starts(self, server, new_town):
        server.take_over(new_town)

        ended = server.python(TOLD_TO_STOP_AT_EACH_STEP_OF_ITS_START, str(server.port))

        assert ended.stdout.split() == ["0", "MainThread"], ended.stderr
        assert "Traceback" not in ended.stderr

    def test_says_what_is_missing(self, server):
        started = server("run", "--port", str(server.port))

        assert started.returncode == 1
        assert "beffroi-server init" in started.stderr
        assert "Traceback" not in started.stderr

    def test_refuses_the_folder_of_a_former_server(self, server):
        """The state that a demonstration of before left: its tables, made by migrations that are no more."""
        folder = Path(server.environment["BEFFROI_DATA"])
        folder.mkdir(parents=True)
        with sqlite3.connect(folder / "beffroi.sqlite3") as database:
            database.execute(
                "CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app TEXT, name TEXT, applied TEXT)"
            )
            database.execute("INSERT INTO django_migrations VALUES (1, 'screens', '0008_plays_kept', '2026-11-27')")
        database.close()

        refused = server("init", "--town", "Saint-Aubin")

        assert refused.returncode == 1
        assert "before the first release" in refused.stderr
        assert "Traceback" not in refused.stderr

    def test_names_a_broker_port_that_is_taken(self, server, new_town):
        server.take_over(new_town)
        with socket.socket() as listener:
            listener.bind(("0.0.0.0", server.mqtt_port))
            listener.listen()

            started = server("run", "--host", "127.0.0.1", "--port", str(server.port))

        assert started.returncode == 1
        (line,) = started.stderr.splitlines()
        assert f"port {server.mqtt_port}" in line


@pytest.mark.usefixtures("keyring")
class TestCommandsInProcess:
    def test_what_is_not_understood(self, capsys):
        for arguments in ([], ["dance"]):
            with pytest.raises(SystemExit) as left:
                main(arguments)
            assert left.value.code == 2

    @pytest.mark.parametrize("taken", ["pages", "broker"])
    def test_a_taken_port_is_told_before_the_code_of_all_pages_is_loaded(self, taken, capsys, settings, monkeypatch):
        monkeypatch.setattr(service, "run_service", lambda *_given: pytest.fail("it went on"))
        ports = {"pages": free_port(), "broker": free_port()}
        settings.MQTT_HOST, settings.MQTT_PORT = "", ports["broker"]
        with socket.create_server(("0.0.0.0", ports[taken])):
            assert main(["run", "--host", "127.0.0.1", "--port", str(ports["pages"])]) == 1

        assert str(ports[taken]) in capsys.readouterr().err

    def test_the_port_of_another_machines_broker_is_none_of_ours(self, settings, monkeypatch):
        served: list[tuple[str, int]] = []
        monkeypatch.setattr(service, "run_service", lambda *given: served.append(given))
        port = free_port()
        with socket.create_server(("0.0.0.0", free_port())) as broker:
            settings.MQTT_HOST, settings.MQTT_PORT = "broker.example.fr", broker.getsockname()[1]
            assert main(["run", "--host", "127.0.0.1", "--port", str(port)]) == 0

        assert served == [("127.0.0.1", port)]

    def test_a_person_is_added_once(self, capsys):
        assert main(["user", "add", "carla", "--role", "officer"]) == 0
        assert "/sign-in/" in capsys.readouterr().out
        assert User.objects.get().role == UserRole.OFFICER
        assert main(["user", "add", "carla"]) == 1
        assert "beffroi-server:" in capsys.readouterr().err

    def test_a_link_for_somebody(self, capsys, dora, alice):
        assert main(["link"]) == 0
        token = capsys.readouterr().out.strip().rstrip("/").rsplit("/", 1)[1]
        assert accounts.use_sign_in_link(token, timezone.now()).user == dora
        assert main(["link", "alice"]) == 0
        assert main(["link", "zoe"]) == 1
        assert "there is no user zoe" in capsys.readouterr().err

    @pytest.mark.parametrize("arguments", [["link", "alice"], ["user", "add", "carla"]])
    def test_a_printed_link_is_in_the_audit_trail_without_its_secret(self, arguments, capsys, client, dora, alice):
        assert main(arguments) == 0

        token = capsys.readouterr().out.strip().rstrip("/").rsplit("/", 1)[1]
        event = AuditEvent.objects.first()
        assert (event.actor, event.action, event.subject) == ("", "link-printed", arguments[-1])
        assert token not in json.dumps([event.detail for event in AuditEvent.objects.all()])
        assert audit.verify_chain()
        client.force_login(dora)
        page = client.get("/audit/", headers={"Accept-Language": "en"}).content.decode()
        assert "made, by a command on the server, a sign-in link for" in page
        assert "(valid until " in page
        assert token not in page

    def test_the_files_of_mosquitto(self, tmp_path, settings, capsys):
        settings.MQTT_PASSWORD = "secret"

        assert main(["broker-files", str(tmp_path / "mosquitto")]) == 0

        assert (tmp_path / "mosquitto/passwords").read_text().startswith("server:$7$101$")
        assert "pattern write beffroi/1/saint-aubin/up/%u/report" in (tmp_path / "mosquitto/access").read_text()
        assert (tmp_path / "mosquitto/passwords").stat().st_mode & 0o007 == 0


class TestSetUp:
    @pytest.fixture(autouse=True)
    def database(self, db) -> None:
        pass

    def test_makes_all_that_a_town_needs(self):
        town, administrator = bootstrap.initialise_town("Saint-Aubin")

        assert town == Town.objects.get()
        assert administrator is not None
        assert administrator.role == UserRole.ADMINISTRATOR
        assert ScreenClass.objects.count() == 5
        assert {topic.split("/down/")[1] for topic in OutboxDocument.objects.values_list("topic", flat=True)} == {
            "all/keys", "all/alerts",
        }  # fmt: skip

    def test_does_no_harm_when_run_again(self):
        bootstrap.initialise_town("Saint-Aubin")
        before = list(OutboxDocument.objects.values_list("topic", "sequence"))

        assert bootstrap.initialise_town("Other")[1] is None
        assert list(OutboxDocument.objects.values_list("topic", "sequence")) == before
        assert User.objects.count() == 1


class TestLead:
    def test_is_with_one(self, tmp_path):
        first, second = FileLeaderLock(tmp_path / "lock"), FileLeaderLock(tmp_path / "lock")

        assert first.acquire()
        assert first.acquire()
        assert not second.acquire()
        first.release()
        assert second.acquire()
        second.release()

    def test_is_taken_again_after_a_fault(self, tmp_path, monkeypatch):
        """The database is away for a moment just when this process begins to lead, for instance."""
        begun: list[threading.Event] = []
        stopping = threading.Event()

        def begin(*_: object) -> None:
            begun.append(stopping)
            if len(begun) < 3:
                raise OperationalError("the database is away")
            stopping.set()

        monkeypatch.setattr(service, "LEADER_CHECK_S", 0.01)
        monkeypatch.setattr(service, "_start_leader_work", begin)
        monkeypatch.setattr(service.leadership, "create_leader_lock", lambda: FileLeaderLock(tmp_path / "lock"))
        leading = threading.Thread(target=service._lead_while_running, args=(stopping, None, None))
        leading.start()
        leading.join(PATIENCE_S)

        assert len(begun) == 3
        assert FileLeaderLock(tmp_path / "lock").acquire()


class TestWorkers:
    def test_is_woken_again_where_another_takes_its_wake_up(self):
        ended = threading.Event()

        def work(stopping: threading.Event) -> None:
            stopping.wait(PATIENCE_S)
            for _ in range(2):
                reading_due.wait(PATIENCE_S)
                reading_due.clear()
            ended.set()

        reading_due.clear()
        with ExitStack() as started:
            service._start_thread(started, work, threading.Event())

        assert ended.is_set()

    def test_a_fault_does_not_end_the_publication_of_programmes(self, monkeypatch):
        stopping, runs = threading.Event(), []

        def publish_due() -> int:
            runs.append(1)
            if len(runs) == 1:
                raise OperationalError("the database is away")
            stopping.set()
            return 0

        monkeypatch.setattr(publication, "RETRY_DELAY_S", 0)
        monkeypatch.setattr(publication, "publish_due_programmes", publish_due)
        publication.publication_due.set()
        worker = threading.Thread(target=publication.run_publication, args=(stopping,))
        worker.start()
        worker.join(PATIENCE_S)

        assert len(runs) == 2
