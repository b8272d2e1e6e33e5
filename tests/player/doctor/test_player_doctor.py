"""What the doctor of a player finds: things are broken one by one, and each is named with harm and next step."""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.private_authority import Authority
from tests.support.signing_town import SigningTown, slide

from beffroi_content import library_check
from beffroi_content.findings import Finding, Severity
from beffroi_content.library_check import LibraryFacts
from beffroi_content.timeline import ClockState
from beffroi_content.wire.reports import PlayerHealth
from beffroi_player.__main__ import main
from beffroi_player.agent.host.health import HealthMonitor
from beffroi_player.agent.storage import AgentStorage
from beffroi_player.agent.transport import trusted_authorities
from beffroi_player.doctor import facts as player_facts
from beffroi_player.doctor import server_reach, texts
from beffroi_player.doctor.checks import check_player
from beffroi_player.doctor.facts import PlayerFacts, lasting_problems, read_facts
from beffroi_player.doctor.server_reach import ReachFacts, reach_broker, reach_server
from beffroi_player.state.atomic_files import claim_folder
from beffroi_player.state.directories import StateDirectory

NOW_MS = 1_800_000_000_000
DAY_MS = 86_400_000
WELL = PlayerFacts(now_ms=NOW_MS, health=PlayerHealth(disk_free_mb=9_000))


def codes(facts: PlayerFacts) -> set[str]:
    return {each.code for each in check_player(facts)}


def test_a_player_that_is_well_has_no_findings():
    assert codes(WELL) == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"is_enrolled": False}, "not-enrolled"),
        ({"running": frozenset()}, "player-stopped"),
        ({"running": frozenset({"agent"})}, "stage-stopped"),
        ({"running": frozenset({"stage"})}, "agent-stopped"),
        ({"has_presented": False}, "stage-stuck"),
        ({"has_programme": False}, "no-programme"),
        ({"skipped": ("pool (asset)",)}, "slides-left-out"),
        ({"faults": ("it is damaged",)}, "frames-broken"),
        ({"output_fault": "no such controller"}, "output-broken"),
        ({"clock": ClockState.CARRIED}, "clock-unproven"),
        ({"now_ms": DAY_MS, "clock": ClockState.UNKNOWN}, "clock-wrong"),
        ({"is_synchronised": False}, "clock-free"),
        ({"server_ahead_s": -3_600}, "clock-differs"),
        ({"heard_at_ms": NOW_MS - 2 * DAY_MS}, "town-silent"),
        ({"keys_end_at_ms": NOW_MS + 30 * DAY_MS}, "keys-ending"),
        ({"zone_problem": "Europe/Nowhere"}, "zone-unknown"),
        ({"write_problem": "No space left on device"}, "state-not-written"),
        ({"exposed": ("/state/enrolment.json",)}, "secrets-exposed"),
        ({"libraries": LibraryFacts(fonts=("NotoSans-Bold.ttf",))}, "fonts-broken"),
        ({"libraries": LibraryFacts(formats=("WebP",))}, "formats-missing"),
        ({"libraries": LibraryFacts(decoders=("h264",))}, "decoders-missing"),
        ({"libraries": LibraryFacts(has_raqm=False)}, "fribidi-missing"),
        ({"health": PlayerHealth(problems=("hot",), temperature_c=83.0)}, "hot"),
        ({"past_firmware": ("under-voltage",)}, "under-voltage-before"),
        ({"lacking_sound": ("sound-missing",)}, "sound-missing"),
        ({"lacking_sound": ("speech-missing",)}, "speech-missing"),
        ({"reach": (ReachFacts("server", "https://x", "no-name", "?"),)}, "server-no-name"),
    ],
)
def test_each_fault_has_its_finding(changes, code):
    facts = replace(WELL, **changes)
    (found,) = check_player(facts)
    assert found.code == code
    for language in ("en", "fr"):
        told = texts.explain(found, language)
        assert told.fact
        assert "%(" not in told.fact + told.harm + told.step


def test_every_code_of_the_checks_is_explained_the_greatest_harm_first():
    source = "".join(Path(each.__file__).read_text() for each in (server_reach, player_facts))
    reasons = set(re.findall(r'(?:ReachProblem|said)\(\s*"([a-z-]+)"', source)) | {"captive-portal", "server-error"}
    assert {f"server-{reason}" for reason in reasons} <= set(texts.CODES)
    severities = [Severity(each["severity"]) for each in texts.TEXTS.values()]
    assert severities == sorted(severities, key=[Severity.FAILURE, Severity.WARNING].index)
    assert texts.explain(Finding("of-tomorrow"), "fr").fact == "of-tomorrow"


class TestReading:
    @pytest.fixture
    def state(self, tmp_path: Path) -> Path:
        folder = tmp_path / "state"
        StateDirectory(folder).create_folders()
        hall = SigningTown()
        AgentStorage(folder).enrolment.write(hall.enrolment("http://127.0.0.1:9"))
        return folder

    def read(self, state: Path, **more) -> PlayerFacts:
        return read_facts(state, state / "run", **{"asks_network": False, **more})

    def test_finds_who_runs(self, state):
        assert self.read(state).running == frozenset()
        with claim_folder(state, "agent"):
            assert self.read(state).running == {"agent"}

    def test_finds_secrets_that_others_can_read(self, state):
        assert self.read(state).exposed == ()
        (state / "enrolment.json").chmod(0o644)
        assert self.read(state).exposed == (str(state / "enrolment.json"),)

    def test_finds_a_folder_that_cannot_be_written_to(self, state, tmp_path):
        assert self.read(state).write_problem == ""
        assert read_facts(tmp_path / "none", tmp_path / "run", asks_network=False).write_problem

    def test_finds_broken_fonts_which_the_report_says_too(self, state, monkeypatch, tmp_path):
        assert lasting_problems(state) == ()
        monkeypatch.setattr(library_check, "font_path", lambda name: tmp_path / name)
        assert "NotoSans-Bold.ttf" in self.read(state).libraries.fonts
        monitor = HealthMonitor(state, tmp_path, lasting=lasting_problems(state))
        assert monitor.read_health().problems == ("fonts-broken",)

    def test_finds_what_the_firmware_says(self, tmp_path):
        word = tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled"
        word.parent.mkdir(parents=True)
        word.write_text("50005")
        monitor = HealthMonitor(tmp_path, tmp_path)
        assert monitor.read_health().problems == ("throttled", "under-voltage")
        assert monitor.past_firmware_problems() == set()
        word.write_text("50000")
        assert monitor.past_firmware_problems() == {"throttled", "under-voltage"}

    def test_creates_and_changes_nothing(self, state):
        before = {path: path.stat().st_mtime_ns for path in state.rglob("*") if path.is_file()}
        self.read(state)
        assert {path: path.stat().st_mtime_ns for path in state.rglob("*") if path.is_file()} == before

    def test_the_command_says_it_in_two_languages_and_as_json(self, state, capsys):
        given = ["doctor", "--state", str(state), "--runtime", str(state / "run")]
        assert main([*given, "--offline", "--language", "fr"]) == 3
        assert capsys.readouterr().out.startswith("1. Panne\u202f: Le lecteur ne fonctionne pas.")
        assert main([*given, "--json", "--language", "en"]) == 3
        found = json.loads(capsys.readouterr().out)
        assert {"player-stopped", "server-refused"} <= {each["code"] for each in found["findings"]}
        assert found["readings"]["running"] == []


@contextlib.contextmanager
def answering(
    status: int, body: bytes, headers: dict[str, str] | None = None, context: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Answer every request alike, as a network does that wants a sign-in."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http{'s' if context else ''}://127.0.0.1:{server.server_port}"
        server.shutdown()


class TestWay:
    def test_to_a_server_that_is_well(self):
        with answering(200, b'{"status": "ok"}') as url:
            assert reach_server(url).code == ""

    @pytest.mark.parametrize(
        ("status", "headers", "code"),
        [(302, {"Location": "http://login.example/"}, "captive-portal"), (200, {}, "captive-portal"),
         (502, {}, "server-error")],
    )  # fmt: skip
    def test_to_something_else_in_its_place(self, status, headers, code):
        with answering(status, b"<html>Please sign in</html>", headers) as url:
            assert reach_server(url).code == code

    def test_where_a_port_is_closed_a_name_unknown_or_nothing_comes_back(self, monkeypatch):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        assert reach_broker("127.0.0.1", port, tls=False).code == "refused"
        assert reach_server("http://no-such-name.invalid").code == "no-name"
        monkeypatch.setattr(server_reach, "TIMEOUT_S", 0.05)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            assert reach_server(f"http://127.0.0.1:{port}").code == "stalls"
            assert reach_broker("127.0.0.1", port, tls=True).code == "stalls"

    def test_with_a_certificate_that_is_over_or_not_trusted(self, monkeypatch):
        for code, verify_code in (("certificate-time", 10), ("certificate-time", 9), ("certificate-untrusted", 18)):
            error = ssl.SSLCertVerificationError("no")
            error.verify_code, error.verify_message = verify_code, "no"

            def refuse(*_: object, error: Exception = error, **_more: object) -> None:
                raise error

            monkeypatch.setattr(ssl.SSLContext, "wrap_socket", refuse)
            with socket.create_server(("127.0.0.1", 0)) as listening:
                assert reach_broker("127.0.0.1", listening.getsockname()[1], tls=True).code == code

    def test_to_a_server_with_a_certificate_of_the_towns_own_authority(self, tmp_path):
        authority = Authority("town")
        body = b'{"status": "ok"}'
        with answering(200, body, context=authority.server_context(tmp_path)) as url:
            storage, enrolment = AgentStorage(tmp_path), SigningTown().enrolment(url)
            for believed, code in (((), "certificate-untrusted"), ((authority.pem,), "")):
                storage.enrolment.write(enrolment.model_copy(update={"authorities": believed}))
                found = read_facts(tmp_path, tmp_path, asks_network=True).reach[0]
                # It answers nothing else: beyond the certificate, that is a fault of the server.
                assert found.code == (code or "server-error")
        trusted_authorities.believe(())

    def test_of_a_player_that_was_revoked_and_of_one_that_is_known(self, tmp_path):
        hall = SigningTown()
        with hall.serve() as url:
            hall.publish_programme(hall.manifest(slide("pool")))
            known = hall.enrolment(url)
            assert player_facts._fetched(known).code == ""
            assert player_facts._fetched(known.model_copy(update={"token": "another"})).code == "token-refused"
